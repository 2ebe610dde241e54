"""What there is of meetings: texts and links of callbacks, recordings that a service keeps, webhooks that hint at them."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api import httpbody_pb2
from potok.bot_status.v1 import bot_status_service_pb2 as pb
from potok.bot_status.v1 import webhook_service_pb2
from potok.status.v1 import stage_pb2

from deploy.sandbox.bot_service import BotService
from deploy.sandbox.meeting import RECORDING
from tests.bot_status import ANNA, Outside, Replica, milliseconds, outside
from tests.builders.bot_status import MEETING_URL
from tests.conftest import Database
from tests.fakes.web_host import answer, web_host
from tests.refusals import reason_of, refusal
from tests.waiting import in_time, until

SECRET = base64.b64encode(b"a secret of the tests").decode()
ATTENDEE = {"provider": "attendee", "api_key": "key", "webhook_secrets": [SECRET]}
TRANSCRIBING = stage_pb2.BOT_STATE_TRANSCRIBING
WISH = pb.StartBotRequest(owner=ANNA, meet_url=MEETING_URL, bot_name="Bot")


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[Outside]:
    async with outside(database, tmp_path, bots_speed=20) as world:
        yield world


async def keep(replica: Replica, owner: str = ANNA, **given: str) -> Any:
    return await replica.bots.KeepMedia(pb.KeepMediaRequest(owner=owner, **given))


async def meeting(replica: Replica, bot_id: str, owner: str = ANNA) -> Any:
    request = pb.GetMeetingRequest(owner=owner, bot_id=bot_id)
    return (await replica.bots.GetMeeting(request)).meeting


async def recording(replica: Replica, bot_id: str) -> tuple[Any, bytes]:
    head, content = None, b""
    async for piece in replica.bots.ReadRecording(
        pb.ReadRecordingRequest(owner=ANNA, bot_id=bot_id)
    ):
        head = head or piece.recording
        content += piece.data
    return head, content


async def deliver(
    replica: Replica, body: bytes, signature: str = "", provider: str = "attendee"
) -> None:
    given = signature or BotService(address="", webhook_secret=SECRET)._sign(json.loads(body))
    await replica.webhooks.ReceiveWebhook(
        webhook_service_pb2.ReceiveWebhookRequest(
            provider=provider,
            body=httpbody_pb2.HttpBody(content_type="application/json", data=body),
        ),
        metadata=[("x-webhook-signature", given)],
    )


async def test_a_text_of_a_bot_is_kept_and_the_first_one_stays(world: Outside) -> None:
    world.sandbox.behave(bots_speed=1)
    async with world.replica(time_zone="Asia/Almaty") as replica:
        bot_id = (await replica.bots.StartBot(WISH)).bot_id
        with pytest.raises(grpc.aio.AioRpcError, match="text: must not hold the character NUL"):
            await keep(replica, bot_id=bot_id, text="Анна: начнём\x00")
        first = await keep(replica, bot_id=bot_id, text="Анна: начнём")
        second = await keep(replica, bot_id=bot_id, text="Анна: другое")
        found = await meeting(replica, bot_id)
        for wrong in ({"owner": "user:olga"}, {"bot_id": "bot_of_nobody"}):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await meeting(replica, **{"bot_id": bot_id, **wrong})
            assert refused.value.code() is grpc.StatusCode.NOT_FOUND

    assert first == second == pb.KeepMediaResponse(bot_id=bot_id, state=TRANSCRIBING)
    assert (found.text, found.time_zone, found.language) == ("Анна: начнём", "Asia/Almaty", "ru")
    assert found.day
    assert [r.media_ready for r in world.coordinator.of(bot_id)][-1]


async def test_a_meeting_without_a_bot_gets_an_id(world: Outside) -> None:
    async with world.replica() as replica:
        kept = await keep(replica, text="Анна: начнём")
        found = await meeting(replica, kept.bot_id)

    assert kept.bot_id.startswith("meeting-")
    assert kept.state == TRANSCRIBING
    assert found.text == "Анна: начнём"
    report, *_ = world.coordinator.of(kept.bot_id)
    assert (report.owner, report.meet_url, report.media_ready) == (ANNA, "", True)


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"owner": "user:olga", "text": "a"}, grpc.StatusCode.INVALID_ARGUMENT, "user_id"),
        ({"bot_id": "bot_of_nobody", "text": "a"}, grpc.StatusCode.NOT_FOUND, "bot_of_nobody"),
        ({"audio_url": "ftp://x/y.wav"}, grpc.StatusCode.INVALID_ARGUMENT, "audio_url"),
        ({"audio_url": "http://u:p@host/y"}, grpc.StatusCode.INVALID_ARGUMENT, "audio_url"),
    ],
)
async def test_media_that_cannot_be_kept_is_refused(
    world: Outside, given: dict[str, str], code: grpc.StatusCode, words: str
) -> None:
    async with world.replica() as replica:
        bot_id = (await replica.bots.StartBot(WISH)).bot_id
        with pytest.raises(grpc.aio.AioRpcError, match=words) as refused:
            await keep(replica, **{"bot_id": bot_id, **given})

    assert refused.value.code() is code


async def test_a_recording_is_fetched_once_when_it_is_first_read(world: Outside) -> None:
    async with world.replica() as first, world.replica() as second:
        bot_id = (await first.bots.StartBot(WISH)).bot_id
        link = f"http://{world.sandbox.bots}/media/{bot_id}.wav"
        await keep(first, bot_id=bot_id, audio_url=link)
        assert not world.sandbox.requests("/media")
        read = await asyncio.gather(*(recording(r, bot_id) for r in (first, second) * 2))

    sound = RECORDING.read_bytes()
    assert all(content == sound for _, content in read)
    assert {(head.size_bytes, head.content_type) for head, _ in read} == {(len(sound), "audio/wav")}
    assert len(world.sandbox.requests("/media")) == 1


async def test_a_callback_may_name_the_recording(world: Outside) -> None:
    async with world.replica() as replica:
        bot_id = (await replica.bots.StartBot(WISH)).bot_id
        link = f"http://{world.sandbox.bots}/media/{bot_id}.wav"
        told = await replica.bots.ObserveBot(
            pb.ObserveBotRequest(bot_id=bot_id, raw_status="ended", audio_url=link)
        )
        _, content = await recording(replica, bot_id)

    assert told.state == TRANSCRIBING
    assert content == RECORDING.read_bytes()


@pytest.mark.parametrize(
    ("said", "code", "reason"),
    [
        (answer(200, b"<html>" * 900), grpc.StatusCode.FAILED_PRECONDITION, "NOT_AUDIO"),
        (answer(403), grpc.StatusCode.FAILED_PRECONDITION, "ACCESS_DENIED"),
        (answer(404), grpc.StatusCode.FAILED_PRECONDITION, "RECORDING_MISSING"),
        (answer(503), grpc.StatusCode.UNAVAILABLE, ""),
        (answer(302, location="http://10.0.0.1/x"), grpc.StatusCode.FAILED_PRECONDITION,
         "INVALID_INPUT"),
    ],
)  # fmt: skip
async def test_a_recording_that_cannot_be_had_says_why(
    world: Outside, said: bytes, code: grpc.StatusCode, reason: str
) -> None:
    async with web_host() as host, world.replica(private_hosts=["127.0.0.1"]) as replica:
        host.answers["/a.wav"] = said
        kept = await keep(replica, audio_url=host.link("/a.wav", "127.0.0.1"))
        error = await refusal(recording(replica, kept.bot_id))

    assert error.code() is code
    assert reason_of(error) == reason
    assert "s3cret" not in str(error.details())


async def test_what_a_service_recorded_is_stored_with_who_spoke(world: Outside) -> None:
    world.sandbox.behave(bots_shape="attendee")
    async with world.replica(**ATTENDEE) as replica:
        bot_id = (await replica.bots.StartBot(WISH)).bot_id
        await world.coordinator.until_state(bot_id, TRANSCRIBING)
        found = await meeting(replica, bot_id)
        _, content = await recording(replica, bot_id)

    assert content == RECORDING.read_bytes()
    assert len(world.sandbox.requests("/media")) == 1
    speakers = [(s.speaker_name, s.start_seconds, s.end_seconds) for s in found.speakers]
    assert speakers[:2] == [("Анна Петрова", 0, 8), ("Илья Смирнов", 8, 16)]
    assert found.HasField("start_time")


@pytest.mark.parametrize("end", ["fatal", "recorded"])
async def test_a_recording_that_comes_after_the_end_is_not_lost(world: Outside, end: str) -> None:
    world.sandbox.behave(
        bots_shape="attendee", bots_end=end, bots_recording_after=1.0, bots_speed=4
    )
    async with world.replica(**ATTENDEE) as replica:
        bot_id = (await replica.bots.StartBot(WISH)).bot_id
        await world.coordinator.until_state(bot_id, TRANSCRIBING)
        said = [o.verdict for o in await seen(replica, bot_id) if o.raw_status == "fatal_error"]

    details = [report.detail for report in world.coordinator.of(bot_id)]
    assert any("a recording of it is waited for until" in each for each in details) == bool(said)


async def test_an_end_without_a_recording_is_told_at_once(world: Outside) -> None:
    world.sandbox.behave(bots_shape="attendee", bots_end="unrecorded")
    async with world.replica(**ATTENDEE) as replica:
        bot_id = (await replica.bots.StartBot(WISH)).bot_id
        await world.coordinator.until_state(bot_id, stage_pb2.BOT_STATE_ERROR)

    assert "was not recorded" in world.coordinator.of(bot_id)[-1].error_message


async def test_a_webhook_has_its_bot_looked_at_now_and_once(world: Outside) -> None:
    world.sandbox.behave(bots_shape="attendee", bots_speed=0.01)
    async with world.replica(**ATTENDEE, poll=milliseconds(600_000)) as replica:
        bot_id = (await replica.bots.StartBot(WISH)).bot_id
        path = f"/api/v1/bots/{bot_id}"
        await world.until_asked(path)
        body = json.dumps({"idempotency_key": "k1", "bot_id": bot_id}).encode()
        await deliver(replica, body)

        async def said() -> bool:
            return any(o.source == "webhook" for o in await seen(replica, bot_id))

        await until(said, "the webhook has the bot looked at")
        before = await next_looks(world)
        await deliver(replica, body)
        other = json.dumps({"idempotency_key": "k2", "bot_id": "bot_of_nobody"}).encode()
        await deliver(replica, other)

    assert await next_looks(world) == before


@pytest.mark.parametrize(
    ("body", "signature", "provider", "code"),
    [
        (b'{"idempotency_key": "k"}', "bm8=", "attendee", grpc.StatusCode.UNAUTHENTICATED),
        (b'{"bot_id": "b"}', "", "attendee", grpc.StatusCode.INVALID_ARGUMENT),
        (b"{", "bm8=", "attendee", grpc.StatusCode.INVALID_ARGUMENT),
        (b"{}", "", "recall", grpc.StatusCode.NOT_FOUND),
    ],
)
async def test_a_webhook_that_is_none_is_refused(
    world: Outside, body: bytes, signature: str, provider: str, code: grpc.StatusCode
) -> None:
    async with world.replica(**ATTENDEE) as replica:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await deliver(replica, body, signature, provider)

    assert refused.value.code() is code


async def next_looks(world: Outside) -> list[Any]:
    """When bots are looked at next, once nobody looks at any."""
    async with world.database.pool("bot_status_system") as pool, in_time("nobody looks at a bot"):
        while True:
            rows = await pool.fetch("SELECT next_poll_at, lease_id FROM bot_status.bots")
            if all(row["lease_id"] is None for row in rows):
                return [row["next_poll_at"] for row in rows]
            await asyncio.sleep(0.02)


async def seen(replica: Replica, bot_id: str) -> list[Any]:
    found = await replica.bots.ListObservations(pb.ListObservationsRequest(bot_id=bot_id))
    return list(found.observations)
