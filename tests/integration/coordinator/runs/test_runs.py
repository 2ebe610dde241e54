"""Runs from start to end over real gRPC and Postgres; the stages are played by the test."""

import asyncio
from datetime import timedelta

import grpc
import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import range_status_pb2, run_pb2, watch_pb2
from potok.status.v1 import event_pb2, progress_pb2, stage_pb2

from tests.coordination import (
    DAY,
    QUICK,
    RANGE,
    SETTINGS,
    SUCCEEDED,
    Coordination,
    Replica,
    Watcher,
    a_report,
    end_stage,
)
from tests.refusals import reason_of, refusal


def a_range(start: str, end: str) -> progress_pb2.DateRange:
    return progress_pb2.DateRange(start_date=start, end_date=end)


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
    stored = await replica.stub.GetRun(pb.GetRunRequest(run_id=ended.run_id))
    assert stored.run.status == ended
    assert [stage.state for stage in stored.run.stages] == [SUCCEEDED] * 5


async def run_of(replica: Replica, run_id: str) -> run_pb2.Run:
    request = pb.GetRunRequest(run_id=run_id)
    return (await replica.stub.GetRun(request)).run


async def stage_becomes(
    watcher: Watcher, state: "stage_pb2.ExecutionState.ValueType"
) -> event_pb2.StageStatus:
    """Read until a stage is in a state."""
    while True:
        for change in (await watcher.frame()).changes:
            for event in change.events:
                if event.stage.state == state:
                    return event.stage


async def test_a_second_run_of_the_client_is_refused_naming_the_first(replica: Replica) -> None:
    run = (await replica.start()).run
    error = await refusal(replica.start())

    assert error.code() is grpc.StatusCode.ABORTED
    assert reason_of(error) == "RUN_ACTIVE"
    assert run.status.run_id in (error.details() or "")


@pytest.mark.parametrize(
    ("request_", "code", "reason", "says"),
    [
        ({"client_id": "nobody"}, grpc.StatusCode.NOT_FOUND, "", "nobody"),
        ({"client_id": "no good"}, grpc.StatusCode.INVALID_ARGUMENT, "", "client_id"),
        (
            {"stages": [stage_pb2.STAGE_ANALYSIS]},
            grpc.StatusCode.FAILED_PRECONDITION,
            "STAGE_OUT_OF_ORDER",
            "2026-11-20",
        ),
        (
            {"stages": [stage_pb2.STAGE_CALL_SYNC, stage_pb2.STAGE_ANALYSIS]},
            grpc.StatusCode.INVALID_ARGUMENT,
            "",
            "consecutive",
        ),
        ({"range": a_range(DAY, "2026-11-19")}, grpc.StatusCode.INVALID_ARGUMENT, "", "end_date"),
        ({"range": a_range(DAY, "2999-01-01")}, grpc.StatusCode.INVALID_ARGUMENT, "", "end_date"),
        ({"range": a_range("2024-01-01", DAY)}, grpc.StatusCode.INVALID_ARGUMENT, "", "366"),
        ({"range": a_range("2026-02-30", DAY)}, grpc.StatusCode.INVALID_ARGUMENT, "", "start_date"),
        ({"range": a_range("yesterday", DAY)}, grpc.StatusCode.INVALID_ARGUMENT, "", "start_date"),
    ],
)
async def test_a_start_that_cannot_be_is_refused_saying_why(
    replica: Replica,
    request_: dict[str, object],
    code: grpc.StatusCode,
    reason: str,
    says: str,
) -> None:
    whole = {"client_id": "clinic", "range": RANGE} | request_
    error = await refusal(replica.stub.StartRun(pb.StartRunRequest(**whole)))  # type: ignore[arg-type]

    assert (error.code(), reason_of(error)) == (code, reason)
    assert says in (error.details() or "")


async def test_a_repeated_request_answers_the_same_run(
    world: Coordination, replica: Replica
) -> None:
    first = await replica.start(request_id="r1")
    again = await replica.start(request_id="r1")
    await end_stage(world, replica, failed=1)
    after_its_end = await replica.start(request_id="r1")

    assert first.run.status.run_id == again.run.status.run_id == after_its_end.run.status.run_id
    error = await refusal(replica.start(request_id="r1", mode=stage_pb2.RUN_MODE_ALL))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "request_id" in (error.details() or "")


async def test_the_same_request_twice_at_once_on_two_replicas_is_one_run(
    world: Coordination, replica: Replica
) -> None:
    async with world.replica() as other:
        answers = await asyncio.gather(
            *(r.start(request_id="r2") for r in (replica, other) for _ in range(4))
        )

    assert len({answer.run.status.run_id for answer in answers}) == 1


async def test_a_gate_that_is_not_met_fails_the_run_and_refuses_the_next_start(
    world: Coordination, replica: Replica
) -> None:
    run_id = (await replica.start()).run.status.run_id
    await end_stage(world, replica, failed=3)
    run = await run_of(replica, run_id)
    error = await refusal(replica.start(stages=[stage_pb2.STAGE_TRANSCRIPTION]))

    assert run.status.state == stage_pb2.RUN_STATE_FAILED
    assert run.status.reason == stage_pb2.REASON_GATE_NOT_MET
    assert "0 of 3" in run.status.message
    assert reason_of(error) == "GATE_NOT_MET"


async def test_a_retry_takes_the_failures_up_in_a_new_run(
    world: Coordination, replica: Replica
) -> None:
    run_id = (await replica.start()).run.status.run_id
    await end_stage(world, replica, success=2)
    await end_stage(world, replica, success=1, failed=1)
    for _ in range(3):
        await end_stage(world, replica, success=1)
    request = pb.RetryFailedRequest(run_id=run_id, request_id="again")
    retry = (await replica.stub.RetryFailed(request)).run
    again = (await replica.stub.RetryFailed(request)).run
    told = await world.next_stage()

    assert retry.status.retry_of == run_id
    assert again.status.run_id == retry.status.run_id
    assert retry.status.first_stage == stage_pb2.STAGE_TRANSCRIPTION
    assert retry.status.last_stage == stage_pb2.STAGE_REPORTING
    assert (told.stage, told.mode) == (stage_pb2.STAGE_TRANSCRIPTION, stage_pb2.RUN_MODE_FAILED)
    assert (await run_of(replica, run_id)).status.state == stage_pb2.RUN_STATE_PARTIAL


async def test_a_retry_of_a_run_under_way_is_refused(replica: Replica) -> None:
    run_id = (await replica.start()).run.status.run_id
    request = pb.RetryFailedRequest(run_id=run_id)
    error = await refusal(replica.stub.RetryFailed(request))

    assert reason_of(error) == "RUN_NOT_ENDED"


async def test_a_cancelled_run_ends_when_its_service_confirms(
    world: Coordination, replica: Replica
) -> None:
    watcher = replica.watch()
    run_id = (await replica.start()).run.status.run_id
    execution = await world.dispatched()
    request = pb.CancelRunRequest(run_id=run_id)
    asked = await replica.stub.CancelRun(request)
    assert await world.cancelled() == execution
    ended = await watcher.run_ends()

    assert asked.run.status.state in (
        stage_pb2.RUN_STATE_CANCELLING,
        stage_pb2.RUN_STATE_CANCELLED,
    )
    assert ended.state == stage_pb2.RUN_STATE_CANCELLED
    again = await replica.stub.CancelRun(request)
    assert again.run.status.end_time == ended.end_time


async def test_a_cancel_that_no_service_confirms_ends_after_its_grace(world: Coordination) -> None:
    limits = QUICK.model_copy(update={"cancel_grace": timedelta(milliseconds=100)})
    async with world.replica(limits) as replica:
        watcher = replica.watch()
        run_id = (await replica.start()).run.status.run_id
        execution = await world.dispatched()
        world.stages.down = True
        await replica.stub.CancelRun(pb.CancelRunRequest(run_id=run_id))
        ended = await watcher.run_ends()
        assert ended.state == stage_pb2.RUN_STATE_CANCELLED
        # It is told all the same, as soon as it can be.
        world.stages.down = False
        assert await world.cancelled() == execution


async def test_an_execution_is_delivered_when_its_service_comes_back(
    world: Coordination, replica: Replica
) -> None:
    world.stages.down = True
    watcher = replica.watch()
    await replica.start()
    waiting = await stage_becomes(watcher, stage_pb2.EXECUTION_STATE_QUEUED)
    while not waiting.HasField("wait"):
        waiting = await stage_becomes(watcher, stage_pb2.EXECUTION_STATE_QUEUED)
    assert waiting.wait.reason == stage_pb2.WAIT_REASON_SERVICE_DOWN
    world.stages.down = False

    assert await world.dispatched() == waiting.execution


async def test_a_start_survives_the_crash_of_its_replica(world: Coordination) -> None:
    world.stages.down = True
    async with world.replica() as replica:
        await replica.start()
    world.stages.down = False
    async with world.replica():
        assert await world.dispatched() == 1


async def test_a_silent_execution_stalls_and_is_asked_again_with_the_same_number(
    world: Coordination,
) -> None:
    limits = QUICK.model_copy(update={"silent": timedelta(milliseconds=100)})
    async with world.replica(limits) as replica:
        watcher = replica.watch()
        await replica.start()
        execution = await world.dispatched()
        await stage_becomes(watcher, stage_pb2.EXECUTION_STATE_STALLED)
        assert await world.dispatched() == execution
        await replica.reporter().send(a_report(execution, 1, pending=1))
        running = await stage_becomes(watcher, stage_pb2.EXECUTION_STATE_RUNNING)

        assert running.execution == execution


@pytest.mark.parametrize(
    ("down", "limit", "reason"),
    [
        (True, {"stall_limit": timedelta(milliseconds=200)}, stage_pb2.REASON_STAGE_UNREACHABLE),
        (
            False,
            {
                "silent": timedelta(milliseconds=50),
                # A busy machine must have delivered it by then.
                "stall_limit": timedelta(seconds=2),
            },
            stage_pb2.REASON_STAGE_SILENT,
        ),
        (False, {"progress_limit": timedelta(milliseconds=200)}, stage_pb2.REASON_NO_PROGRESS),
    ],
)
async def test_nothing_lasts_for_ever(
    world: Coordination,
    down: bool,
    limit: dict[str, timedelta],
    reason: "stage_pb2.Reason.ValueType",
) -> None:
    world.stages.down = down
    async with world.replica(QUICK.model_copy(update=limit)) as replica:
        watcher = replica.watch()
        await replica.start()
        ended = await watcher.run_ends()
        assert (ended.state, ended.reason) == (stage_pb2.RUN_STATE_FAILED, reason)
        # What the coordinator ended, its service is told of, until it has accepted.
        world.stages.down = False
        assert await world.cancelled() == 1


async def test_a_stated_wait_has_a_limit_of_its_own(world: Coordination) -> None:
    limits = QUICK.model_copy(
        update={
            "progress_limit": timedelta(milliseconds=1),
            "wait_limit": timedelta(milliseconds=300),
            "watchdog": timedelta(milliseconds=200),
        }
    )
    async with world.replica(limits) as replica:
        watcher = replica.watch()
        await replica.start()
        report = a_report(await world.dispatched(), 1, pending=1)
        report.progress.wait.reason = stage_pb2.WAIT_REASON_RATE_LIMIT
        await replica.reporter().send(report)
        ended = await watcher.run_ends()

        assert ended.reason == stage_pb2.REASON_WAIT_LIMIT


async def test_range_status_follows_the_run(world: Coordination, replica: Replica) -> None:
    async def status(stage: "stage_pb2.Stage.ValueType") -> range_status_pb2.RangeStatus:
        request = pb.GetRangeStatusRequest(client_id="clinic", stage=stage, range=RANGE)
        return (await replica.stub.GetRangeStatus(request)).status

    assert (await status(stage_pb2.STAGE_CALL_SYNC)).overall_status == "pending"
    await replica.start(stages=[stage_pb2.STAGE_CALL_SYNC, stage_pb2.STAGE_TRANSCRIPTION])
    assert (await status(stage_pb2.STAGE_CALL_SYNC)).overall_status == "processing"
    await end_stage(world, replica, success=3)
    assert (await status(stage_pb2.STAGE_CALL_SYNC)).overall_status == "completed"
    execution = await world.dispatched()
    await replica.reporter().send(a_report(execution, 1, pending=1, processing=1, success=1))
    under_way = await status(stage_pb2.STAGE_TRANSCRIPTION)

    assert under_way.overall_status == "processing"
    assert under_way.total_calls == 3
    assert under_way.progress_percentage == 33.33


async def test_lists_are_paged_to_the_end(world: Coordination, replica: Replica) -> None:
    started = []
    for _ in range(3):
        started.append((await replica.start()).run.status.run_id)
        await end_stage(world, replica, failed=1)
    found: list[str] = []
    token = ""
    while True:
        request = pb.ListRunsRequest(client_id="clinic", page_size=2, page_token=token)
        page = await replica.stub.ListRuns(request)
        found += [run.status.run_id for run in page.runs]
        token = page.next_page_token
        if not token:
            break

    assert found == started[::-1]


async def test_clients_are_listed_by_pages(replica: Replica) -> None:
    await replica.set_client("bakery")
    request = pb.ListClientsRequest(page_size=1)
    first = await replica.stub.ListClients(request)
    request.page_token = first.next_page_token
    second = await replica.stub.ListClients(request)

    assert [client.client_id for client in first.clients] == ["bakery"]
    assert [client.client_id for client in second.clients] == ["clinic"]
    assert not second.next_page_token


async def test_a_page_token_is_of_one_list_and_one_client_only(
    world: Coordination, replica: Replica
) -> None:
    for _ in range(2):
        await replica.start()
        await end_stage(world, replica, failed=1)
    await replica.set_client("bakery")
    clients = await replica.stub.ListClients(pb.ListClientsRequest(page_size=1))
    runs = await replica.stub.ListRuns(pb.ListRunsRequest(client_id="clinic", page_size=1))
    strange = [
        replica.stub.ListRuns(pb.ListRunsRequest(client_id="clinic", page_token=token))
        for token in (clients.next_page_token, "nonsense")
    ]
    strange += [
        replica.stub.ListRuns(pb.ListRunsRequest(client_id=other, page_token=runs.next_page_token))
        for other in ("bakery", "")
    ]
    errors = [await refusal(call) for call in strange]
    errors += [
        await refusal(replica.stub.ListClients(pb.ListClientsRequest(page_token=token)))
        for token in (runs.next_page_token, "clinic")
    ]

    assert {error.code() for error in errors} == {grpc.StatusCode.INVALID_ARGUMENT}
    assert all("begin again without one" in str(error.details()) for error in errors)


async def test_a_client_is_answered_as_it_is_stored(replica: Replica) -> None:
    client = run_pb2.Client(client_id="clinic", settings=SETTINGS)
    client.settings.playbook = "clinic-2"
    answer = await replica.stub.SetClient(pb.SetClientRequest(client=client))
    stored = await replica.stub.GetClient(pb.GetClientRequest(client_id="clinic"))

    assert answer.client == stored.client == client
