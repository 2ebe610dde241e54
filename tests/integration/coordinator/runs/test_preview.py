"""What a run would do, asked from its stages; the stages are played by the test."""

from collections.abc import Awaitable

import grpc
import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.stage.v1 import stage_service_pb2 as stage_pb
from potok.status.v1 import progress_pb2, stage_pb2

from tests.coordination import DAY, RANGE, SETTINGS, SUCCEEDED, Coordination, Replica, a_report
from tests.refusals import reason_of, refusal
from tests.waiting import PATIENCE

CALL_SYNC, TRANSCRIPTION = stage_pb2.STAGE_CALL_SYNC, stage_pb2.STAGE_TRANSCRIPTION
ALL_STAGES = list(range(CALL_SYNC, stage_pb2.STAGE_REPORTING + 1))
PENDING, FAILED, ALL = (
    stage_pb2.RUN_MODE_PENDING,
    stage_pb2.RUN_MODE_FAILED,
    stage_pb2.RUN_MODE_ALL,
)


async def preview(
    replica: Replica, client_id: str = "clinic", **request: object
) -> list[pb.StagePreview]:
    answer = await replica.stub.PreviewRun(
        pb.PreviewRunRequest(client_id=client_id, range=RANGE, **request),  # type: ignore[arg-type]
        timeout=PATIENCE,
    )
    return list(answer.stages)


def an_item(name: str, seconds: float | None = None) -> stage_pb.PreviewedItem:
    return stage_pb.PreviewedItem(item_id=name, day=DAY, duration_seconds=seconds)


async def test_every_stage_is_told_what_the_one_before_would_take(
    world: Coordination, replica: Replica
) -> None:
    new, redone = an_item("new", 60), an_item("redone")
    world.stages.preview = {
        CALL_SYNC: stage_pb.PreviewStageResponse(taken=[new, redone], unchanged=3, more=True),
        TRANSCRIPTION: stage_pb.PreviewStageResponse(
            taken=[new], cost=progress_pb2.Cost(amount=1.5, currency="EUR")
        ),
    }
    call_sync, transcription, *later = await preview(replica)

    assert call_sync == pb.StagePreview(
        stage=CALL_SYNC,
        calls=2,
        duration_seconds=60,
        unknown_durations=1,
        unchanged=3,
        more=True,
    )
    assert (transcription.calls, transcription.duration_seconds) == (1, 60)
    assert (transcription.cost.amount, transcription.cost.currency) == (1.5, "EUR")
    assert [stage.calls for stage in later] == [0, 0, 0]
    asked = world.stages.previews
    assert [request.stage for request in asked] == ALL_STAGES
    assert [list(request.coming) for request in asked[:3]] == [[], [new, redone], [new]]
    assert {(r.owner, r.range.start_date, r.settings.source) for r in asked} == {
        ("client:clinic", DAY, SETTINGS.source)
    }
    runs = await replica.stub.ListRuns(pb.ListRunsRequest())
    assert not runs.runs


@pytest.mark.parametrize(
    ("mode", "asked"),
    [
        (stage_pb2.RUN_MODE_UNSPECIFIED, [PENDING] * 5),
        (FAILED, [FAILED] + [PENDING] * 4),
        (ALL, [ALL] * 5),
    ],
)
async def test_the_stages_are_asked_in_the_modes_that_a_run_has(
    world: Coordination, replica: Replica, mode: int, asked: list[int]
) -> None:
    await preview(replica, mode=mode)

    assert [request.mode for request in world.stages.previews] == asked


async def test_reporting_follows_recommendations_in_a_preview_too(
    world: Coordination, replica: Replica
) -> None:
    run = (await replica.start(stages=ALL_STAGES[:3])).run
    reporter = replica.reporter()
    for _ in range(3):
        await reporter.send(a_report(await world.dispatched(), 1, SUCCEEDED, success=1))
    assert run.status.last_stage == stage_pb2.STAGE_ANALYSIS
    await preview(replica, stages=[stage_pb2.STAGE_RECOMMENDATIONS])

    assert [request.stage for request in world.stages.previews] == ALL_STAGES[3:]


async def refused(call: Awaitable[object]) -> tuple[grpc.StatusCode, str]:
    error = await refusal(call)
    return error.code(), reason_of(error)


async def test_a_preview_is_refused_as_its_start_would_be(
    world: Coordination, replica: Replica
) -> None:
    analysis = [stage_pb2.STAGE_ANALYSIS]
    apart = [CALL_SYNC, stage_pb2.STAGE_ANALYSIS]
    future = progress_pb2.DateRange(start_date=DAY, end_date="2026-12-31")
    for stages in (analysis, apart):
        assert await refused(preview(replica, stages=stages)) == await refused(
            replica.start(stages=stages)
        )
    start = pb.StartRunRequest(client_id="clinic", range=future)
    assert await refused(
        replica.stub.PreviewRun(pb.PreviewRunRequest(client_id="clinic", range=future))
    ) == await refused(replica.stub.StartRun(start))
    assert await refused(preview(replica, "nobody")) == (grpc.StatusCode.NOT_FOUND, "")

    await replica.start()
    await world.dispatched()
    assert await refused(preview(replica)) == (grpc.StatusCode.ABORTED, "RUN_ACTIVE")
    assert not world.stages.previews


async def test_a_preview_without_a_stage_is_unavailable_and_names_it(
    world: Coordination, replica: Replica
) -> None:
    world.stages.down = True
    with pytest.raises(grpc.aio.AioRpcError, match="CALL_SYNC does not answer") as raised:
        await preview(replica)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
