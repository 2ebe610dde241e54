"""The page of the frontend guide, which polls a status, comes to its end after every end of a run, and is told no lie."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as coordinator_pb
from potok.coordinator.v1 import date_range_service_pb2 as pb
from potok.coordinator.v1 import date_range_service_pb2_grpc as pb_grpc
from potok.status.v1 import stage_pb2

from services.coordinator.settings import Limits
from tests.coordination import (
    DAY,
    FAILED,
    PARTIAL,
    QUICK,
    RANGE,
    SUCCEEDED,
    Coordination,
    Replica,
    a_report,
    end_stage,
)
from tests.waiting import until

CALLS = 4
DAYS = {"client_id": "clinic", "start_date": DAY, "end_date": DAY}
SOON = timedelta(milliseconds=200)


async def polled(replica: Replica) -> Any:
    stub = pb_grpc.DateRangeServiceStub(replica.channel)
    return await stub.GetTranscriptionStatus(pb.GetTranscriptionStatusRequest(**DAYS))


def stops(status: Any) -> bool:
    """Return whether the guide's own poller stops: the two conditions of its `startStatusPolling`."""
    return bool(
        status.overall_status == "completed"
        or (status.overall_status == "partial" and status.progress_percentage == 100)
    )


async def cancel(replica: Replica, run_id: str) -> None:
    await replica.stub.CancelRun(coordinator_pb.CancelRunRequest(run_id=run_id))


@dataclass(frozen=True)
class End:
    """How a run of TRANSCRIPTION ends, and what is done by then."""

    happens: Callable[[Coordination, Replica, str], Awaitable[None]]
    success: int = 0
    failed: int = 0
    limits: Limits = QUICK


async def never_taken(_world: Coordination, replica: Replica, run_id: str) -> None:
    await cancel(replica, run_id)


async def taken(world: Coordination, replica: Replica, run_id: str) -> None:
    await world.dispatched()
    await cancel(replica, run_id)


async def midway(world: Coordination, replica: Replica, run_id: str) -> None:
    await at_work(world, replica, run_id)
    await cancel(replica, run_id)


async def at_work(world: Coordination, replica: Replica, _run_id: str) -> None:
    """Let the stage be under way; then time, or a person, ends it."""
    execution = await world.dispatched()
    await replica.reporter().send(a_report(execution, 1, pending=1, processing=2, success=1))


async def silent_from_the_start(world: Coordination, _replica: Replica, _run_id: str) -> None:
    await world.dispatched()


def reports(state: "stage_pb2.ExecutionState.ValueType", **items: Any) -> Any:
    async def happens(world: Coordination, replica: Replica, _run_id: str) -> None:
        execution = await world.dispatched()
        await replica.reporter().send(a_report(execution, 1, state, **items))

    return happens


async def failed_before_it_knew(world: Coordination, replica: Replica, _run_id: str) -> None:
    report = a_report(await world.dispatched(), 1, FAILED, days=())
    report.progress.discovered = False
    await replica.reporter().send(report)


async def failed_half_way_through_its_calls(
    world: Coordination, replica: Replica, _run_id: str
) -> None:
    report = a_report(await world.dispatched(), 1, FAILED, success=2, failed=1)
    report.progress.discovered = False
    await replica.reporter().send(report)


async def unreachable(world: Coordination, _replica: Replica, _run_id: str) -> None:
    world.stages.down = True


def limits(**changes: timedelta) -> Limits:
    return QUICK.model_copy(update=changes)


ENDS = {
    "cancelled before it was taken": End(never_taken),
    "cancelled before it knew a call": End(taken),
    "cancelled midway": End(midway, success=1),
    "failed before it knew a call": End(failed_before_it_knew),
    "failed half way through its calls": End(
        failed_half_way_through_its_calls, success=2, failed=1
    ),
    "silent from the start": End(
        silent_from_the_start, limits=limits(silent=SOON / 2, stall_limit=SOON)
    ),
    "silent midway": End(at_work, success=1, limits=limits(silent=SOON / 2, stall_limit=SOON)),
    "no progress": End(at_work, success=1, limits=limits(progress_limit=SOON)),
    "unreachable": End(unreachable, limits=limits(stall_limit=SOON)),
    "all failed": End(reports(PARTIAL, failed=CALLS), failed=CALLS),
    "some failed": End(reports(PARTIAL, failed=1, success=CALLS - 1), success=3, failed=1),
    "succeeded": End(reports(SUCCEEDED, success=CALLS), success=CALLS),
}


@pytest.mark.parametrize("name", ENDS)
async def test_the_page_comes_to_its_end_and_a_start_goes_on(
    world: Coordination, name: str
) -> None:
    end = ENDS[name]
    async with world.replica() as replica:
        await replica.start(stages=[stage_pb2.STAGE_CALL_SYNC])
        await end_stage(world, replica, success=CALLS)
        before = await polled(replica)
        assert (before.overall_status, before.progress_percentage) == ("pending", 0)
    async with world.replica(end.limits) as replica:
        world.stages.down = end.happens is unreachable
        stub = pb_grpc.DateRangeServiceStub(replica.channel)
        begun = await stub.TranscribeCalls(pb.TranscribeCallsRequest(**DAYS))
        if end.limits is QUICK:  # the others may have ended by now
            assert not stops(await polled(replica))
        await end.happens(world, replica, begun.run_id)

        async def has_ended() -> bool:
            return bool((await polled(replica)).overall_status != "processing")

        await until(has_ended, "the run has ended")
        status, run = await polled(replica), await run_of(replica, begun.run_id)

        assert stops(status)
        counted = status.status_breakdown
        undone = CALLS - end.success - end.failed
        assert (counted.pending, counted.processing) == (undone, 0)
        assert (counted.success, counted.failed) == (end.success, end.failed)
        assert status.total_calls == CALLS
        assert (status.overall_status == "completed") == (end.success == CALLS)
        for stage in run.stages:
            assert not stage.progress.items.pending + stage.progress.items.processing
        # Our own status says how much is done.
        ours = (await replica.stub.GetRangeStatus(ask())).status
        if undone:
            assert ours.progress_percentage == 100 * end.success / CALLS

        world.stages.down = False
        again = await stub.TranscribeCalls(pb.TranscribeCallsRequest(**DAYS))
        assert again.run_id != begun.run_id
        while (await world.next_stage()).run_id != again.run_id:
            pass
        assert not stops(await polled(replica))


async def run_of(replica: Replica, run_id: str) -> Any:
    return (await replica.stub.GetRun(coordinator_pb.GetRunRequest(run_id=run_id))).run


def ask() -> coordinator_pb.GetRangeStatusRequest:
    return coordinator_pb.GetRangeStatusRequest(
        client_id="clinic", stage=stage_pb2.STAGE_TRANSCRIPTION, range=RANGE
    )
