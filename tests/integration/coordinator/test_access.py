"""What a caller sees of the coordinator: its own clients' rows, whatever it asks for, and row-level security behind that."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import watch_pb2
from potok.status.v1 import stage_pb2

from services.coordinator.commit.repository import list_executions
from services.coordinator.runs.repository import PostgresRuns
from services.kernel.postgres import open_readers
from services.status.domain import RunId
from tests.conftest import Database
from tests.coordination import RANGE, Coordination, Replica, Watcher, calling
from tests.identity import seen_by, token
from tests.refusals import refusal

NOT_FOUND = grpc.StatusCode.NOT_FOUND
DENIED = grpc.StatusCode.PERMISSION_DENIED


@dataclass
class Scene:
    """Two clients with a run each, and a stub of a user who may see one of them."""

    replica: Replica
    anna: Any
    own: str
    foreign: str


@pytest.fixture
async def scene(replica: Replica) -> AsyncIterator[Scene]:
    await replica.set_client("sales")
    runs = [(await replica.start(client_id)).run.status.run_id for client_id in ("clinic", "sales")]
    async with calling(replica.address, token("anna", clients=["clinic"])) as anna:
        yield Scene(replica, anna.stub, *runs)


async def refused(call: Any) -> grpc.StatusCode:
    return (await refusal(call)).code()


async def test_a_caller_acts_as_itself(scene: Scene) -> None:
    cancelled = await scene.anna.CancelRun(pb.CancelRunRequest(run_id=scene.own))
    watcher = Watcher(scene.anna.WatchStatus(pb.WatchStatusRequest(run_ids=[scene.own])))
    await watcher.until(watch_pb2.FRAME_KIND_SNAPSHOT_END)
    run = await scene.anna.GetRun(pb.GetRunRequest(run_id=scene.own))

    assert cancelled.run.status.state == stage_pb2.RUN_STATE_CANCELLING
    assert run.run.status.actor == "olga"  # who started it


async def test_a_run_of_somebody_else_is_as_one_that_does_not_exist(scene: Scene) -> None:
    anna, run_id = scene.anna, scene.foreign

    assert await refused(anna.GetRun(pb.GetRunRequest(run_id=run_id))) is NOT_FOUND
    assert await refused(anna.CancelRun(pb.CancelRunRequest(run_id=run_id))) is NOT_FOUND
    assert await refused(anna.RetryFailed(pb.RetryFailedRequest(run_id=run_id))) is NOT_FOUND
    still = await scene.replica.stub.GetRun(pb.GetRunRequest(run_id=run_id))
    assert still.run.status.state == stage_pb2.RUN_STATE_ACTIVE


async def test_a_client_of_somebody_else_is_refused(scene: Scene) -> None:
    anna = scene.anna
    start = pb.StartRunRequest(client_id="sales", range=RANGE)

    assert await refused(anna.StartRun(start)) is DENIED
    assert await refused(anna.GetClient(pb.GetClientRequest(client_id="sales"))) is DENIED
    assert await refused(anna.ListRuns(pb.ListRunsRequest(client_id="sales"))) is DENIED


async def test_lists_hold_what_the_caller_may_see(scene: Scene) -> None:
    clients = await scene.anna.ListClients(pb.ListClientsRequest())
    runs = await scene.anna.ListRuns(pb.ListRunsRequest())
    every = await scene.replica.stub.ListRuns(pb.ListRunsRequest())

    assert [client.client_id for client in clients.clients] == ["clinic"]
    assert [run.status.run_id for run in runs.runs] == [scene.own]
    assert {run.status.run_id for run in every.runs} == {scene.own, scene.foreign}


async def test_a_watch_of_all_is_of_all_that_its_caller_may_see(
    scene: Scene, world: Coordination
) -> None:
    watcher = Watcher(scene.anna.WatchStatus(pb.WatchStatusRequest(heartbeat_seconds=1)))
    await watcher.until(watch_pb2.FRAME_KIND_SNAPSHOT_END)
    await world.dispatched()
    await world.dispatched()
    stub = scene.replica.stub
    for run_id in (scene.foreign, scene.own):
        await stub.CancelRun(pb.CancelRunRequest(run_id=run_id))

    async def cancelling() -> None:
        while True:
            for change in (await watcher.frame()).changes:
                if any(e.run.state == stage_pb2.RUN_STATE_CANCELLING for e in change.events):
                    return

    await cancelling()
    owners = {
        event.run.owner or event.stage.owner or event.day.owner
        for frame in watcher.frames
        for change in frame.changes
        for event in change.events
    }
    assert owners == {"client:clinic"}


async def test_a_watch_of_something_foreign_is_refused_before_its_first_frame(scene: Scene) -> None:
    anna = scene.anna
    by_client = anna.WatchStatus(pb.WatchStatusRequest(client_ids=["clinic", "sales"]))
    by_run = anna.WatchStatus(pb.WatchStatusRequest(run_ids=[scene.foreign]))

    assert await refused(by_client.read()) is DENIED
    assert await refused(by_run.read()) is NOT_FOUND


async def test_a_token_of_a_watch_is_no_good_once_its_caller_may_see_something_else(
    scene: Scene,
) -> None:
    watcher = Watcher(scene.anna.WatchStatus(pb.WatchStatusRequest()))
    await watcher.until(watch_pb2.FRAME_KIND_SNAPSHOT_END)
    more = token("anna", clients=["clinic", "sales"])

    async with calling(scene.replica.address, more) as anna:
        again = anna.watch(resume_token=watcher.token)
        assert await refused(again.frame()) is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_query_that_forgets_whose_rows_it_wants_gets_the_callers(
    scene: Scene, database: Database
) -> None:
    async with database.pool("coordinator_app") as pool:
        reading = seen_by(pool, "client:clinic")
        views = await PostgresRuns(pool, reading).list_runs("", None, 10)
        async with reading() as connection:
            executions = await list_executions(connection, [RunId(scene.own), RunId(scene.foreign)])
            log = await connection.fetch("SELECT DISTINCT owner FROM coordinator.log")
        async with seen_by(pool)() as connection:
            nothing = await connection.fetch("SELECT * FROM coordinator.runs")

    assert [view.run.owner for view in views] == ["client:clinic"]
    assert len(executions) == 1
    assert [row["owner"] for row in log] == ["client:clinic"]
    assert nothing == []


@pytest.mark.parametrize("role", ["coordinator_system", "postgres"])
async def test_a_role_that_row_level_security_does_not_hold_for_is_refused(
    database: Database, role: str
) -> None:
    with pytest.raises(SystemExit, match="is no app role"):
        async with open_readers(database.dsn(role), 1):
            pass
    async with open_readers(database.dsn("coordinator_app"), 1) as readers:
        assert await readers.fetchval("SELECT count(*) FROM coordinator.runs") == 0
