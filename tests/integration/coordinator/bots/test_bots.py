"""What users and callbacks ask of bots, over real gRPC and Postgres; the outside and the stages are played by the test."""

from datetime import timedelta
from typing import Any

import asyncpg
import grpc
import pytest
from potok.coordinator.v1 import bot_service_pb2 as pb
from potok.coordinator.v1 import report_pb2
from potok.recommendations.v1 import meeting_tasks_pb2
from potok.status.v1 import stage_pb2

from tests.builders.bot_status import MEETING_URL
from tests.coordination import QUICK, Coordination, Replica, calling, end_meeting, record
from tests.identity import token
from tests.refusals import refusal
from tests.waiting import until

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


async def test_a_bot_is_triggered_for_its_caller(world: Coordination, anna: Replica) -> None:
    answer = await anna.bots.TriggerBot(
        pb.TriggerBotRequest(meet_url=MEETING_URL, request_id="one")
    )

    assert (answer.bot_id, answer.status) == ("bot_1", "initialized")
    assert answer.message == "Bot bot_1 started successfully for meeting"
    (started,) = world.bots.started
    assert (started.owner, started.bot_name, started.request_id) == ("user:anna", "Potok", "one")


async def test_a_refused_or_unanswered_trigger_says_so_and_leaves_no_bot(
    world: Coordination, anna: Replica
) -> None:
    for code, text in (
        (grpc.StatusCode.FAILED_PRECONDITION, "the meeting is over"),
        (grpc.StatusCode.UNAVAILABLE, "nobody there"),
    ):
        world.bots.refusal = (code, text)
        error = await refusal(anna.bots.TriggerBot(pb.TriggerBotRequest(meet_url=MEETING_URL)))
        assert error.code() is code
        assert text in (error.details() or "")
    listed = await anna.bots.ListBots(pb.ListBotsRequest())

    assert not listed.bots


@pytest.mark.parametrize("meet_url", ["", "meet", "ftp://meet.google.com/a", "https:///abc"])
async def test_what_is_no_address_of_a_meeting_is_refused(anna: Replica, meet_url: str) -> None:
    error = await refusal(anna.bots.TriggerBot(pb.TriggerBotRequest(meet_url=meet_url)))

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "meet_url" in (error.details() or "")


async def test_the_record_is_as_the_document_prints_it(
    world: Coordination, replica: Replica, anna: Replica
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
    await end_meeting(world, replica)
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


async def test_a_status_is_never_cached(world: Coordination, anna: Replica) -> None:
    await world.bots.report("bot_123")
    call = anna.bots.GetBotStatus(pb.GetBotStatusRequest(bot_id="bot_123"))

    assert ("cache-control", "no-store") in tuple(await call.initial_metadata())


async def test_somebody_elses_bot_is_forbidden_and_an_unknown_one_not_found(
    world: Coordination, replica: Replica
) -> None:
    await world.bots.report("bot_123")
    async with calling(replica.address, token("boris")) as boris:
        methods: Any = (
            (boris.bots.GetBotStatus, pb.GetBotStatusRequest),
            (boris.bots.StopBot, pb.StopBotRequest),
            (boris.bots.ListBotObservations, pb.ListBotObservationsRequest),
        )
        for method, request in methods:
            foreign = await refusal(method(request(bot_id="bot_123")))
            unknown = await refusal(method(request(bot_id="bot_9")))
            assert foreign.code() is grpc.StatusCode.PERMISSION_DENIED
            assert unknown.code() is grpc.StatusCode.NOT_FOUND
            assert "anna" not in (foreign.details() or "")
        listed = await boris.bots.ListBots(pb.ListBotsRequest())

    assert not listed.bots
    assert (await record(replica, "bot_123"))["user_id"] == "anna"  # an administrator's look


async def test_a_bot_is_not_shown_as_done_without_its_tasks(
    world: Coordination, replica: Replica, anna: Replica
) -> None:
    await world.bots.report("bot_123", media_ready=True)
    await end_meeting(world, replica)
    world.bots.refusal = (grpc.StatusCode.UNAVAILABLE, "starting")
    error = await refusal(anna.bots.GetBotStatus(pb.GetBotStatusRequest(bot_id="bot_123")))

    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert "recommendations does not answer" in (error.details() or "")


async def test_the_callback_takes_what_the_service_says(
    world: Coordination, replica: Replica, anna: Replica
) -> None:
    await world.bots.report("bot_123")
    answers = [
        await replica.bots.UpdateBotStatus(
            pb.UpdateBotStatusRequest(bot_id="bot_123", status=status)
        )
        for status in ("connected", "connecting", "never heard of")
    ]
    unknown = await refusal(
        replica.bots.UpdateBotStatus(pb.UpdateBotStatusRequest(bot_id="bot_9", status="connected"))
    )
    said = await anna.bots.ListBotObservations(pb.ListBotObservationsRequest(bot_id="bot_123"))

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
    await end_meeting(world, replica)
    answer = await replica.bots.UpdateBotStatus(
        pb.UpdateBotStatusRequest(bot_id="bot_123", status="connected")
    )

    assert answer.status == "done"


async def test_a_bot_whose_record_has_expired_is_there_for_nobody(
    world: Coordination, replica: Replica
) -> None:
    world.bots.owners["bot_123"] = "user:anna"
    world.bots.ended.add("bot_123")
    late = pb.UpdateBotStatusRequest(bot_id="bot_123", status="connected")
    handed_over = pb.CreateTasksFromAudioRequest(user_id="anna", bot_id="bot_123", text="Hi")

    told = await refusal(replica.bots.UpdateBotStatus(late))
    asked = await refusal(replica.bots.CreateTasksFromAudio(handed_over))

    assert (told.code(), asked.code()) == (grpc.StatusCode.NOT_FOUND,) * 2


async def test_bots_are_listed_newest_first_by_pages_and_states(
    world: Coordination, anna: Replica
) -> None:
    world.bots.owners["other"] = "user:boris"
    for bot_id in ("a", "b", "other", "c", "d"):
        await world.bots.report(bot_id, "connected" if bot_id == "b" else "initialized")
    listed: list[str] = []
    request = pb.ListBotsRequest(page_size=3)
    while True:
        page = await anna.bots.ListBots(request)
        listed += [bot.bot_id for bot in page.bots]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    connected = await anna.bots.ListBots(pb.ListBotsRequest(states=[stage_pb2.BOT_STATE_CONNECTED]))

    assert listed == ["d", "c", "b", "a"]
    assert [bot.bot_id for bot in connected.bots] == ["b"]


async def test_a_page_token_of_bots_is_of_the_same_states_only(
    world: Coordination, anna: Replica
) -> None:
    for bot_id in ("a", "b"):
        await world.bots.report(bot_id, "initialized")
    of_all = await anna.bots.ListBots(pb.ListBotsRequest(page_size=1))
    strange = pb.ListBotsRequest(page_token="strange")
    foreign = pb.ListBotsRequest(
        states=[stage_pb2.BOT_STATE_INITIALIZED], page_token=of_all.next_page_token
    )
    errors = [await refusal(anna.bots.ListBots(request)) for request in (strange, foreign)]

    assert {error.code() for error in errors} == {grpc.StatusCode.INVALID_ARGUMENT}


async def test_a_bot_is_asked_to_leave_while_it_is_in_its_meeting(
    world: Coordination, anna: Replica
) -> None:
    await world.bots.report("bot_123", "connected")
    asked = await anna.bots.StopBot(pb.StopBotRequest(bot_id="bot_123"))
    await world.bots.report("bot_123", media_ready=True)
    left = await anna.bots.StopBot(pb.StopBotRequest(bot_id="bot_123"))

    assert world.bots.stopped == ["bot_123"]
    assert asked.bot.state == stage_pb2.BOT_STATE_CONNECTED
    assert left.bot.state == stage_pb2.BOT_STATE_TRANSCRIBING


async def test_a_bot_expires_after_its_time_and_then_its_record_is_gone(
    world: Coordination, sql: asyncpg.Connection
) -> None:
    often = QUICK.model_copy(update={"bot_clean_up": timedelta(milliseconds=50)})

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
        await until(expired, "the bot has expired")
        assert (await record(replica, "bot_123"))["error_message"].startswith("expired")
        assert await world.cancelled() == execution
    await a_day_passes()
    async with world.replica(often) as replica:
        await until(gone, "the record is deleted")
        missing = await refusal(replica.bots.GetBotStatus(pb.GetBotStatusRequest(bot_id="bot_123")))
        again = await world.bots.report("bot_123")

        assert missing.code() is grpc.StatusCode.NOT_FOUND
        assert again.verdict == report_pb2.VERDICT_APPLIED  # nothing of it is left in memory
