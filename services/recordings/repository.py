"""The registry of what a store holds, in Postgres, and the deletion of recordings that nothing has any more."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import structlog

log = structlog.get_logger()

PAGE_SIZE = 50
"""Recordings that one transaction looks at."""
MOST_PAGES = 100
"""Pages that one sweep looks at."""
DELETE_SECONDS = 5.0
"""How long the store may take to delete them: Postgres ends a transaction that is idle for twice as long."""

Delete = Callable[[Sequence[str]], Awaitable[None]]
"""Deletes recordings of the store by their SHA-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one page of a sweep did."""

    looked_at: int
    deleted: int


class RecordingRegistry:
    """The recordings of one service. Its `queries` know its schema, and what a recording is used by (`in_use`).

    A recording is looked at `grace` after it was stored, and every `grace` after that. One that nothing used at two
    looks in a row is deleted.
    """

    def __init__(self, pool: asyncpg.Pool, queries: Any, grace: timedelta) -> None:
        self._pool = pool
        self._queries = queries
        self._grace = grace

    async def register(self, sha256: str) -> None:
        """Note a recording before its bytes are stored; waits for a sweep that is deleting them."""
        await self._queries.register_recording(self._pool, sha256=sha256, grace=self._grace)

    async def sweep(self, delete: Delete) -> None:
        """Look at what is due; may run in any number of processes at once. Raises as `delete` does."""
        for _ in range(MOST_PAGES):
            swept = await self.sweep_page(delete)
            if swept.deleted:
                log.info("recordings_deleted", count=swept.deleted)
            if swept.looked_at < PAGE_SIZE:
                return

    async def sweep_page(self, delete: Delete) -> Swept:
        """Look at one page of recordings, and `delete` what nothing has."""
        queries = self._queries
        async with self._pool.acquire() as connection, connection.transaction():
            due = [r async for r in queries.list_due_recordings(connection, page_size=PAGE_SIZE)]
            gone = [row["sha256"] for row in due if row["unused"] and not row["in_use"]]
            await queries.note_recordings(
                connection,
                hashes=[row["sha256"] for row in due],
                unused=[not row["in_use"] for row in due],
                grace=self._grace,
            )
            if gone:
                async with asyncio.timeout(DELETE_SECONDS):
                    await delete(gone)
                await queries.delete_recordings(connection, hashes=gone)
        return Swept(looked_at=len(due), deleted=len(gone))
