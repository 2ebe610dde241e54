"""The stages that a meeting goes through, and its bot with them; the stages are played by the test."""

import asyncpg
import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as runs_pb
from potok.coordinator.v1 import report_pb2
from potok.status.v1 import stage_pb2

from tests.coordination import (
    FAILED,
    PARTIAL,
    SUCCEEDED,
    Coordination,
    Replica,
    a_report,
    end_meeting,
    record,
)
from tests.fakes.bots import MEETING_DAY
from tests.refusals import reason_of, refusal
from tests.waiting import until


def a_failure(execution: int, message: str) -> report_pb2.Report:
    report = a_report(execution, 1, PARTIAL, days=(), failed=1)
    report.progress.failures.add(
        item_id="bot_1", reason=stage_pb2.REASON_BAD_AUDIO, message=message
    )
    return report


async def test_the_bot_goes_with_the_stages_of_its_meeting(
    world: Coordination, replica: Replica, anna: Replica
) -> None:
    await world.bots.report("bot_123", "connecting", detail="waiting_room")
    assert (await record(anna, "bot_123"))["status"] == "connecting"
    verdict = await world.bots.report("bot_123", "connected", media_ready=True)
    assert verdict.state == stage_pb2.BOT_STATE_TRANSCRIBING
    seen = []
    reporter = replica.reporter()
    for _ in range(3):
        request = await world.next_stage()
        now = await record(anna, "bot_123")
        seen.append((request.stage, now["status"], now["session_id"]))
        assert (request.owner, request.bot_id) == ("user:anna", "bot_123")
        assert (request.range.start_date, request.range.end_date) == (MEETING_DAY, MEETING_DAY)
        assert (request.settings.source, request.settings.playbook) == ("bot:bot_123", "meeting")
        report = a_report(request.execution, 1, SUCCEEDED, days=(), success=1)
        assert await reporter.send(report) == []
    run_id = request.run_id

    assert seen == [
        (stage_pb2.STAGE_TRANSCRIPTION, "transcribing", None),
        (stage_pb2.STAGE_ANALYSIS, "analyzing_meeting", run_id),
        (stage_pb2.STAGE_TASKS, "creating_tasks", run_id),
    ]
    assert (await record(anna, "bot_123"))["status"] == "done"


async def test_a_meeting_in_which_nobody_spoke_is_done_without_tasks(
    world: Coordination, replica: Replica, anna: Replica
) -> None:
    await world.bots.report("bot_123", media_ready=True)
    reporter = replica.reporter()
    await reporter.send(a_report(await world.dispatched(), 1, SUCCEEDED, days=(), skipped=1))
    for _ in range(2):
        await reporter.send(a_report(await world.dispatched(), 1, SUCCEEDED, days=()))
    done = await record(anna, "bot_123")

    # What the stage wrote of it is played by nobody here.
    assert (done["status"], done["result_data"]) == ("done", None)


async def test_a_meeting_that_failed_ends_as_an_error_that_says_why(
    world: Coordination, replica: Replica, anna: Replica
) -> None:
    await world.bots.report("bot_123", media_ready=True)
    await replica.reporter().send(a_failure(await world.dispatched(), "the recording is damaged"))
    failed = await record(anna, "bot_123")
    runs = await replica.stub.ListRuns(runs_pb.ListRunsRequest())
    run = runs.runs[0]

    assert (failed["status"], failed["error_message"]) == ("error", "the recording is damaged")
    assert (failed["session_id"], failed["result_data"]) == (None, None)
    assert (run.status.bot_id, run.status.client_id) == ("bot_123", "")
    assert run.status.state == stage_pb2.RUN_STATE_FAILED
    assert run.status.message == run.stages[0].message == "the recording is damaged"


@pytest.mark.usefixtures("replica")
async def test_many_meetings_of_a_user_go_on_at_the_same_time(world: Coordination) -> None:
    for number in range(3):
        await world.bots.report(f"bot_{number}", media_ready=True)
    begun = {(await world.next_stage()).bot_id for _ in range(3)}

    assert begun == {"bot_0", "bot_1", "bot_2"}


async def test_a_restart_in_the_middle_of_a_meeting_loses_nothing(world: Coordination) -> None:
    async with world.replica() as first:
        await world.bots.report("bot_123", media_ready=True)
        await end_meeting(world, first, 1)
        execution = await world.dispatched()
    async with world.replica() as second:
        known = await record(second, "bot_123")
        reporter = second.reporter()
        await reporter.send(a_report(execution, 1, SUCCEEDED, days=(), success=1))
        await end_meeting(world, second, 1)

        assert known["status"] == "analyzing_meeting"
        assert (await record(second, "bot_123"))["status"] == "done"


async def test_a_cancelled_meeting_ends_its_bot(
    world: Coordination, replica: Replica, anna: Replica
) -> None:
    await world.bots.report("bot_123", media_ready=True)
    request = await world.next_stage()
    await replica.stub.CancelRun(runs_pb.CancelRunRequest(run_id=request.run_id))

    async def ended() -> bool:
        return bool((await record(anna, "bot_123"))["status"] == "error")

    await until(ended, "the bot has failed with its run")
    retried = await refusal(
        replica.stub.RetryFailed(runs_pb.RetryFailedRequest(run_id=request.run_id))
    )

    assert (await record(anna, "bot_123"))["error_message"].startswith("cancelled")
    assert reason_of(retried) == "RUN_OF_MEETING"


async def test_progress_of_a_meeting_counts_in_no_ledger(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    await world.bots.report("bot_123", media_ready=True)
    reporter = replica.reporter()
    execution = await world.dispatched()
    await reporter.send(a_report(execution, 1, days=(), pending=1))
    await reporter.send(a_report(execution, 2, days=(), processing=1))
    await reporter.send(a_report(execution, 3, FAILED, days=(), reason=stage_pb2.REASON_INTERNAL))
    days = await sql.fetchval("SELECT count(*) FROM ledger")
    subjects = await sql.fetch("SELECT DISTINCT owner, subject FROM log")

    assert days == 0
    assert [tuple(row) for row in subjects] == [("user:anna", "bot_123")]
