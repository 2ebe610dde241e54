"""The log goes after its time, and no sooner."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from services.coordinator.watch import stored_log
from services.coordinator.watch.stored_log import compact_log
from tests.conftest import Database


@pytest.fixture
async def pool(database: Database) -> "AsyncIterator[asyncpg.Pool[asyncpg.Record]]":
    async with database.pool("coordinator_system") as pool:
        yield pool


RETENTION = timedelta(days=7)


async def fill_log(pool: "asyncpg.Pool[asyncpg.Record]", days: list[int]) -> None:
    """Write a log whose entries are so many days old."""
    for revision, age in enumerate(days, 1):
        await pool.execute(
            "INSERT INTO log (revision, owner, subject, body, actor, at)"
            " VALUES ($1, 'client:c', 'run', '', 'a', now() - make_interval(days => $2))",
            revision,
            age,
        )
    await pool.execute("UPDATE log_head SET revision = $1", len(days))


async def test_the_log_is_compacted_up_to_its_retention(
    pool: "asyncpg.Pool[asyncpg.Record]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_log, "COMPACTED_AT_ONCE", 2)
    await fill_log(pool, [20, 15, 10, 9, 8, 3, 1])
    await compact_log(pool, RETENTION)

    left = [row["revision"] for row in await pool.fetch("SELECT revision FROM log ORDER BY 1")]
    assert left == [6, 7]
    assert await pool.fetchval("SELECT compacted FROM log_head") == 5


async def test_a_young_log_stays_whole(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    await fill_log(pool, [3, 2, 1])
    await compact_log(pool, RETENTION)

    assert await pool.fetchval("SELECT count(*) FROM log") == 3
    assert await pool.fetchval("SELECT compacted FROM log_head") == 0
