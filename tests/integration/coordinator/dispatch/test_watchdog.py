"""What is kept for a time only goes after it, and no sooner."""

from collections.abc import AsyncIterator
from typing import cast

import asyncpg
import pytest

from services.coordinator.dispatch import watchdog as watchdog_module
from services.coordinator.dispatch.watchdog import Watchdog
from services.coordinator.runs.commands import LaneChanges
from services.coordinator.settings import Limits
from tests.conftest import Database


@pytest.fixture
async def pool(database: Database) -> "AsyncIterator[asyncpg.Pool[asyncpg.Record]]":
    async with database.pool("coordinator_system") as pool:
        yield pool


def a_watchdog(pool: "asyncpg.Pool[asyncpg.Record]") -> Watchdog:
    return Watchdog(pool, cast("LaneChanges", None), Limits())


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
    monkeypatch.setattr(watchdog_module, "COMPACTED_AT_ONCE", 2)
    await fill_log(pool, [20, 15, 10, 9, 8, 3, 1])
    await a_watchdog(pool).compact()

    left = [row["revision"] for row in await pool.fetch("SELECT revision FROM log ORDER BY 1")]
    assert left == [6, 7]
    assert await pool.fetchval("SELECT compacted FROM log_head") == 5


async def test_a_young_log_stays_whole(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    await fill_log(pool, [3, 2, 1])
    await a_watchdog(pool).compact()

    assert await pool.fetchval("SELECT count(*) FROM log") == 3
    assert await pool.fetchval("SELECT compacted FROM log_head") == 0


async def test_old_starts_and_old_or_too_many_rejected_reports_are_forgotten(
    pool: "asyncpg.Pool[asyncpg.Record]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog_module, "REJECTED_REPORTS_A_RUN", 3)
    for hours in (1, 25):
        await pool.execute(
            "INSERT INTO requests (caller, method, request_id, parameters, run_id, at)"
            " VALUES ('me', 'StartRun', $1, '', gen_random_uuid(), now() - make_interval(hours => $2))",
            f"{hours} hours old",
            hours,
        )
    for sequence, days in enumerate((8, 1, 1, 1, 1), 1):
        await pool.execute(
            "INSERT INTO rejected_reports (run_id, owner, execution, sequence, state, verdict, message, at)"
            " VALUES ('00000000-0000-0000-0000-000000000001', 'client:c', 1, $1, 'RUNNING', 'STALE', '',"
            " now() - make_interval(days => $2))",
            sequence,
            days,
        )
    await a_watchdog(pool).clean_up()

    assert await pool.fetchval("SELECT array_agg(request_id) FROM requests") == ["1 hours old"]
    kept = await pool.fetchval("SELECT array_agg(sequence ORDER BY sequence) FROM rejected_reports")
    assert kept == [3, 4, 5]
