"""DateRangeService: the four buttons, over real gRPC and Postgres."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import grpc
import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as coordinator_pb
from potok.coordinator.v1 import date_range_service_pb2 as pb
from potok.coordinator.v1 import date_range_service_pb2_grpc as pb_grpc
from potok.status.v1 import stage_pb2

from services.kernel.rpc.errors import error_info
from tests.coordination import (
    DAY,
    FAILED,
    QUICK,
    Coordination,
    Replica,
    a_report,
    calling,
    end_stage,
)
from tests.refusals import fields_of, refusal
from tests.waiting import PATIENCE

STR_DAYS = {"client_id": "clinic", "start_date_str": DAY, "end_date_str": DAY}
DAYS = {"client_id": "clinic", "start_date": DAY, "end_date": DAY}

Endpoint = tuple[str, Any, dict[str, str]]
TRANSCRIBE: Endpoint = ("TranscribeCalls", pb.TranscribeCallsRequest, DAYS)
ANALYZE: Endpoint = ("AnalyzeCalls", pb.AnalyzeCallsRequest, STR_DAYS)
SUM_UP: Endpoint = ("AnalyzeRecommendations", pb.AnalyzeRecommendationsRequest, STR_DAYS)
SYNC: Endpoint = ("SyncCalls", pb.SyncCallsRequest, STR_DAYS)
STATUSES: list[Endpoint] = [
    ("GetTranscriptionStatus", pb.GetTranscriptionStatusRequest, DAYS),
    ("GetAnalysisStatus", pb.GetAnalysisStatusRequest, DAYS),
    ("GetRecommendationsStatus", pb.GetRecommendationsStatusRequest, DAYS),
]


def call(replica: Replica, endpoint: Endpoint, **fields: str) -> Any:
    """Call an endpoint with its usual request, or other fields of it."""
    name, request, usual = endpoint
    stub = pb_grpc.DateRangeServiceStub(replica.channel)
    return getattr(stub, name)(request(**usual | fields))


def reason(error: grpc.aio.AioRpcError) -> tuple[str, dict[str, str]]:
    info = error_info(error)
    assert info is not None
    return info.reason, dict(info.metadata)


async def sync(world: Coordination, replica: Replica, **items: int) -> pb.SyncCallsResponse:
    waiting = asyncio.ensure_future(call(replica, SYNC))
    await end_stage(world, replica, **items)
    answer: pb.SyncCallsResponse = await waiting
    return answer


async def poll(replica: Replica, endpoint: Endpoint) -> tuple[str, float]:
    status = await call(replica, endpoint)
    return status.overall_status, status.progress_percentage


async def test_the_four_buttons_one_after_the_other(world: Coordination, replica: Replica) -> None:
    synced = await sync(world, replica, success=3)
    assert (synced.status, synced.overall_status, synced.total_calls) == (
        "completed",
        "completed",
        3,
    )
    assert synced.message == "3 of 3 calls are there"
    for start, status in zip((TRANSCRIBE, ANALYZE, SUM_UP), STATUSES, strict=True):
        assert await poll(replica, status) == ("pending", 0)
        begun = await call(replica, start)
        assert begun.status == "active"
        assert (await call(replica, start)).run_id == begun.run_id
        assert await poll(replica, status) == ("processing", 0)
        await end_stage(world, replica, success=3)
        if start is SUM_UP:
            assert (await poll(replica, status))[0] == "processing"  # until it is reported
            await end_stage(world, replica, success=3)
        assert await poll(replica, status) == ("completed", 100)
        request = coordinator_pb.GetRunRequest(run_id=begun.run_id)
        run = (await replica.stub.GetRun(request)).run.status
        assert run.mode == stage_pb2.RUN_MODE_PENDING
        assert run.state == stage_pb2.RUN_STATE_COMPLETED


async def test_the_status_has_the_documents_figures_and_is_not_stored(
    world: Coordination, replica: Replica
) -> None:
    await sync(world, replica, success=150)
    await call(replica, TRANSCRIBE)
    execution = await world.dispatched()
    figures: dict[str, Any] = {"pending": 50, "processing": 10, "success": 85, "failed": 5}
    await replica.reporter().send(a_report(execution, 1, **figures))
    asked = call(replica, STATUSES[0])
    status = await asked

    assert status.overall_status == "processing"
    assert status.total_calls == 150
    found = status.status_breakdown
    assert {name: getattr(found, name) for name in figures} == figures
    assert status.progress_percentage == 56.67
    for endpoint in STATUSES:
        asked = call(replica, endpoint)
        assert dict(await asked.initial_metadata())["cache-control"] == "no-store"


async def test_when_all_calls_of_a_stage_fail_it_is_done_and_the_next_is_refused(
    world: Coordination, replica: Replica
) -> None:
    await sync(world, replica, success=3)
    await call(replica, TRANSCRIBE)
    await end_stage(world, replica, failed=3)
    assert await poll(replica, STATUSES[0]) == ("partial", 100)
    error = await refusal(call(replica, ANALYZE))

    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert reason(error)[0] == "GATE_NOT_MET"


async def test_a_stage_out_of_order_is_refused(replica: Replica) -> None:
    error = await refusal(call(replica, TRANSCRIBE))

    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert reason(error)[0] == "STAGE_OUT_OF_ORDER"


async def test_a_second_click_joins_the_run_in_whatever_mode_it_was_started(
    world: Coordination, replica: Replica
) -> None:
    await sync(world, replica, success=3)
    request: dict[str, Any] = {
        "stages": [stage_pb2.STAGE_TRANSCRIPTION],
        "mode": stage_pb2.RUN_MODE_ALL,
    }
    first = (await replica.start(**request)).run.status.run_id
    second = await call(replica, TRANSCRIBE)

    assert (second.run_id, second.status) == (first, "active")
    assert second.message.endswith("under way already")


async def test_two_clicks_at_once_answer_the_same_run_at_any_replica(
    world: Coordination, replica: Replica
) -> None:
    await sync(world, replica, success=3)
    async with world.replica() as other:
        places = [replica, other] * 5
        begun = await asyncio.gather(*(call(place, TRANSCRIBE) for place in places))

    assert len({each.run_id for each in begun}) == 1
    assert [each.message.endswith("started") for each in begun].count(True) == 1


@pytest.mark.parametrize("other", [ANALYZE, SUM_UP, SYNC])
async def test_another_stage_of_the_client_under_way_is_a_conflict(
    world: Coordination, replica: Replica, other: Endpoint
) -> None:
    await sync(world, replica, success=3)
    run_id = (await call(replica, TRANSCRIBE)).run_id
    error = await refusal(call(replica, other))

    assert error.code() is grpc.StatusCode.ABORTED
    assert reason(error) == ("RUN_ACTIVE", {"run_id": run_id, "stage": "TRANSCRIPTION"})


async def test_a_run_over_more_stages_is_not_joined(replica: Replica) -> None:
    await replica.start()
    error = await refusal(call(replica, SYNC))

    assert error.code() is grpc.StatusCode.ABORTED


async def test_a_run_over_other_days_is_not_joined(replica: Replica) -> None:
    await replica.start(stages=[stage_pb2.STAGE_CALL_SYNC])
    error = await refusal(call(replica, SYNC, start_date_str="2026-11-19"))

    assert error.code() is grpc.StatusCode.ABORTED


async def test_a_run_that_is_being_cancelled_is_not_joined(
    world: Coordination, replica: Replica
) -> None:
    world.stages.stuck = True
    run_id = (await replica.start(stages=[stage_pb2.STAGE_CALL_SYNC])).run.status.run_id
    cancel = coordinator_pb.CancelRunRequest(run_id=run_id)
    cancelled = await replica.stub.CancelRun(cancel)
    assert cancelled.run.status.state == stage_pb2.RUN_STATE_CANCELLING
    error = await refusal(call(replica, SYNC))

    assert error.code() is grpc.StatusCode.ABORTED
    assert reason(error)[0] == "RUN_ACTIVE"
    world.stages.stuck = False


async def test_a_sync_of_days_without_calls_is_completed(
    world: Coordination, replica: Replica
) -> None:
    synced = await sync(world, replica)

    assert (synced.status, synced.total_calls, synced.progress_percentage) == ("completed", 0, 100)
    assert synced.message == "there are no calls in these days"


async def test_a_sync_with_failures_is_partial_and_says_how_many(
    world: Coordination, replica: Replica
) -> None:
    synced = await sync(world, replica, success=2, failed=1)

    assert (synced.status, synced.overall_status) == ("partial", "partial")
    assert synced.message == "2 of 3 calls are there, 1 failed"


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        ("SOURCE_UNAVAILABLE", grpc.StatusCode.UNAVAILABLE),
        ("SOURCE_INVALID", grpc.StatusCode.FAILED_PRECONDITION),
    ],
)
async def test_a_sync_that_fails_says_whether_a_person_has_to_mend_it(
    world: Coordination, replica: Replica, cause: str, status: grpc.StatusCode
) -> None:
    waiting = asyncio.ensure_future(call(replica, SYNC))
    report = a_report(
        await world.dispatched(), 1, FAILED, reason=stage_pb2.Reason.Value(f"REASON_{cause}")
    )
    report.progress.message = "the account says no"
    await replica.reporter().send(report)
    error = await refusal(waiting)

    assert error.code() is status
    assert str(error.details()).endswith("the account says no")
    found, metadata = reason(error)
    assert (found, metadata["stage"]) == (cause, "CALL_SYNC")
    assert metadata["run_id"] in str(error.details())


async def test_a_sync_whose_run_is_cancelled_is_a_conflict(
    world: Coordination, replica: Replica
) -> None:
    waiting = asyncio.ensure_future(call(replica, SYNC))
    await world.dispatched()
    run_id = await only_run(replica)
    await replica.stub.CancelRun(coordinator_pb.CancelRunRequest(run_id=run_id))
    error = await refusal(waiting)

    assert error.code() is grpc.StatusCode.ABORTED
    assert reason(error) == ("RUN_CANCELLED", {"run_id": run_id, "stage": "CALL_SYNC"})


async def test_a_sync_waits_no_longer_than_it_may_and_the_run_goes_on(world: Coordination) -> None:
    limits = QUICK.model_copy(update={"sync_wait": timedelta(milliseconds=200)})
    async with world.replica(limits) as replica:
        error = await refusal(call(replica, SYNC))
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        found, metadata = reason(error)
        assert found == "RUN_GOES_ON"
        assert metadata["run_id"] in str(error.details())
        # Whoever repeats the call waits for the same run.
        assert reason(await refusal(call(replica, SYNC))) == (found, metadata)
        await goes_on(world, replica, metadata["run_id"])


async def goes_on(world: Coordination, replica: Replica, run_id: str) -> None:
    """See that a run is under way, and ends well when its stage does."""
    assert await state_of(replica, run_id) == stage_pb2.RUN_STATE_ACTIVE
    await end_stage(world, replica, success=1)
    assert await state_of(replica, run_id) == stage_pb2.RUN_STATE_COMPLETED


async def state_of(replica: Replica, run_id: str) -> "stage_pb2.RunState.ValueType":
    request = coordinator_pb.GetRunRequest(run_id=run_id)
    return (await replica.stub.GetRun(request)).run.status.state


async def only_run(replica: Replica) -> str:
    """Look until there is a run; returns its id."""
    async with asyncio.timeout(PATIENCE):
        while True:
            runs = (await replica.stub.ListRuns(coordinator_pb.ListRunsRequest())).runs
            if runs:
                return runs[0].status.run_id


async def test_a_caller_that_goes_away_stops_nothing(world: Coordination, replica: Replica) -> None:
    waiting = call(replica, SYNC)
    run_id = await only_run(replica)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await goes_on(world, replica, run_id)


async def test_a_drain_ends_the_call_at_once_and_not_the_run(
    world: Coordination, replica: Replica
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        async with world.replica(drain=timedelta(seconds=PATIENCE)) as stopping:
            # A channel that outlives the replica, to see how it goes.
            caller = await stack.enter_async_context(calling(stopping.address))
            waiting = call(caller, SYNC)
            run_id = await only_run(replica)
        error = await refusal(waiting)

    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert reason(error) == ("DRAIN", {"run_id": run_id})
    assert "repeat the call" in str(error.details())
    await goes_on(world, replica, run_id)


async def test_a_sync_at_one_replica_learns_of_the_end_at_another(
    world: Coordination, replica: Replica
) -> None:
    waiting = asyncio.ensure_future(call(replica, SYNC))
    async with world.replica() as other:
        await end_stage(world, other, success=1)
        assert (await waiting).status == "completed"


@pytest.mark.parametrize("endpoint", [SYNC, TRANSCRIBE, ANALYZE, SUM_UP, *STATUSES])
async def test_wrong_days_are_refused_with_the_field_of_that_endpoint(
    replica: Replica, endpoint: Endpoint
) -> None:
    _, start, end = endpoint[2]
    for days, field in [
        ({start: "2026-02-30"}, start),
        ({end: "2026-13-01"}, end),
        ({start: "2026-11-21"}, end),
        ({start: "2025-11-19"}, end),
        ({start: "yesterday"}, start),
        ({start: ""}, start),
    ]:
        error = await refusal(call(replica, endpoint, **days))
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert str(error.details()).startswith(f"{field}:"), days
        assert fields_of(error) == [field]


@pytest.mark.parametrize("endpoint", [SYNC, TRANSCRIBE, ANALYZE, SUM_UP])
async def test_a_start_over_days_to_come_is_refused(replica: Replica, endpoint: Endpoint) -> None:
    _, _, end = endpoint[2]
    error = await refusal(
        call(replica, endpoint, **dict.fromkeys([*endpoint[2]][1:], "2099-01-01"))
    )

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert str(error.details()).startswith(f"{end}: 2099-01-01 lies in the future")
    assert fields_of(error) == [end]


@pytest.mark.parametrize("endpoint", [SYNC, TRANSCRIBE, ANALYZE, SUM_UP, *STATUSES])
async def test_an_unknown_client_is_not_found(replica: Replica, endpoint: Endpoint) -> None:
    error = await refusal(call(replica, endpoint, client_id="nobody"))

    assert error.code() is grpc.StatusCode.NOT_FOUND
