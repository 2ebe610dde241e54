"""CreateTasksFromAudio: a meeting that somebody hands over and waits for; the stages are played by the test."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import grpc
import pytest
from potok.coordinator.v1 import bot_service_pb2 as pb

from tests.coordination import (
    QUICK,
    SUCCEEDED,
    Coordination,
    Replica,
    a_report,
    calling,
    end_meeting,
    record,
)
from tests.refusals import reason_of, refusal
from tests.waiting import PATIENCE


def create_tasks(
    replica: Replica, **request: Any
) -> "asyncio.Future[pb.CreateTasksFromAudioResponse]":
    call: Any = replica.bots.CreateTasksFromAudio(pb.CreateTasksFromAudioRequest(**request))
    answer: asyncio.Future[pb.CreateTasksFromAudioResponse] = asyncio.ensure_future(call)
    return answer


async def test_tasks_are_created_from_a_text_without_a_bot(
    world: Coordination, replica: Replica, anna: Replica
) -> None:
    answer = create_tasks(replica, user_id="anna", text="Anna: call Boris back")
    await end_meeting(world, replica)
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
    request = await world.next_stage()
    second = create_tasks(replica, **asked)
    report = a_report(request.execution, 1, SUCCEEDED, days=(), success=1)
    await replica.reporter().send(report)
    await end_meeting(world, replica, 2)
    both = [await first, await second]
    third = await create_tasks(replica, **asked)

    assert [each.status for each in (*both, third)] == ["done"] * 3
    assert len(world.bots.kept) == 1


async def test_what_takes_too_long_is_answered_as_it_is_and_goes_on(world: Coordination) -> None:
    limits = QUICK.model_copy(update={"create_tasks_wait": timedelta(milliseconds=50)})
    async with world.replica(limits) as replica:
        got = await create_tasks(replica, user_id="anna", text="Anna: hello")
        await end_meeting(world, replica)

        assert got.status == "transcribing"
        assert got.result_data.HasField("null_value")
        assert (await record(replica, got.bot_id))["status"] == "done"


async def test_who_is_strict_gets_what_is_done_alone(world: Coordination) -> None:
    limits = QUICK.model_copy(update={"create_tasks_wait": timedelta(milliseconds=50)})
    asked = {"user_id": "anna", "text": "Anna: hello", "strict": True}
    async with world.replica(limits) as replica:
        late = await refusal(create_tasks(replica, **asked))
        await end_meeting(world, replica)
        done = await create_tasks(replica, **asked, bot_id="bot_1")
        await world.bots.report("bot_2", "error", error_message="nobody let it in")
        failed = await refusal(create_tasks(replica, **asked, bot_id="bot_2"))

    assert done.status == "done"
    assert (late.code(), reason_of(late)) == (
        grpc.StatusCode.DEADLINE_EXCEEDED,
        "BOT_UNFINISHED",
    )
    assert "bot_1 is transcribing still" in str(late.details())
    assert (failed.code(), reason_of(failed)) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "BOT_FAILED",
    )
    assert "nobody let it in" in str(failed.details())


async def test_what_is_kept_but_not_begun_is_said_to_be(world: Coordination) -> None:
    world.bots.cut_off = True
    limits = QUICK.model_copy(update={"create_tasks_wait": timedelta(milliseconds=50)})
    async with world.replica(limits) as replica:
        error = await refusal(create_tasks(replica, user_id="anna", text="Anna: hello"))

    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert "kept for bot bot_1" in (error.details() or "")


async def test_the_work_goes_on_when_the_caller_leaves(
    world: Coordination, replica: Replica
) -> None:
    call: Any = replica.bots.CreateTasksFromAudio(
        pb.CreateTasksFromAudioRequest(user_id="anna", text="Anna: hello")
    )
    waiting = asyncio.ensure_future(call)
    request = await world.next_stage()
    waiting.cancel()
    report = a_report(request.execution, 1, SUCCEEDED, days=(), success=1)
    await replica.reporter().send(report)
    await end_meeting(world, replica, 2)

    assert (await record(replica, request.bot_id))["status"] == "done"


async def test_a_replica_that_stops_answers_those_who_wait(world: Coordination) -> None:
    async with contextlib.AsyncExitStack() as outlives:
        async with world.replica(drain=timedelta(seconds=PATIENCE)) as replica:
            caller = await outlives.enter_async_context(calling(replica.address))
            call: Any = caller.bots.CreateTasksFromAudio(
                pb.CreateTasksFromAudioRequest(user_id="anna", text="Anna: hello")
            )
            await world.next_stage()
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
    assert reason_of(refused) == "TOO_MANY_WAITS"
