"""What is taken out of Postgres into files, and who took it."""

import asyncpg

from services.kernel.postgres import Reading, afresh, load_queries
from services.recommendations.employees.repository import insert_audit_entry
from services.recommendations.export.domain import CallLine, Locale
from services.status.domain import AuditEntry, DateRange, Owner

_QUERIES = load_queries(__file__)


class PostgresExports:
    """Implements ExportRepository; `reading` sees what whoever asks may see."""

    def __init__(self, pool: asyncpg.Pool, reading: Reading) -> None:
        self._pool = pool
        self._reading = reading

    @afresh
    async def list_calls(self, owner: Owner, days: DateRange, limit: int) -> list[CallLine]:
        async with self._reading() as connection:
            rows = _QUERIES.list_calls(
                connection, owner=owner, start_date=days.start, end_date=days.end, limit=limit
            )
            return [CallLine(**row) async for row in rows]

    @afresh
    async def get_locale(self, owner: Owner) -> Locale:
        row = await _QUERIES.get_locale(self._pool, owner=owner)
        return Locale(**row) if row else Locale()

    async def insert_audit_entry(self, entry: AuditEntry) -> None:
        await insert_audit_entry(self._pool, entry)
