"""The life of a bot: started, followed and ended at a service that runs bots, which the sandbox plays."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from potok.bot_status.v1 import bot_status_service_pb2 as pb
from potok.coordinator.v1 import report_pb2
from potok.status.v1 import stage_pb2

from tests.bot_status import ANNA, Outside, Replica, milliseconds, outside
from tests.builders.bot_status import MEETING_URL
from tests.conftest import Database
from tests.refusals import reason_of
from tests.waiting import in_time, until

INITIALIZED = stage_pb2.BOT_STATE_INITIALIZED
CONNECTING = stage_pb2.BOT_STATE_CONNECTING
CONNECTED = stage_pb2.BOT_STATE_CONNECTED
ERROR = stage_pb2.BOT_STATE_ERROR


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[Outside]:
    async with outside(database, tmp_path, bots_speed=20) as world:
        yield world


async def start(replica: Replica, **more: Any) -> str:
    request = pb.StartBotRequest(
        **{"owner": ANNA, "meet_url": MEETING_URL, "bot_name": "Bot", **more}
    )
    return (await replica.bots.StartBot(request)).bot_id


async def observations(replica: Replica, bot_id: str, last: str = "") -> list[Any]:
    """What was said of a bot, oldest first, once the status `last` was said and judged."""
    async with in_time(f"{last} is said of the bot and judged"):
        while True:
            found = await replica.bots.ListObservations(pb.ListObservationsRequest(bot_id=bot_id))
            judged = {o.raw_status for o in found.observations if o.verdict}
            if not last or last in judged:
                return list(found.observations)[::-1]
            await asyncio.sleep(0.02)


async def observe(replica: Replica, bot_id: str, status: str, **more: str) -> Any:
    request = pb.ObserveBotRequest(bot_id=bot_id, raw_status=status, **more)
    return await replica.bots.ObserveBot(request)


async def test_a_bot_is_reported_from_its_start_to_the_meeting(world: Outside) -> None:
    world.sandbox.behave(bots_speed=1)
    async with world.replica(time_zone="Asia/Almaty", language="kk") as replica:
        bot_id = await start(replica)
        await world.coordinator.until_state(bot_id, CONNECTED)
        seen = await observations(replica, bot_id, last="connected")

        async def counted() -> bool:
            said = await observations(replica, bot_id)
            times: int = sum(o.times for o in said)
            return times > len(said)

        await until(counted, "polls that say nothing new are counted")

    reports = world.coordinator.of(bot_id)
    assert [r.state for r in reports] == [INITIALIZED, CONNECTING, CONNECTED]
    assert [r.sequence for r in reports] == [1, 2, 3]
    first = reports[0]
    assert (first.owner, first.meet_url, first.bot_name) == (ANNA, MEETING_URL, "Bot")
    assert (first.time_zone, first.language) == ("Asia/Almaty", "kk")
    assert [(o.source, o.raw_status) for o in seen[:1]] == [("trigger", "initialized")]
    told = [o for o in seen if o.verdict == report_pb2.VERDICT_APPLIED]
    assert [o.raw_status for o in told] == ["initialized", "connecting", "connected"]


async def test_a_request_is_carried_out_once(world: Outside) -> None:
    async with world.replica() as replica:
        first = await start(replica, request_id="once")
        second = await start(replica, request_id="once")
        other = await start(replica, request_id="once", owner="user:olga")
        with pytest.raises(grpc.aio.AioRpcError, match="request_id") as refused:
            await start(replica, request_id="once", bot_name="Another")

    assert first == second != other
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert len(world.sandbox.started_bots()) == 2


async def test_requests_at_once_start_one_bot(world: Outside) -> None:
    world.sandbox.behave(bots_start_seconds=0.3)
    async with world.replica() as replica:
        answers = await asyncio.gather(
            *(start(replica, request_id="r") for _ in range(3)), return_exceptions=True
        )

    started = [answer for answer in answers if isinstance(answer, str)]
    refused = [answer for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
    assert len(started) == 1
    assert [error.code() for error in refused] == [grpc.StatusCode.ABORTED] * 2
    assert len(world.sandbox.started_bots()) == 1


async def test_a_service_that_is_down_leaves_no_bot_and_may_be_asked_again(world: Outside) -> None:
    world.sandbox.behave(bots_down=True)
    async with world.replica() as replica:
        with pytest.raises(grpc.aio.AioRpcError, match="no bot was started") as refused:
            await start(replica, request_id="again")
        world.sandbox.behave(bots_down=False)
        assert await start(replica, request_id="again")

    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert len(world.coordinator.states) == 1


async def test_a_service_that_refuses_says_why(world: Outside) -> None:
    world.sandbox.behave(bots_refuse="no such meeting")
    async with world.replica() as replica:
        with pytest.raises(grpc.aio.AioRpcError, match="no such meeting") as refused:
            await start(replica)

    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert reason_of(refused.value) == "BOT_REFUSED"
    assert not world.coordinator.reports


async def test_what_a_callback_says_is_judged_and_kept(world: Outside) -> None:
    world.sandbox.behave(bots_speed=0.01)
    async with world.replica(poll=milliseconds(600_000)) as replica:
        bot_id = await start(replica)
        said = [
            await observe(replica, bot_id, status)
            for status in ("connected", "connected", "connecting", "done", "shiny")
        ]
        seen = await observations(replica, bot_id)
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await observe(replica, "bot_of_nobody", "connected")

    verdicts = [
        report_pb2.VERDICT_APPLIED,
        report_pb2.VERDICT_DUPLICATE,
        report_pb2.VERDICT_STALE,
        report_pb2.VERDICT_ILLEGAL,
        report_pb2.VERDICT_IGNORED,
    ]
    assert [answer.verdict for answer in said] == verdicts
    assert {answer.state for answer in said} == {CONNECTED}
    told = [(o.raw_status, o.state, o.verdict, o.times) for o in seen if o.source == "callback"]
    assert told == [
        ("connected", CONNECTED, verdicts[0], 2),
        ("connecting", CONNECTING, verdicts[2], 1),
        ("done", stage_pb2.BOT_STATE_DONE, verdicts[3], 1),
        ("shiny", stage_pb2.BOT_STATE_UNSPECIFIED, verdicts[4], 1),
    ]
    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_bot_that_nobody_lets_in_ends_with_a_reason(world: Outside) -> None:
    world.sandbox.behave(bots_end="never_let_in")
    async with world.replica(limits={"connecting": milliseconds(300)}) as replica:
        bot_id = await start(replica)
        await world.coordinator.until_state(bot_id, ERROR)

    assert (
        "nobody has let the bot into the meeting" in world.coordinator.of(bot_id)[-1].error_message
    )


async def test_a_meeting_without_a_recording_ends_with_a_reason(world: Outside) -> None:
    world.sandbox.behave(bots_end="unrecorded")
    async with world.replica(limits={"media": milliseconds(300)}) as replica:
        bot_id = await start(replica)
        await world.coordinator.until_state(bot_id, ERROR)

    assert "no recording of it came" in world.coordinator.of(bot_id)[-1].error_message


async def test_a_failure_in_a_meeting_is_held_back_while_a_recording_may_come(
    world: Outside,
) -> None:
    world.sandbox.behave(bots_end="fatal", bots_speed=4)
    async with world.replica(limits={"failed": milliseconds(2000)}) as replica:
        ends, goes_on = await start(replica), await start(replica)
        for bot_id in (ends, goes_on):
            await world.coordinator.until_state(bot_id, CONNECTED)

        async def failed_there() -> bool:
            return any(o.raw_status == "error" for o in await observations(replica, goes_on))

        await until(failed_there, "the service outside says that the bot has failed")
        held = world.coordinator.of(goes_on)[-1]
        kept = await replica.bots.KeepMedia(
            pb.KeepMediaRequest(owner=ANNA, bot_id=goes_on, text="Анна: всё успели записать")
        )
        await world.coordinator.until_state(ends, ERROR)
        judged = await observations(replica, ends, last="error")

    assert kept.state == stage_pb2.BOT_STATE_TRANSCRIBING
    assert world.coordinator.states[goes_on] == stage_pb2.BOT_STATE_TRANSCRIBING
    assert "heartbeat_timeout" in world.coordinator.of(ends)[-1].error_message
    failed = next(o for o in judged if o.raw_status == "error")
    assert (failed.state, failed.verdict) == (ERROR, report_pb2.VERDICT_APPLIED)
    assert (held.state, held.error_message) == (CONNECTED, "")
    assert "heartbeat_timeout; a recording of it is waited for until 20" in held.detail


async def test_a_bot_that_is_turned_away_ends_at_once(world: Outside) -> None:
    world.sandbox.behave(bots_end="rejected")
    async with world.replica() as replica:
        bot_id = await start(replica)
        await world.coordinator.until_state(bot_id, ERROR)

    assert "request_to_join_denied" in world.coordinator.of(bot_id)[-1].error_message


async def test_a_bot_that_its_service_forgot_ends_after_a_while(world: Outside) -> None:
    async with world.replica(limits={"missing": milliseconds(300)}) as replica:
        bot_id = await start(replica)
        world.sandbox.behave(bots_forgotten=True)
        await world.coordinator.until_state(bot_id, ERROR)

    assert "bot_not_found" in world.coordinator.of(bot_id)[-1].error_message


async def test_errors_of_the_service_end_no_bot(world: Outside) -> None:
    world.sandbox.behave(bots_speed=0.01)
    errors = [500, 502, 429, 401, 403, 503]

    def answers() -> list[int]:
        return [r.status for r in world.sandbox.requests(f"/api/v1/bots/{bot_id}")]

    async with world.replica() as replica:
        bot_id = await start(replica)
        world.sandbox.behave(bots_next_statuses=errors)
        await until(lambda: answers()[-7:] == [*errors, 200], "the bot is looked at after them")
    world.sandbox.behave(bots_next_statuses=[503])
    async with world.replica(limits={"initialized": milliseconds(1)}):
        await world.coordinator.until_state(bot_id, ERROR)

    assert answers()[-2:] == [503, 200], "only an answer counts the time"
    assert "has not gone to the meeting" in world.coordinator.of(bot_id)[-1].error_message


async def test_no_bot_is_looked_at_twice_at_once_by_replicas(world: Outside) -> None:
    world.sandbox.behave(bots_speed=0.01)
    quick = {"poll": milliseconds(1000)}
    async with world.replica(**quick) as first, world.replica(**quick) as second:
        bots = [await start(each) for each in (first, second) * 3]
        for bot_id in bots:
            await world.until_asked(f"/api/v1/bots/{bot_id}", times=3)

    for bot_id in bots:
        times = [r.at for r in world.sandbox.requests(f"/api/v1/bots/{bot_id}")]
        gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert min(gaps) > 0.25


async def test_what_the_coordinator_did_not_take_is_reported_again(world: Outside) -> None:
    world.sandbox.behave(bots_speed=1)
    async with world.replica() as replica:
        bot_id = await start(replica)
        world.coordinator.down = True
        lost = world.coordinator.lost
        await world.coordinator.until(lambda: any(report.state == CONNECTED for report in lost))
        # Nothing new comes of the bot: only what tells again can tell of it now.
        world.sandbox.behave(bots_down=True)
        world.coordinator.down = False
        await world.coordinator.until_state(bot_id, CONNECTED)


async def test_a_bot_is_followed_on_by_another_process(world: Outside) -> None:
    world.sandbox.behave(bots_speed=1)
    async with world.replica(lease=milliseconds(200)) as replica:
        bot_id = await start(replica)
    assert world.coordinator.states[bot_id] in (INITIALIZED, CONNECTING)
    async with world.replica():
        await world.coordinator.until_state(bot_id, CONNECTED)


async def test_a_bot_is_asked_to_leave(world: Outside) -> None:
    world.sandbox.behave(bots_speed=0.5)
    async with world.replica() as replica:
        bot_id = await start(replica)
        await replica.bots.StopBot(pb.StopBotRequest(bot_id=bot_id))
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await replica.bots.StopBot(pb.StopBotRequest(bot_id="bot_of_nobody"))
        await world.coordinator.until_state(bot_id, CONNECTED)

    left = [r for r in world.sandbox.requests("/api/v1/bots") if r.path.endswith("/leave")]
    assert len(left) == 1
    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_bot_that_does_not_take_the_request_to_leave_is_asked_again(
    world: Outside,
) -> None:
    world.sandbox.behave(bots_speed=0.01)

    def asked() -> list[int]:
        requests = world.sandbox.requests("/api/v1/bots")
        return [r.status for r in requests if r.path.endswith("/leave")]

    async with world.replica(poll=milliseconds(600_000)) as replica:
        bot_id = await start(replica)
        await world.until_asked(f"/api/v1/bots/{bot_id}")
        world.sandbox.behave(bots_next_statuses=[404])
        with pytest.raises(grpc.aio.AioRpcError, match=r"goes on.*asked again") as refused:
            await replica.bots.StopBot(pb.StopBotRequest(bot_id=bot_id))
        await until(lambda: len(asked()) == 2, "the bot is asked once more")
        world.sandbox.behave(bots_next_statuses=[404, 404])
        with pytest.raises(grpc.aio.AioRpcError, match="does not know") as unknown:
            await replica.bots.StopBot(pb.StopBotRequest(bot_id=bot_id))

    assert asked()[:2] == [404, 200]
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert reason_of(refused.value) == "STOP_NOT_TAKEN"
    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND


async def test_no_bot_is_sent_to_an_address_that_is_no_meeting(world: Outside) -> None:
    async with world.replica(meeting_hosts=["meet.clinic.example"]) as replica:
        for url in ("https://169.254.169.254/", "http://meet.google.com/abc-defg-hij"):
            with pytest.raises(grpc.aio.AioRpcError, match=r"meet_url.*zoom\.us") as refused:
                await start(replica, meet_url=url)
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert await start(replica, meet_url="https://meet.clinic.example/room")

    assert len(world.sandbox.started_bots()) == 1


async def test_a_bot_of_a_service_that_is_not_used_any_more_is_not_said_to_be_stopped(
    world: Outside,
) -> None:
    world.sandbox.behave(bots_speed=0.1)
    async with world.replica() as replica:
        bot_id = await start(replica)
    async with world.replica(provider="attendee", api_key="key") as replica:
        with pytest.raises(grpc.aio.AioRpcError, match="runs at generic") as refused:
            await replica.bots.StopBot(pb.StopBotRequest(bot_id=bot_id))

    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
