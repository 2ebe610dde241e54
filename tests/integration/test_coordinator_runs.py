"""Runs from start to end over real gRPC and Postgres; the stages are played by the test."""

from collections.abc import AsyncIterator

import grpc
import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import watch_pb2
from potok.status.v1 import stage_pb2

from tests.conftest import Database
from tests.coordination import (
    PARTIAL,
    PATIENCE,
    RANGE,
    SUCCEEDED,
    Coordination,
    Replica,
    a_report,
    coordination,
)


@pytest.fixture
async def world(database: Database) -> AsyncIterator[Coordination]:
    async with coordination(database) as world:
        yield world


@pytest.fixture
async def replica(world: Coordination) -> AsyncIterator[Replica]:
    async with world.replica() as replica:
        yield replica


async def test_a_run_goes_through_all_stages_and_is_watched(
    world: Coordination, replica: Replica
) -> None:
    watcher = replica.watch(client_ids=["clinic"])
    await watcher.until(watch_pb2.FRAME_KIND_SNAPSHOT_END)
    run = (await replica.start()).run
    reporter = replica.reporter()
    for _ in range(5):
        execution = await world.dispatched()
        assert await reporter.send(a_report(execution, 1, pending=2)) == []
        assert await reporter.send(a_report(execution, 2, SUCCEEDED, success=2)) == []
    ended = await watcher.run_ends()

    assert ended.run_id == run.status.run_id
    assert ended.state == stage_pb2.RUN_STATE_COMPLETED
    assert watcher.revisions == list(range(1, watcher.revisions[-1] + 1))
    stored = await replica.stub.GetRun(pb.GetRunRequest(run_id=ended.run_id), timeout=PATIENCE)
    assert stored.run.status == ended
    assert [stage.state for stage in stored.run.stages] == [SUCCEEDED] * 5


async def test_a_second_run_of_the_client_is_refused_naming_the_first(replica: Replica) -> None:
    run = (await replica.start()).run
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await replica.start()

    assert refused.value.code() is grpc.StatusCode.ABORTED
    assert run.status.run_id in (refused.value.details() or "")
