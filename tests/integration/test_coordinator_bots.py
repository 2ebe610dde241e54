"""Bots and their meetings over real gRPC and Postgres; the outside and the stages are played by the test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from potok.coordinator.v1 import bot_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2 as runs_pb
from potok.coordinator.v1 import report_pb2
from potok.coordinator.v1.bot_report_service_pb2_grpc import BotReportServiceStub
from potok.coordinator.v1.bot_service_pb2_grpc import BotServiceStub
from potok.recommendations.v1 import meeting_tasks_pb2
from potok.stage.v1 import stage_service_pb2 as stage_pb
from potok.status.v1 import event_pb2, stage_pb2

from services.kernel.rpc.errors import error_info
from tests.conftest import Database
from tests.coordination import (
    FAILED,
    PARTIAL,
    PATIENCE,
    QUICK,
    SUCCEEDED,
    Coordination,
    Replica,
    a_report,
    coordination,
)
from tests.fakes.bots import MEETING_DAY
from tests.fakes.stage import until
from tests.identity import open_channel, token

MEET = "https://meet.google.com/abc-defg-hij"
TASKS = meeting_tasks_pb2.MeetingTasks(
    summary="They met.",
    tasks=[
        meeting_tasks_pb2.MeetingTask(
            title="Send the offer",
            description="Send the offer to the client.",
            assignee="Boris",
            due_date="2026-11-23",
            priority="high",
            quote="Boris, send the offer by Monday",
        ),
        meeting_tasks_pb2.MeetingTask(title="Call back", priority="low", quote="call back"),
    ],
)


@pytest.fixture
async def world(database: Database) -> AsyncIterator[Coordination]:
    async with coordination(database) as world:
        yield world


@pytest.fixture
async def replica(world: Coordination) -> AsyncIterator[Replica]:
    async with world.replica() as replica:
        yield replica


@pytest.fixture
async def anna(replica: Replica) -> AsyncIterator[Any]:
    """Bots as the user anna sees them."""
    async with open_channel(replica.address, as_=token("anna")) as channel:
        yield BotServiceStub(channel)


async def refusal(call: Awaitable[object]) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value


async def record(bots: Any, bot_id: str) -> dict[str, Any]:
    """Return the record of a bot as a browser gets it."""
    answer = await bots.GetBotStatus(pb.GetBotStatusRequest(bot_id=bot_id), timeout=PATIENCE)
    return MessageToDict(
        answer, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


async def next_stage(world: Coordination) -> stage_pb.RunStageRequest:
    async with asyncio.timeout(PATIENCE):
        return await world.stages.runs.get()


async def end_stages(world: Coordination, replica: Replica, count: int = 3) -> None:
    """Let the next stages succeed with the meeting, or with nothing after it was skipped."""
    reporter = replica.reporter()
    for _ in range(count):
        execution = await world.dispatched()
        assert await reporter.send(a_report(execution, 1, SUCCEEDED, days=(), success=1)) == []


def a_failure(execution: int, message: str) -> report_pb2.Report:
    report = a_report(execution, 1, PARTIAL, days=(), failed=1)
    report.progress.failures.add(
        item_id="bot_1", reason=stage_pb2.REASON_BAD_AUDIO, message=message
    )
    return report


async def test_a_bot_is_triggered_for_its_caller(world: Coordination, anna: Any) -> None:
    answer = await anna.TriggerBot(
        pb.TriggerBotRequest(meet_url=MEET, request_id="one"), timeout=PATIENCE
    )

    assert (answer.bot_id, answer.status) == ("bot_1", "initialized")
    assert answer.message == "Bot bot_1 started successfully for meeting"
    (started,) = world.bots.started
    assert (started.owner, started.bot_name, started.request_id) == ("user:anna", "Potok", "one")


async def test_a_refused_or_unanswered_trigger_says_so_and_leaves_no_bot(
    world: Coordination, anna: Any
) -> None:
    for code, text in (
        (grpc.StatusCode.FAILED_PRECONDITION, "the meeting is over"),
        (grpc.StatusCode.UNAVAILABLE, "nobody there"),
    ):
        world.bots.refusal = (code, text)
        error = await refusal(anna.TriggerBot(pb.TriggerBotRequest(meet_url=MEET)))
        assert error.code() is code
        assert text in (error.details() or "")
    listed = await anna.ListBots(pb.ListBotsRequest(), timeout=PATIENCE)

    assert not listed.bots


@pytest.mark.parametrize("meet_url", ["", "meet", "ftp://meet.google.com/a", "https:///abc"])
async def test_what_is_no_address_of_a_meeting_is_refused(anna: Any, meet_url: str) -> None:
    error = await refusal(anna.TriggerBot(pb.TriggerBotRequest(meet_url=meet_url)))

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "meet_url" in (error.details() or "")


async def test_the_record_is_as_the_document_prints_it(
    world: Coordination, replica: Replica, anna: Any
) -> None:
    await world.bots.report("bot_123")
    young = await record(anna, "bot_123")

    assert list(young) == [
        "bot_id",
        "status",
        "user_id",
        "created_at",
        "updated_at",
        "error_message",
        "session_id",
        "result_data",
    ]
    assert (young["bot_id"], young["status"], young["user_id"]) == (
        "bot_123",
        "initialized",
        "anna",
    )
    assert young["created_at"] == young["updated_at"]
    assert len(young["created_at"]) == len("2025-11-26T10:00:00.000Z")
    assert young["created_at"][-1] == "Z"
    assert [young[name] for name in ("error_message", "session_id", "result_data")] == [None] * 3

    await world.bots.report("bot_123", "connected", media_ready=True)
    world.bots.tasks["bot_123"] = TASKS
    await end_stages(world, replica)
    done = await record(anna, "bot_123")

    assert (done["status"], done["error_message"]) == ("done", None)
    assert done["result_data"] == {
        "tasks": [
            {
                "title": "Send the offer",
                "description": "Send the offer to the client.",
                "assignee": "Boris",
                "due_date": "2026-11-23",
                "priority": "high",
                "quote": "Boris, send the offer by Monday",
            },
            {
                "title": "Call back",
                "description": "",
                "assignee": None,
                "due_date": None,
                "priority": "low",
                "quote": "call back",
            },
        ],
        "summary": "They met.",
    }


async def test_a_status_is_never_cached(world: Coordination, anna: Any) -> None:
    await world.bots.report("bot_123")
    call = anna.GetBotStatus(pb.GetBotStatusRequest(bot_id="bot_123"))

    assert ("cache-control", "no-store") in tuple(await call.initial_metadata())


async def test_somebody_elses_bot_is_forbidden_and_an_unknown_one_not_found(
    world: Coordination, replica: Replica
) -> None:
    await world.bots.report("bot_123")
    async with open_channel(replica.address, as_=token("boris")) as channel:
        boris = BotServiceStub(channel)
        methods: Any = (
            (boris.GetBotStatus, pb.GetBotStatusRequest),
            (boris.StopBot, pb.StopBotRequest),
            (boris.ListBotObservations, pb.ListBotObservationsRequest),
        )
        for method, request in methods:
            foreign = await refusal(method(request(bot_id="bot_123")))
            unknown = await refusal(method(request(bot_id="bot_9")))
            assert foreign.code() is grpc.StatusCode.PERMISSION_DENIED
            assert unknown.code() is grpc.StatusCode.NOT_FOUND
            assert "anna" not in (foreign.details() or "")
        listed = await boris.ListBots(pb.ListBotsRequest(), timeout=PATIENCE)

    assert not listed.bots
    assert (await record(replica.bots, "bot_123"))["user_id"] == "anna"  # an administrator's look


async def test_the_bot_goes_with_the_stages_of_its_meeting(
    world: Coordination, replica: Replica, anna: Any
) -> None:
    await world.bots.report("bot_123", "connecting", detail="waiting_room")
    assert (await record(anna, "bot_123"))["status"] == "connecting"
    verdict = await world.bots.report("bot_123", "connected", media_ready=True)
    assert verdict.state == stage_pb2.BOT_STATE_TRANSCRIBING
    seen = []
    reporter = replica.reporter()
    for _ in range(3):
        request = await next_stage(world)
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
    world: Coordination, replica: Replica, anna: Any
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
    world: Coordination, replica: Replica, anna: Any
) -> None:
    await world.bots.report("bot_123", media_ready=True)
    await replica.reporter().send(a_failure(await world.dispatched(), "the recording is damaged"))
    failed = await record(anna, "bot_123")
    runs = await replica.stub.ListRuns(runs_pb.ListRunsRequest(), timeout=PATIENCE)
    run = runs.runs[0]

    assert (failed["status"], failed["error_message"]) == ("error", "the recording is damaged")
    assert (failed["session_id"], failed["result_data"]) == (None, None)
    assert (run.status.bot_id, run.status.client_id) == ("bot_123", "")
    assert run.status.state == stage_pb2.RUN_STATE_FAILED
    assert run.status.message == run.stages[0].message == "the recording is damaged"


@pytest.mark.usefixtures("replica")
async def test_reports_again_late_and_impossible_change_nothing(world: Coordination) -> None:
    first = await world.bots.report("bot_123", "connected", sequence=5)
    again = await world.bots.report("bot_123", "connected", sequence=5)
    late = await world.bots.report("bot_123", "connecting", sequence=6)
    older = await world.bots.report("bot_123", "error", sequence=4, error_message="gone")
    world.bots.owners["bot_123"] = "user:boris"
    foreign = await world.bots.report("bot_123", "connected", sequence=9)

    verdicts = [each.verdict for each in (first, again, late, older, foreign)]
    assert verdicts == [
        report_pb2.VERDICT_APPLIED,
        report_pb2.VERDICT_DUPLICATE,
        report_pb2.VERDICT_STALE,
        report_pb2.VERDICT_STALE,
        report_pb2.VERDICT_ILLEGAL,
    ]
    states = {each.state for each in (first, again, late, older)}
    assert states == {stage_pb2.BOT_STATE_CONNECTED}


@pytest.mark.usefixtures("replica")
async def test_many_meetings_of_a_user_go_on_at_the_same_time(world: Coordination) -> None:
    for number in range(3):
        await world.bots.report(f"bot_{number}", media_ready=True)
    begun = {(await next_stage(world)).bot_id for _ in range(3)}

    assert begun == {"bot_0", "bot_1", "bot_2"}


async def test_a_restart_in_the_middle_of_a_meeting_loses_nothing(world: Coordination) -> None:
    async with world.replica() as first:
        await world.bots.report("bot_123", media_ready=True)
        await end_stages(world, first, 1)
        execution = await world.dispatched()
    async with world.replica() as second:
        known = await record(second.bots, "bot_123")
        reporter = second.reporter()
        await reporter.send(a_report(execution, 1, SUCCEEDED, days=(), success=1))
        await end_stages(world, second, 1)

        assert known["status"] == "analyzing_meeting"
        assert (await record(second.bots, "bot_123"))["status"] == "done"


async def test_a_replica_sees_what_another_one_did_with_a_bot(world: Coordination) -> None:
    async with world.replica(), world.replica() as second:
        # The fake reports to the replica that came last.
        await world.bots.report("bot_123", "connecting")
        async with world.replica():
            applied = await world.bots.report("bot_123", "connected")
        world.bots.reports = None
        assert applied.verdict == report_pb2.VERDICT_APPLIED
        assert (await record(second.bots, "bot_123"))["status"] == "connected"


async def test_replicas_that_are_told_of_a_bot_at_once_agree(
    world: Coordination, database: Database
) -> None:
    async with world.replica() as first, world.replica() as second:
        stubs = [BotReportServiceStub(each.channel) for each in (first, second)]
        said = ["initialized", "connecting", "connected", "connecting", "connected"] * 6
        verdicts = await asyncio.gather(
            *(
                world.bots.report("bot_123", status, sequence=place + 1, via=stubs[place % 2])
                for place, status in enumerate(said)
            )
        )
        known = [(await record(each.bots, "bot_123"))["status"] for each in (first, second)]
    async with database.pool("coordinator_system") as sql:
        rows = await sql.fetch("SELECT body FROM log ORDER BY revision")
    states = [event_pb2.Change.FromString(row["body"]).events[0].bot.state for row in rows]
    applied = [each for each in verdicts if each.verdict == report_pb2.VERDICT_APPLIED]

    assert set(known) == {"connected"}
    assert states == sorted(set(states))
    assert len(applied) == len(states)


async def test_a_cancelled_meeting_ends_its_bot(
    world: Coordination, replica: Replica, anna: Any
) -> None:
    await world.bots.report("bot_123", media_ready=True)
    request = await next_stage(world)
    await replica.stub.CancelRun(runs_pb.CancelRunRequest(run_id=request.run_id), timeout=PATIENCE)

    async def ended() -> bool:
        return bool((await record(anna, "bot_123"))["status"] == "error")

    await until(ended)
    retried = await refusal(
        replica.stub.RetryFailed(runs_pb.RetryFailedRequest(run_id=request.run_id))
    )

    assert (await record(anna, "bot_123"))["error_message"].startswith("cancelled")
    info = error_info(retried)
    assert info
    assert info.reason == "RUN_OF_MEETING"


def create_tasks(
    replica: Replica, **request: Any
) -> "asyncio.Future[pb.CreateTasksFromAudioResponse]":
    call: Any = replica.bots.CreateTasksFromAudio(
        pb.CreateTasksFromAudioRequest(**request), timeout=PATIENCE
    )
    answer: asyncio.Future[pb.CreateTasksFromAudioResponse] = asyncio.ensure_future(call)
    return answer


async def test_tasks_are_created_from_a_text_without_a_bot(
    world: Coordination, replica: Replica, anna: Any
) -> None:
    answer = create_tasks(replica, user_id="anna", text="Anna: call Boris back")
    await end_stages(world, replica)
    got = await answer

    assert (got.bot_id, got.status, got.user_id) == ("bot_1", "done", "anna")
    (kept,) = world.bots.kept
    assert (kept.owner, kept.bot_id, kept.text) == ("user:anna", "", "Anna: call Boris back")
    assert got.session_id.string_value
    assert (await record(anna, "bot_1"))["session_id"] == got.session_id.string_value


async def test_a_repeat_joins_the_first_and_a_final_bot_answers_at_once(
    world: Coordination, replica: Replica
) -> None:
    await world.bots.report("bot_123", "connected")
    asked = {"user_id": "anna", "bot_id": "bot_123", "audio_url": "https://files.example/a.mp3"}
    first = create_tasks(replica, **asked)
    request = await next_stage(world)
    second = create_tasks(replica, **asked)
    report = a_report(request.execution, 1, SUCCEEDED, days=(), success=1)
    await replica.reporter().send(report)
    await end_stages(world, replica, 2)
    both = [await first, await second]
    third = await create_tasks(replica, **asked)

    assert [each.status for each in (*both, third)] == ["done"] * 3
    assert len(world.bots.kept) == 1


async def test_what_takes_too_long_is_answered_as_it_is_and_goes_on(world: Coordination) -> None:
    limits = QUICK.model_copy(update={"create_tasks_wait": timedelta(milliseconds=50)})
    async with world.replica(limits) as replica:
        got = await create_tasks(replica, user_id="anna", text="Anna: hello")
        await end_stages(world, replica)

        assert got.status == "transcribing"
        assert got.result_data.HasField("null_value")
        assert (await record(replica.bots, got.bot_id))["status"] == "done"


async def test_what_is_kept_but_not_begun_is_said_to_be(world: Coordination) -> None:
    world.bots.cut_off = True
    limits = QUICK.model_copy(update={"create_tasks_wait": timedelta(milliseconds=50)})
    async with world.replica(limits) as replica:
        error = await refusal(create_tasks(replica, user_id="anna", text="Anna: hello"))

    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert "kept for bot bot_1" in (error.details() or "")


async def test_a_bot_is_not_shown_as_done_without_its_tasks(
    world: Coordination, replica: Replica, anna: Any
) -> None:
    await world.bots.report("bot_123", media_ready=True)
    await end_stages(world, replica)
    world.bots.refusal = (grpc.StatusCode.UNAVAILABLE, "starting")
    error = await refusal(anna.GetBotStatus(pb.GetBotStatusRequest(bot_id="bot_123")))

    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert "recommendations does not answer" in (error.details() or "")


async def test_the_work_goes_on_when_the_caller_leaves(
    world: Coordination, replica: Replica
) -> None:
    call: Any = replica.bots.CreateTasksFromAudio(
        pb.CreateTasksFromAudioRequest(user_id="anna", text="Anna: hello")
    )
    waiting = asyncio.ensure_future(call)
    request = await next_stage(world)
    waiting.cancel()
    report = a_report(request.execution, 1, SUCCEEDED, days=(), success=1)
    await replica.reporter().send(report)
    await end_stages(world, replica, 2)

    assert (await record(replica.bots, request.bot_id))["status"] == "done"


async def test_a_replica_that_stops_answers_those_who_wait(world: Coordination) -> None:
    async with contextlib.AsyncExitStack() as outlives:
        async with world.replica(drain=timedelta(seconds=PATIENCE)) as replica:
            channel = await outlives.enter_async_context(open_channel(replica.address))
            call: Any = BotServiceStub(channel).CreateTasksFromAudio(
                pb.CreateTasksFromAudioRequest(user_id="anna", text="Anna: hello")
            )
            await next_stage(world)
        got = await call

    assert got.status == "transcribing"


async def test_tasks_are_created_for_the_owner_of_the_bot_alone(
    world: Coordination, replica: Replica
) -> None:
    await world.bots.report("bot_123", "connected")
    for user in ("boris", "boris,user:anna"):
        error = await refusal(
            create_tasks(replica, user_id=user, bot_id="bot_123", text="Anna: hello")
        )
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "user_id" in (error.details() or "")

    assert not world.bots.kept


@pytest.mark.parametrize("media", [{}, {"audio_url": "no address"}, {"text": ""}])
async def test_tasks_need_one_address_or_one_text(replica: Replica, media: dict[str, str]) -> None:
    error = await refusal(create_tasks(replica, user_id="anna", **media))

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_callback_takes_what_the_service_says(
    world: Coordination, replica: Replica, anna: Any
) -> None:
    await world.bots.report("bot_123")
    answers = [
        await replica.bots.UpdateBotStatus(
            pb.UpdateBotStatusRequest(bot_id="bot_123", status=status), timeout=PATIENCE
        )
        for status in ("connected", "connecting", "never heard of")
    ]
    unknown = await refusal(
        replica.bots.UpdateBotStatus(pb.UpdateBotStatusRequest(bot_id="bot_9", status="connected"))
    )
    said = await anna.ListBotObservations(
        pb.ListBotObservationsRequest(bot_id="bot_123"), timeout=PATIENCE
    )

    assert [(each.bot_id, each.status) for each in answers] == [("bot_123", "connected")] * 3
    assert unknown.code() is grpc.StatusCode.NOT_FOUND
    assert [each.raw_status for each in said.observations] == [
        "never heard of",
        "connecting",
        "connected",
    ]


async def test_a_late_callback_is_answered_where_the_bot_is_now(
    world: Coordination, replica: Replica
) -> None:
    await world.bots.report("bot_123", media_ready=True)
    await end_stages(world, replica)
    answer = await replica.bots.UpdateBotStatus(
        pb.UpdateBotStatusRequest(bot_id="bot_123", status="connected"), timeout=PATIENCE
    )

    assert answer.status == "done"


async def test_a_bot_whose_record_has_expired_is_there_for_nobody(
    world: Coordination, replica: Replica
) -> None:
    world.bots.owners["bot_123"] = "user:anna"
    world.bots.ended.add("bot_123")
    late = pb.UpdateBotStatusRequest(bot_id="bot_123", status="connected")

    told = await refusal(replica.bots.UpdateBotStatus(late, timeout=PATIENCE))
    asked = await refusal(create_tasks(replica, user_id="anna", bot_id="bot_123", text="Hi"))

    assert (told.code(), asked.code()) == (grpc.StatusCode.NOT_FOUND,) * 2


async def test_a_user_has_only_so_many_meetings_waited_for(world: Coordination) -> None:
    limits = QUICK.model_copy(update={"waits_per_user": 1})
    async with world.replica(limits=limits) as replica:
        waiting = asyncio.ensure_future(create_tasks(replica, user_id="anna", text="Hi"))
        await world.dispatched()
        refused = await refusal(create_tasks(replica, user_id="anna", text="Hello"))
        other = asyncio.ensure_future(create_tasks(replica, user_id="boris", text="Hello"))
        await world.dispatched()
        waiting.cancel()
        other.cancel()

    assert refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    info = error_info(refused)
    assert info
    assert info.reason == "TOO_MANY_WAITS"


async def test_bots_are_listed_newest_first_by_pages_and_states(
    world: Coordination, anna: Any
) -> None:
    world.bots.owners["other"] = "user:boris"
    for bot_id in ("a", "b", "other", "c", "d"):
        await world.bots.report(bot_id, "connected" if bot_id == "b" else "initialized")
    listed: list[str] = []
    request = pb.ListBotsRequest(page_size=3)
    while True:
        page = await anna.ListBots(request, timeout=PATIENCE)
        listed += [bot.bot_id for bot in page.bots]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    connected = await anna.ListBots(
        pb.ListBotsRequest(states=[stage_pb2.BOT_STATE_CONNECTED]), timeout=PATIENCE
    )
    strange = await refusal(anna.ListBots(pb.ListBotsRequest(page_token="strange")))

    assert listed == ["d", "c", "b", "a"]
    assert [bot.bot_id for bot in connected.bots] == ["b"]
    assert strange.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_bot_is_asked_to_leave_while_it_is_in_its_meeting(
    world: Coordination, anna: Any
) -> None:
    await world.bots.report("bot_123", "connected")
    asked = await anna.StopBot(pb.StopBotRequest(bot_id="bot_123"), timeout=PATIENCE)
    await world.bots.report("bot_123", media_ready=True)
    left = await anna.StopBot(pb.StopBotRequest(bot_id="bot_123"), timeout=PATIENCE)

    assert world.bots.stopped == ["bot_123"]
    assert asked.bot.state == stage_pb2.BOT_STATE_CONNECTED
    assert left.bot.state == stage_pb2.BOT_STATE_TRANSCRIBING


async def test_a_bot_expires_after_its_time_and_then_its_record_is_gone(
    world: Coordination, database: Database
) -> None:
    often = QUICK.model_copy(update={"bot_clean_up": timedelta(milliseconds=50)})
    async with database.pool("coordinator_system") as sql:

        async def a_day_passes() -> None:
            """Set the clock of the database back for the bots, while no replica has them in memory."""
            await sql.execute("UPDATE bots SET changed_at = changed_at - interval '25 hours'")

        async def state() -> object:
            return await sql.fetchval("SELECT state FROM bots WHERE bot_id = 'bot_123'")

        async def expired() -> bool:
            return await state() == "ERROR"

        async def gone() -> bool:
            return await state() is None

        async with world.replica():
            await world.bots.report("bot_123", media_ready=True)
            execution = await world.dispatched()
        await a_day_passes()
        async with world.replica(often) as replica:
            await until(expired)
            assert (await record(replica.bots, "bot_123"))["error_message"].startswith("expired")
            assert await world.cancelled() == execution
        await a_day_passes()
        async with world.replica(often) as replica:
            await until(gone)
            missing = await refusal(
                replica.bots.GetBotStatus(pb.GetBotStatusRequest(bot_id="bot_123"))
            )
            again = await world.bots.report("bot_123")

            assert missing.code() is grpc.StatusCode.NOT_FOUND
            assert again.verdict == report_pb2.VERDICT_APPLIED  # nothing of it is left in memory


async def test_progress_of_a_meeting_counts_in_no_ledger(
    world: Coordination, replica: Replica, database: Database
) -> None:
    await world.bots.report("bot_123", media_ready=True)
    reporter = replica.reporter()
    execution = await world.dispatched()
    await reporter.send(a_report(execution, 1, days=(), pending=1))
    await reporter.send(a_report(execution, 2, days=(), processing=1))
    await reporter.send(a_report(execution, 3, FAILED, days=(), reason=stage_pb2.REASON_INTERNAL))
    async with database.pool("coordinator_system") as sql:
        days = await sql.fetchval("SELECT count(*) FROM ledger")
        subjects = await sql.fetch("SELECT DISTINCT owner, subject FROM log")

    assert days == 0
    assert [tuple(row) for row in subjects] == [("user:anna", "bot_123")]
