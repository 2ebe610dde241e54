"""Waiting for the end of a run, beside the coordinator that ends it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from potok.status.v1 import stage_pb2

from services.coordinator.watch.hub import Hub
from services.coordinator.watch.tailer import Tailer
from services.coordinator.watch.waits import LogRunEnds
from services.kernel.tasks import cancel
from services.status.domain import RunId
from tests.conftest import Database
from tests.coordination import SUCCEEDED, Coordination, Replica, a_report
from tests.waiting import PATIENCE

NEVER = timedelta(hours=1)


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    async with database.pool("coordinator_system") as pool:
        yield pool


async def start(replica: Replica) -> RunId:
    return RunId((await replica.start(stages=[stage_pb2.STAGE_CALL_SYNC])).run.status.run_id)


async def end(world: Coordination, replica: Replica) -> None:
    execution = await world.dispatched()
    reporter = replica.reporter()
    await reporter.send(a_report(execution, 1, pending=1))
    await reporter.send(a_report(execution, 2, SUCCEEDED, success=1))


async def test_the_log_wakes_who_waits(
    world: Coordination, replica: Replica, pool: asyncpg.Pool
) -> None:
    hub = Hub()
    tailer = Tailer(pool, hub, lambda _: None)
    await tailer.start()
    following = asyncio.create_task(tailer.run())
    ends = LogRunEnds(pool, hub, look_again=NEVER)
    waiting = asyncio.create_task(ends.wait(await start(replica)))
    await end(world, replica)
    async with asyncio.timeout(PATIENCE):
        await waiting
        # One that has ended is not waited for, even where nothing happens any more.
        await ends.wait(RunId(await last_run(pool)))
    await cancel(following)


async def test_without_the_log_the_row_is_looked_at(
    world: Coordination, replica: Replica, pool: asyncpg.Pool
) -> None:
    ends = LogRunEnds(pool, Hub(), look_again=timedelta(milliseconds=20))
    waiting = asyncio.create_task(ends.wait(await start(replica)))
    await end(world, replica)
    async with asyncio.timeout(PATIENCE):
        await waiting


async def test_a_wait_outlasts_a_database_that_is_away(
    world: Coordination, replica: Replica, database: Database
) -> None:
    pool = database.pool("coordinator_system")  # not open: whoever asks it gets an InterfaceError
    ends = LogRunEnds(pool, Hub(), look_again=timedelta(milliseconds=20))
    waiting = asyncio.create_task(ends.wait(await start(replica)))
    await end(world, replica)
    assert not waiting.done()
    async with pool, asyncio.timeout(PATIENCE):
        await waiting


async def last_run(pool: asyncpg.Pool) -> str:
    return str(await pool.fetchval("SELECT run_id FROM coordinator.runs"))
