"""Which recordings the store was given, in Postgres."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import asyncpg

from services.call_sync.ports import Swept
from services.call_sync.repository import QUERIES

PAGE_SIZE = 50
"""Recordings that one transaction looks at."""
DELETE_SECONDS = 5.0
"""How long the store may take to delete them: Postgres ends a transaction that is idle for twice as long."""


class PostgresRecordings:
    """Implements RecordingRegistry.

    A recording is looked at `grace` after it was stored and again each `grace`; one that no call had at two looks in
    a row is deleted.
    """

    def __init__(self, pool: asyncpg.Pool, grace: timedelta) -> None:
        self._pool = pool
        self._grace = grace

    async def register(self, sha256: str) -> None:
        await QUERIES.register_recording(self._pool, sha256=sha256, grace=self._grace)

    async def sweep(self, delete: Callable[[Sequence[str]], Awaitable[None]]) -> Swept:
        async with self._pool.acquire() as connection, connection.transaction():
            due = [r async for r in QUERIES.list_due_recordings(connection, page_size=PAGE_SIZE)]
            gone = [row["sha256"] for row in due if row["unused"] and not row["has_calls"]]
            await QUERIES.note_recordings(
                connection,
                hashes=[row["sha256"] for row in due],
                unused=[not row["has_calls"] for row in due],
                grace=self._grace,
            )
            if gone:
                async with asyncio.timeout(DELETE_SECONDS):
                    await delete(gone)
                await QUERIES.delete_recordings(connection, hashes=gone)
        return Swept(deleted=len(gone), more=len(due) == PAGE_SIZE)
