"""Who was given a token, in Postgres."""

import asyncpg

from services.coordinator.commit.repository import insert_audit_entries
from services.status.domain import AuditEntry


class PostgresTokenAudit:
    """Implements TokenAudit."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def insert_audit_entry(self, entry: AuditEntry) -> None:
        await insert_audit_entries(self._pool, [entry])
