"""What services that run bots are asked, and what is made of the answers that they document."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from services.bot_status.adapters.api import MOST_BODY_BYTES, Api
from services.bot_status.adapters.attendee import AttendeeProvider
from services.bot_status.adapters.generic import GenericProvider
from services.bot_status.adapters.recall import RecallProvider
from services.bot_status.adapters.vexa import VexaProvider, meeting_of
from services.bot_status.domain import (
    External,
    Kind,
    NoSuchBot,
    ServiceDenies,
    ServiceRefuses,
    ServiceUnavailable,
    SpokenInterval,
)
from services.kernel.errors import Unauthenticated
from services.status.domain import BotState
from tests.builders.bot_status import a_wish
from tests.builders.webhooks import (
    KEY,
    NOW,
    SVIX_BODY,
    SVIX_HEADERS,
    SVIX_NOW,
    SVIX_SECRET,
    attendee_sign,
    vexa_sign,
)

API_KEY = "s3cret"
KEEP = timedelta(days=7)
WISH = a_wish("intent-1")
Reply = tuple[int, Any] | Exception


@dataclass
class Service:
    """Answers each `METHOD path` as it is told, and keeps what it was asked."""

    replies: dict[str, Reply]
    asked: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        reply = self.replies[f"{request.method} {request.url.raw_path.decode()}"]
        if isinstance(reply, Exception):
            raise reply
        status, body = reply
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx2.Response(status, content=content)

    def api(self) -> Api:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(self))
        return Api(http, "https://bots.example/", {"Authorization": f"Token {API_KEY}"})

    def sent(self, number: int = 0) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.asked[number].content)
        return body


def generic(service: Service, *fields: str) -> GenericProvider:
    return GenericProvider(service.api(), status_fields=fields or ("status", "state"), words={})


async def test_a_plain_service_is_told_who_and_where() -> None:
    service = Service({"POST /api/v1/bots": (201, {"id": 17, "state": "Joining"})})
    started = await generic(service).start(WISH)

    assert service.sent() == {
        "meet_url": WISH.meet_url,
        "bot_name": "Bot",
        "user_id": "anna",
        "language": "ru",
    }
    assert service.asked[0].headers["idempotency-key"] == "intent-1"
    assert (started.bot_id, started.external) == ("17", "17")
    assert started.reported.meaning.state is BotState.CONNECTING


@pytest.mark.parametrize(
    ("reply", "error", "doubtful"),
    [
        ((503, {}), ServiceUnavailable, False),
        ((429, {}), ServiceUnavailable, False),
        ((500, {}), ServiceUnavailable, True),
        ((504, b"<html>"), ServiceUnavailable, True),
        ((200, b"no json"), ServiceUnavailable, True),
        ((200, {"bot_id": "../x"}), ServiceUnavailable, True),
        ((200, {}), ServiceUnavailable, True),
        ((200, b"x" * (MOST_BODY_BYTES + 1)), ServiceUnavailable, True),
        (httpx2.ConnectError("no"), ServiceUnavailable, False),
        (httpx2.ReadTimeout("late"), ServiceUnavailable, True),
        (httpx2.RemoteProtocolError("broken"), ServiceUnavailable, True),
        ((401, {}), ServiceDenies, False),
        ((302, {}), ServiceDenies, False),
    ],
)
async def test_a_start_that_is_not_answered_well_may_have_been_done(
    reply: Reply, error: type[ServiceUnavailable], doubtful: bool
) -> None:
    service = Service({"POST /api/v1/bots": reply})
    with pytest.raises(error) as raised:
        await generic(service).start(WISH)

    assert raised.value.doubtful is doubtful
    assert API_KEY not in str(raised.value)


async def test_a_refusal_has_the_words_of_the_service() -> None:
    service = Service({"POST /api/v1/bots": (422, {"detail": "no such meeting"})})
    with pytest.raises(ServiceRefuses, match="refuses: HTTP 422: no such meeting"):
        await generic(service).start(WISH)


@pytest.mark.parametrize(
    ("given", "bot_id"),
    [
        (42, "42"),
        ("42", "42"),
        (" 42\n", "42"),
        (42.0, "42"),
        (9007199254740993, "9007199254740993"),
        ("3FA85F64-5717-4562-b3fc-2c963f66afa6", "3FA85F64-5717-4562-b3fc-2c963f66afa6"),
    ],
    ids=repr,
)
async def test_an_id_is_a_number_or_a_text(given: Any, bot_id: str) -> None:
    service = Service({"POST /api/v1/bots": (201, {"bot_id": given})})
    assert (await generic(service).start(WISH)).bot_id == bot_id


@pytest.mark.parametrize("given", [True, None, 1.5, float("1e300"), "", "a b", {"id": 1}, "x" * 65])
async def test_what_is_no_id_starts_no_bot(given: Any) -> None:
    service = Service({"POST /api/v1/bots": (201, {"bot_id": given})})
    with pytest.raises(ServiceUnavailable, match="no usable id"):
        await generic(service).start(WISH)


async def test_an_id_that_is_no_id_never_becomes_a_path() -> None:
    service = Service({})
    for external in ("../admin", "a/b", "", "x" * 65):
        with pytest.raises(NoSuchBot):
            await generic(service).get(External(external))

    assert not service.asked


async def test_attendee_looks_for_the_bot_when_the_key_is_in_use() -> None:
    bot = {"id": "bot_1", "state": "joining", "events": [], "recording_state": "not_started"}
    service = Service(
        {
            "POST /api/v1/bots": (400, {"error": "Deduplication key already in use. A bot …"}),
            "GET /api/v1/bots?deduplication_key=intent-1": (200, {"next": None, "results": [bot]}),
        }
    )
    started = await AttendeeProvider(service.api(), [], KEEP).start(WISH)

    assert started.bot_id == "bot_1"
    assert service.sent()["deduplication_key"] == "intent-1"
    assert service.sent()["metadata"] == {"intent_id": "intent-1", "user_id": "anna"}
    assert service.asked[0].headers["authorization"] == f"Token {API_KEY}"


async def test_a_bot_that_attendee_lists_without_a_state_is_found_all_the_same() -> None:
    service = Service(
        {
            "GET /api/v1/bots?deduplication_key=intent-1": (200, {"results": [{"id": "bot_1"}]}),
            "GET /api/v1/bots/bot_1": (200, {"id": "bot_1"}),
        }
    )
    provider = AttendeeProvider(service.api(), [], KEEP)
    found = await provider.find(WISH)

    assert found
    assert (found.external, found.reported.meaning.state) == ("bot_1", BotState.INITIALIZED)
    with pytest.raises(ServiceUnavailable, match="without a state"):
        await provider.get(External("bot_1"))


async def test_attendee_hands_out_a_link_without_a_transcript_too() -> None:
    service = Service(
        {
            "GET /api/v1/bots/bot_1/recording": (
                200,
                {"url": "https://s3.example/r.mp3?sig=1", "start_timestamp_ms": 1000},
            ),
            "GET /api/v1/bots/bot_1/transcript": (503, {}),
        }
    )
    provider = AttendeeProvider(service.api(), [], KEEP)
    (found,) = await provider.recordings(External("bot_1"))

    assert found.link == "https://s3.example/r.mp3?sig=1"
    assert not found.headers, "the key is not for the host of the recording"
    assert await provider.speakers(External("bot_1")) == ()


async def test_attendee_is_asked_for_sound_alone() -> None:
    service = Service({"POST /api/v1/bots": (201, {"id": "bot_1", "state": "joining"})})
    await AttendeeProvider(service.api(), [], KEEP).start(WISH)
    assert service.sent()["recording_settings"] == {"format": "mp3"}


def test_a_webhook_of_attendee() -> None:
    body = {"idempotency_key": "k", "bot_id": "bot_1", "data": {"new_state": "ended"}}
    headers = {"x-webhook-signature": attendee_sign(body)}
    read = AttendeeProvider(Service({}).api(), [KEY], KEEP).read_webhook(
        headers, json.dumps(body).encode(), NOW
    )

    assert (read.key, read.external) == ("k", "bot_1")


@pytest.mark.parametrize(
    ("created_at", "fresh"),
    [
        ("2026-11-26T11:59:59.123456Z", True),
        ("2026-11-20T12:00:00+00:00", True),
        ("2026-11-19T11:59:59Z", False),
        ("2023-07-15T14:30:45.123456", False),
        ("0001-01-01T00:00:00+14:00", True),  # no time at all
        ("yesterday", True),
        (None, True),
    ],
)
def test_a_webhook_of_attendee_that_is_too_old_to_be_remembered_is_refused(
    created_at: str | None, fresh: bool
) -> None:
    body = {"idempotency_key": "k", "bot_id": "bot_1", "data": {"created_at": created_at}}
    headers = {"x-webhook-signature": attendee_sign(body)}
    provider = AttendeeProvider(Service({}).api(), [KEY], KEEP)
    if fresh:
        assert provider.read_webhook(headers, json.dumps(body).encode(), NOW).key == "k"
    else:
        with pytest.raises(Unauthenticated, match="too long ago"):
            provider.read_webhook(headers, json.dumps(body).encode(), NOW)


LONG_TEAMS = (
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%22Tid%22%7d"
)


@pytest.mark.parametrize(
    ("url", "meeting"),
    [
        ("https://meet.google.com/abc-defg-hij", ("google_meet", "abc-defg-hij", "")),
        ("https://meet.google.com/ABC-defg-hij/?authuser=1", ("google_meet", "abc-defg-hij", "")),
        ("https://us02web.zoom.us/j/1234567890?pwd=x", ("zoom", "1234567890", "x")),
        ("https://app.zoom.us/wc/join/1234567890", ("zoom", "1234567890", "")),
        ("https://teams.live.com/meet/9361792952021?p=Ix", ("teams", "9361792952021", "Ix")),
        ("https://teams.microsoft.com/meet/93617929520214", ("teams", "93617929520214", "")),
        (
            "https://teams.microsoft.com/v2/?meetingjoin=true#/meet/9361792952021?p=Ix",
            ("teams", "9361792952021", "Ix"),
        ),
        (LONG_TEAMS, ("teams", hashlib.sha256(LONG_TEAMS.encode()).hexdigest()[:16], "")),
        ("https://meet.jit.si/OurRoom", ("jitsi", "OurRoom", "")),
        ("https://Meet.Clinic.example/room-1", ("jitsi", "room-1@meet.clinic.example", "")),
    ],
)
def test_vexa_knows_meetings_by_platform_and_number(url: str, meeting: tuple[str, ...]) -> None:
    assert meeting_of(url, ["meet.clinic.example"]) == meeting


@pytest.mark.parametrize(
    "url",
    [
        "https://meet.google.com/lookup/abc",
        "https://evil.example/abc-defg-hij",
        "https://meet.google.com.evil.example/abc-defg-hij",
        "https://notzoom.us/j/1234567890",
        "https://teams.microsoft.com/dl/launcher",
        "https://meet.jit.si/a/b",
        "https://meet.clinic.example/room-1",
        "nonsense",
    ],
)
def test_vexa_is_sent_to_no_other_address(url: str) -> None:
    with pytest.raises(ServiceRefuses, match=r"meet\.google\.com"):
        meeting_of(url)


def vexa(service: Service, secrets: tuple[str, ...] = ()) -> VexaProvider:
    return VexaProvider(service.api(), API_KEY, secrets)


async def test_a_bot_of_vexa_has_an_id_of_ours_and_keeps_its_meeting() -> None:
    service = Service(
        {
            "POST /bots": (201, {"id": 77, "status": "requested"}),
            "GET /meetings/77": (200, {"id": 77, "status": "awaiting_admission", "data": {}}),
            "DELETE /bots/google_meet/abc-defg-hij": (202, {}),
        }
    )
    provider = vexa(service)
    started = await provider.start(WISH)
    reported = await provider.get(started.external)
    await provider.stop(started.external)

    assert started.bot_id.startswith("vexa-")
    assert started.external == "google_meet/abc-defg-hij/77"
    assert reported.meaning.state is BotState.CONNECTING
    assert service.sent()["native_meeting_id"] == "abc-defg-hij"


async def test_vexa_has_one_bot_in_a_meeting() -> None:
    service = Service({"POST /bots": (409, {"detail": "already active"})})
    with pytest.raises(ServiceRefuses, match="in this meeting already"):
        await vexa(service).start(WISH)


async def test_a_recording_of_vexa_is_read_with_our_key_from_vexa_only() -> None:
    def replies(raw_url: str) -> dict[str, Reply]:
        return {
            "GET /recordings": (
                200,
                {"recordings": [{"id": 5, "meeting_id": 77}, {"id": 6, "meeting_id": 78}]},
            ),
            "GET /recordings/5/master?type=audio": (200, {"raw_url": raw_url}),
            "GET /transcripts/google_meet/abc-defg-hij": (
                200,
                {
                    "segments": [
                        {"speaker": "Анна", "start": 0.5, "end": 2.0, "text": "да"},
                        {"speaker": "", "start": 2.0, "end": 3.0, "text": "нет"},
                    ]
                },
            ),
        }

    external = External("google_meet/abc-defg-hij/77")
    provider = vexa(Service(replies("/recordings/5/media/1/raw")))
    (own,) = await provider.recordings(external)
    (other,) = await vexa(Service(replies("https://s3.example/x"))).recordings(external)

    assert own.link == "https://bots.example/recordings/5/media/1/raw"
    assert own.headers == {"X-API-Key": API_KEY}
    assert await provider.speakers(external) == (
        SpokenInterval(speaker_name="Анна", start_seconds=0.5, end_seconds=2.0),
    )
    assert not other.headers
    assert await vexa(Service(replies(""))).recordings(external) == []


@pytest.mark.parametrize(
    ("url", "external", "path"),
    [
        ("https://meet.jit.si/Раз Два", "", ""),
        ("https://meet.jit.si/Планёрка", "jitsi/Планёрка/77", "/bots/jitsi/%D0%9F%D0%BB%D0%B0"),
        (LONG_TEAMS, "teams/", "/bots/teams/"),
    ],
)
async def test_every_meeting_that_vexa_is_sent_to_can_be_left(
    url: str, external: str, path: str
) -> None:
    asked: list[str] = []

    def answers(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.raw_path.decode())
        return httpx2.Response(200, json={"id": "77", "status": "requested"})

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(answers))
    provider = VexaProvider(Api(http, "https://bots.example", {}), API_KEY, [])
    if not external:
        with pytest.raises(ServiceRefuses):
            await provider.start(replace(WISH, meet_url=url))
        return
    started = await provider.start(replace(WISH, meet_url=url))
    await provider.stop(started.external)

    assert started.external.startswith(external)
    assert asked[1].startswith(path)


def test_a_webhook_of_vexa() -> None:
    meeting = {"platform": "google_meet", "native_meeting_id": "abc-defg-hij", "id": 77}
    body = json.dumps({"event_id": "evt_1", "data": {"meeting": meeting}}).encode()
    read = vexa(Service({}), ("s1",)).read_webhook(vexa_sign(body), body, NOW)

    assert (read.key, read.external) == ("evt_1", "google_meet/abc-defg-hij/77")


BOT_OF_RECALL = {
    "id": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "status_changes": [
        {"code": "joining_call", "sub_code": None},
        {"code": "in_call_recording", "sub_code": None},
        {"code": "done", "sub_code": "timeout_exceeded_everyone_left"},
    ],
    "recordings": [
        {
            "media_shortcuts": {
                "audio_mixed": None,
                "video_mixed": {"data": {"download_url": "https://s3.example/v.mp4?sig=1"}},
                "transcript": {"data": {"download_url": "https://s3.example/t.json"}},
            }
        }
    ],
}
TRANSCRIPT = [
    {
        "participant": {"id": 1, "name": "Анна"},
        "words": [
            {"text": "да", "start_timestamp": {"relative": 1.5}, "end_timestamp": {"relative": 2}},
            {"text": "да", "start_timestamp": {"relative": 2}, "end_timestamp": {"relative": 4.5}},
        ],
    },
    {"participant": {"name": None}, "words": []},
]


def recall(service: Service, read: Callable[[str], Any] = lambda _: TRANSCRIPT) -> RecallProvider:
    async def reading(link: str) -> Any:
        return read(link)

    return RecallProvider(service.api(), [SVIX_SECRET], reading)


async def test_a_recording_of_recall_comes_with_who_spoke() -> None:
    path = f"/api/v1/bot/{BOT_OF_RECALL['id']}/"
    provider = recall(Service({f"GET {path}": (200, BOT_OF_RECALL)}))
    external = External(str(BOT_OF_RECALL["id"]))
    reported, found = await provider.get(external), await provider.recordings(external)

    assert (reported.raw_status, reported.meaning.kind) == ("done", Kind.RECORDED)
    assert [each.link for each in found] == ["https://s3.example/v.mp4?sig=1"]
    assert await provider.speakers(external) == (
        SpokenInterval(speaker_name="Анна", start_seconds=1.5, end_seconds=4.5),
    )


@pytest.mark.parametrize("status", ["done", "fatal"])
def test_a_word_of_recall_alone_loses_no_recording(status: str) -> None:
    """Whether there is one only a look at the bot can tell."""
    provider = RecallProvider(Service({}).api(), [], read=_no_document)

    assert provider.meaning(status, "").kind is Kind.RECORDED


async def _no_document(_link: str) -> None: ...


async def test_recall_finds_a_bot_by_what_it_was_wanted_for() -> None:
    path = "GET /api/v1/bot/?metadata__intent_id=intent-1"
    found = await recall(Service({path: (200, {"results": [BOT_OF_RECALL]})})).find(WISH)
    none = await recall(Service({path: (200, {"results": []})})).find(WISH)

    assert found
    assert found.bot_id == BOT_OF_RECALL["id"]
    assert none is None


def test_webhooks_of_recall_in_both_shapes() -> None:
    provider = recall(Service({}))
    read = provider.read_webhook(SVIX_HEADERS, SVIX_BODY, SVIX_NOW)
    assert (read.key, read.external) == ("msg_p5jXN8AQM9LWM0D4loKWxJek", None)


async def test_a_service_says_when_to_come_back() -> None:
    http = httpx2.AsyncClient(
        transport=httpx2.MockTransport(
            lambda _: httpx2.Response(429, headers={"retry-after": "7"}, content=b"")
        )
    )
    with pytest.raises(ServiceUnavailable) as raised:
        await Api(http, "https://bots.example", {}).ask("GET", "/x")

    assert raised.value.retry_after == timedelta(seconds=7)
