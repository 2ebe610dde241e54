"""What a replica has in memory never overwrites what another has stored since."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from services.coordinator.commit.changes import Batch, Reported
from services.coordinator.commit.lanes import Lanes
from services.coordinator.state.reports import Verdict
from services.coordinator.wire.reports import Rejection, read_raw
from services.kernel.tasks import cancel
from services.status.domain import ExecutionNumber, Owner
from tests.conftest import Database
from tests.coordination import a_report, coordination
from tests.waiting import PATIENCE

OWNER = Owner("client:clinic")


@asynccontextmanager
async def lanes_of_a_replica(database: Database) -> AsyncIterator[Lanes]:
    """Run the lanes of a replica that is never told what others do."""
    lanes = Lanes(database.dsn("coordinator_system"), lambda *_: None, lambda: None)
    task = asyncio.create_task(lanes.run())
    try:
        yield lanes
    finally:
        await cancel(task)


async def report(lanes: Lanes, execution: int, sequence: int) -> list[Rejection]:
    """Report through the lanes; returns the rejections, after the commit."""
    data = a_report(execution, sequence, success=sequence).SerializeToString()
    settled = asyncio.get_running_loop().create_future()
    batch = Batch(1, 1, settled)
    await lanes.put(batch, [Reported(OWNER, read_raw(data))], len(data))
    async with asyncio.timeout(PATIENCE):
        await settled
    return batch.rejections


@pytest.fixture
async def execution(database: Database) -> int:
    """Return an execution that is stored; its coordinator is gone."""
    async with coordination(database) as world, world.replica() as replica:
        await replica.start()
        return await world.dispatched()


async def test_a_replica_with_outdated_rows_reads_them_again(
    database: Database, execution: int
) -> None:
    async with lanes_of_a_replica(database) as one, lanes_of_a_replica(database) as two:
        assert await report(one, execution, 5) == []
        assert await report(two, execution, 10) == []
        late = await report(one, execution, 7)
        assert await report(one, execution, 11) == []
        assert await report(two, execution, 12) == []
    sql = await asyncpg.connect(database.dsn("coordinator_system"))
    try:
        stored = await sql.fetchrow("SELECT sequence, success FROM executions, ledger")
        revisions = [r["revision"] for r in await sql.fetch("SELECT revision FROM log ORDER BY 1")]
    finally:
        await sql.close()

    assert late == [Rejection(ExecutionNumber(execution), 7, Verdict.DUPLICATE)]
    assert tuple(stored or ()) == (12, 12)
    assert revisions == list(range(1, len(revisions) + 1))
