"""What is told of a run that has ended is true: nothing is left open, nothing undone is done, red stays red."""

from collections.abc import Callable
from typing import Any

import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import run_pb2
from potok.status.v1 import stage_pb2

from services.stage.domain import Failure, Item, Outcome
from services.status.domain import Reason, RunMode, Stage
from services.status.mapping import REASON_TO_PB, RUN_MODE_TO_PB, STAGE_TO_PB
from tests.conftest import Database
from tests.fakes.stage_chain import RANGE, Chain, chain
from tests.fakes.stage_work import found, succeed
from tests.waiting import until

CALL_SYNC, TRANSCRIPTION, ANALYSIS = Stage.CALL_SYNC, Stage.TRANSCRIPTION, Stage.ANALYSIS
CALLS = found(*(f"{n:02}" for n in range(30)))


def damaged(*names: str) -> Callable[[Item], Outcome]:
    """Let items fail for good: those named, or all where none is."""

    def outcome(item: Item) -> Outcome:
        if names and item.item_id not in names:
            return succeed(item)
        return Failure(item_id=item.item_id, reason=Reason.BAD_AUDIO, message="no sound")

    return outcome


async def newest(world: Chain) -> run_pb2.Run:
    """Return the run that was started last."""
    run: run_pb2.Run = (await world.stub.ListRuns(pb.ListRunsRequest(client_id="clinic"))).runs[0]
    return run


async def begin(world: Chain, *stages: Stage, mode: RunMode = RunMode.PENDING) -> str:
    """Start a run; returns its id."""
    request = pb.StartRunRequest(
        client_id="clinic",
        range=RANGE,
        stages=[STAGE_TO_PB[stage] for stage in stages],
        mode=RUN_MODE_TO_PB[mode],
    )
    started: pb.StartRunResponse = await world.stub.StartRun(request)
    return started.run.status.run_id


async def ended(world: Chain, run_id: str) -> run_pb2.Run:
    """Wait for the end of a run; returns it."""

    async def has_ended() -> bool:
        run = (await world.stub.GetRun(pb.GetRunRequest(run_id=run_id))).run
        return bool(run.status.HasField("end_time"))

    await until(has_ended, "the run has ended")
    answer: pb.GetRunResponse = await world.stub.GetRun(pb.GetRunRequest(run_id=run_id))
    return answer.run


async def items_of(world: Chain, stage: stage_pb2.Stage.ValueType, execution: int) -> list[Any]:
    request = pb.ListItemsRequest(
        client_id="clinic", stage=stage, range=RANGE, execution=execution, page_size=1000
    )
    return list((await world.stub.ListItems(request)).items)


async def test_a_cancelled_stage_tells_what_its_items_say_and_its_rest_is_pending(
    database: Database, free_port: int
) -> None:
    async with chain(database, free_port, *CALLS) as world:
        await world.run(CALL_SYNC)
        transcription = world.stages[TRANSCRIPTION]
        run_id = await begin(world, TRANSCRIPTION)
        await transcription.until_stored(10)
        transcription.go_on.clear()
        await world.stub.CancelRun(pb.CancelRunRequest(run_id=run_id))
        run = await ended(world, run_id)
        (stage,) = run.stages
        items = await items_of(world, stage.stage, stage.execution)

        async def all_is_reported() -> bool:
            status = await world.status(TRANSCRIPTION)
            return bool(status.status_breakdown.success == counted.success)

        counted = stage.progress.items
        assert run.status.state == stage_pb2.RUN_STATE_CANCELLED
        assert (counted.pending, counted.processing) == (0, 0)
        assert counted.success == sum(i.state == stage_pb2.ITEM_STATE_SUCCESS for i in items)
        assert counted.failed == sum(i.state == stage_pb2.ITEM_STATE_FAILED for i in items)
        assert {r.reason: r.count for r in stage.progress.reasons} in (
            {REASON_TO_PB[Reason.CANCELLED]: counted.failed},
            {},
        )
        await until(all_is_reported, "the counts of the day have come")
        status = await world.status(TRANSCRIPTION)
        found_ = status.status_breakdown
        assert (found_.failed, found_.processing) == (0, 0)
        assert found_.pending == len(CALLS) - counted.success
        assert status.progress_percentage == round(100 * counted.success / len(CALLS), 2)

        transcription.go_on.set()
        taken = await world.run(TRANSCRIPTION)
        assert len(taken.get(TRANSCRIPTION, [])) == found_.pending, "a start goes on with the rest"
        status = await world.status(TRANSCRIPTION)
        assert (status.overall_status, status.progress_percentage) == ("completed", 100)


async def test_a_plain_rerun_over_known_failures_is_not_green(
    database: Database, free_port: int
) -> None:
    async with chain(database, free_port, *CALLS) as world:
        world.stages[TRANSCRIPTION].outcome = damaged("03", "17")
        await world.run(CALL_SYNC, TRANSCRIPTION)
        first = await newest(world)
        assert await world.run(CALL_SYNC, TRANSCRIPTION) == {}
        again = await newest(world)
        progress = again.stages[1].progress
        preview = await world.stub.PreviewRun(
            pb.PreviewRunRequest(client_id="clinic", range=RANGE, stages=again_stages())
        )
        retry = await world.stub.RetryFailed(pb.RetryFailedRequest(run_id=again.status.run_id))

        assert first.status.state == again.status.state == stage_pb2.RUN_STATE_PARTIAL
        assert (progress.unchanged, progress.unchanged_failed) == (30, 2)
        assert "2 of TRANSCRIPTION" in again.status.message
        assert [each.unchanged_failed for each in preview.stages] == [0, 2]
        assert retry.run.status.first_stage == stage_pb2.STAGE_TRANSCRIPTION
        assert (await ended(world, retry.run.status.run_id)).stages[0].progress.items.failed == 2
        # Mended, it is green at last.
        world.stages[TRANSCRIPTION].outcome = succeed
        await world.run(TRANSCRIPTION, mode=RunMode.FAILED)
        await world.run(CALL_SYNC, TRANSCRIPTION)
        assert (await newest(world)).status.state == stage_pb2.RUN_STATE_COMPLETED


def again_stages() -> list[stage_pb2.Stage.ValueType]:
    return [stage_pb2.STAGE_CALL_SYNC, stage_pb2.STAGE_TRANSCRIPTION]


@pytest.mark.parametrize("stage", [CALL_SYNC, TRANSCRIPTION, ANALYSIS])
async def test_damage_for_good_does_not_close_the_gate_where_any_success_is_enough(
    database: Database, free_port: int, stage: Stage
) -> None:
    async with chain(database, free_port, *found("1", "2")) as world:
        world.stages[stage].outcome = damaged()
        await world.run()
        run = await newest(world)

        assert run.status.state == stage_pb2.RUN_STATE_PARTIAL
        assert run.status.stage == stage_pb2.STAGE_REPORTING
        assert await begin(world, Stage.REPORTING), "nor does it refuse a start"
