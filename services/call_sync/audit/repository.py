"""Who heard recordings and changed accounts, in Postgres."""

from datetime import datetime, timedelta

import asyncpg

from services.call_sync.domain import CallId
from services.kernel.postgres import Connection, Reading, afresh, load_queries
from services.status.domain import AuditAction, AuditEntry, Owner

_QUERIES = load_queries(__file__)
OF_NOBODY = Owner("")
"""The owner of what is the system's."""


class PostgresAudit:
    """Implements HearingAudit and AccountAudit; `reading` sees what whoever asks may see."""

    def __init__(self, pool: asyncpg.Pool, reading: Reading) -> None:
        self._pool = pool
        self._reading = reading

    async def keep_hearing(
        self, owner: Owner, call_id: CallId, actor: str, at: datetime, once: timedelta
    ) -> None:
        of = {"owner": owner, "actor": actor, "call_id": call_id}
        async with self._pool.acquire() as connection, connection.transaction():
            await _QUERIES.lock_hearing(connection, **of)
            await _QUERIES.keep_hearing(connection, **of, at=at, since=at - once)

    @afresh
    async def list_audit_entries(
        self, owner: Owner, before: int | None, page_size: int
    ) -> list[AuditEntry]:
        async with self._reading() as connection:
            rows = _QUERIES.list_audit_entries(
                connection, owner=owner, before=before, page_size=page_size
            )
            return [_audit_entry(row) async for row in rows]


async def keep_account_change(
    connection: Connection,
    actor: str,
    action: AuditAction,
    account_id: str,
    at: datetime,
    detail: str = "",
) -> None:
    """Keep who changed an account, in the transaction of the change."""
    await _QUERIES.insert_audit_entry(
        connection,
        owner=OF_NOBODY,
        actor=actor,
        action=action.value,
        subject=account_id,
        detail=detail,
        at=at,
    )


def _audit_entry(row: asyncpg.Record) -> AuditEntry:
    return AuditEntry(
        actor=row["actor"],
        action=AuditAction(row["action"]),
        owner=row["owner"],
        subject=row["subject"],
        detail=row["detail"],
        at=row["at"],
        number=row["number"],
    )
