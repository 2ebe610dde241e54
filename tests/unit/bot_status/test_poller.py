"""What is done before a bot is given up: its recording is looked for, in all ways its service has, with patience."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import httpx2
import pytest
from asyncpg import exceptions
from structlog.testing import capture_logs

from services.bot_status.adapters.api import Api
from services.bot_status.adapters.attendee import AttendeeProvider
from services.bot_status.adapters.generic import GenericProvider
from services.bot_status.adapters.recall import RecallProvider
from services.bot_status.adapters.vexa import VexaProvider
from services.bot_status.domain import Bot, External, ReportedStatus
from services.bot_status.meetings.domain import Media
from services.bot_status.meetings.fetching import Fetching
from services.bot_status.observing import Step
from services.bot_status.patience import Patience
from services.bot_status.poller import Poller
from services.bot_status.ports import BotProvider, Leased
from services.kernel.clock import utc_now
from services.recordings.domain import (
    AccessDenied,
    Fetched,
    NotAudio,
    NotFetched,
    Recording,
    RecordingMissing,
    TooLarge,
)
from services.status.domain import BotState
from tests.builders.bot_status import a_bot
from tests.waiting import until

HOST = "https://bots.example"
NONE, KEEP = timedelta(0), timedelta(days=7)
CONNECTED = BotState.CONNECTED
GOOD, EMPTY = "https://s3.example/good", "https://s3.example/empty"


@dataclass
class World:
    """One bot, its service, whose answers are by `METHOD path`, and the hosts of recordings, with what they refuse."""

    answers: dict[str, Any]
    bot: Bot = field(default_factory=lambda: a_bot(state_at=utc_now(), answered_at=utc_now()))
    refusals: dict[str, NotFetched] = field(default_factory=dict)
    patience: Patience = field(default_factory=Patience)
    asked: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    observed: list[ReportedStatus] = field(default_factory=list)
    kept: Media | None = None
    told: int = 0
    lost: list[Exception] = field(default_factory=list)
    """What the next changes of rows raise, the last one first."""
    released: list[int] = field(default_factory=list)
    """How many failures in a row each look has left."""

    def api(self) -> Api:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(self._answer))
        return Api(http, HOST, {"Authorization": "Token s3cret"})

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        key = f"{request.method} {request.url.raw_path.decode()}"
        self.asked.append(key)
        found = self.answers.get(key, 404)
        if isinstance(found, list):  # one after another, the last one on and on
            found = found.pop(0) if len(found) > 1 else found[0]
        status, body = (found, {}) if isinstance(found, int) else (200, found)
        return httpx2.Response(status, content=json.dumps(body).encode())

    # The rows and the reports.
    async def claim_due(self, *_: object) -> list[Leased]:
        return [Leased(bot=self.bot, hinted=False)]

    async def release(self, _bot: Bot, _pause: timedelta, *, failures: int) -> None:
        if self.lost:
            raise self.lost.pop()
        self.released.append(failures)

    async def change(self, _intent_id: object, step: Callable[[Bot], Step]) -> Step:
        if self.lost:
            raise self.lost.pop()
        made = step(self.bot)
        self.bot = made.bot
        self.observed += [made.reported] if made.reported else []
        return made

    async def report(self, _intent_id: object) -> None:
        self.told += 1

    async def keep(self, _intent_id: object, media: Media, step: Callable[[Bot], Step]) -> Step:
        self.kept = media
        return await self.change(_intent_id, step)

    # The guard and the store.
    @asynccontextmanager
    async def fetch(
        self,
        link: str,
        headers: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> AsyncIterator[Fetched]:
        self.fetched.append(link)
        if link in self.refusals:
            raise self.refusals[link]
        yield Fetched(file_name="x", chunks=cast("Any", None))

    async def stored(self, _fetched: Fetched) -> Recording:
        return Recording(sha256="0" * 64, size_bytes=1, content_type="audio/mpeg", file_name="x")

    async def look(self, provider: BotProvider, times: int = 1) -> tuple[int, timedelta | None]:
        """Look at the bot so often, as the poller does; returns what the last look says of the next."""
        poller = self.poller(provider)
        answer: tuple[int, timedelta | None] = (0, None)
        for _ in range(times):
            answer = await poller._look_at(Leased(bot=self.bot, hinted=False))
            self.bot = replace(self.bot, failures=answer[0])
        return answer

    def poller(self, provider: BotProvider) -> Poller:
        """Return what looks at the bot."""
        part: Any = cast("Any", self)
        store: Any = cast("Any", _Store(self))
        fetching = Fetching(
            provider, part, store, part, part, lease=NONE, look=NONE, longest=timedelta(1)
        )
        return Poller(
            provider,
            part,
            part,
            fetching,
            patience=self.patience,
            lease=timedelta(minutes=1),
            concurrency=1,
        )

    @property
    def end(self) -> str:
        """What came of the bot: `recorded`, the reason why it failed, or empty while it goes on."""
        if self.bot.media_ready:
            return "recorded"
        return self.bot.failure if self.bot.state is BotState.ERROR else ""


@dataclass
class _Store:
    world: World

    async def keep(self, fetched: Fetched) -> Recording:
        return await self.world.stored(fetched)


def in_meeting(external: str) -> Bot:
    now = utc_now()
    return a_bot(
        state=CONNECTED, external=External(external), joined_at=now, state_at=now, answered_at=now
    )


def before_meeting(external: str, state: BotState = BotState.CONNECTING) -> Bot:
    now = utc_now()
    return a_bot(state=state, external=External(external), state_at=now, answered_at=now)


# Vexa

VEXA = "google_meet/abc-defg-hij/77"
LIST, LIST_OF, MEETING = "GET /recordings", "GET /recordings?meeting_id=77", "GET /meetings/77"


def vexa(world: World) -> VexaProvider:
    return VexaProvider(world.api(), "key", [])


def recording_of(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "meeting_id": 77, "status": "completed", **more}


def files(size: int) -> list[dict[str, Any]]:
    return [{"id": 9, "type": "audio", "file_size_bytes": size}]


def master(link: str) -> dict[str, str]:
    return {"raw_url": link}


async def test_vexa_failed_after_it_was_in_the_meeting_and_its_recording_is_there() -> None:
    for data in ({"failure_stage": "joining"}, {}, {"completion_reason": "join_failure"}):
        world = World(
            {
                MEETING: {"status": "failed", "data": data},
                LIST: {"recordings": [recording_of(5)]},
                "GET /recordings/5/master?type=audio": master(GOOD),
            },
            in_meeting(VEXA),
        )
        await world.look(vexa(world))
        assert (world.end, world.fetched) == ("recorded", [GOOD])


async def test_vexa_failed_and_its_recording_comes_later() -> None:
    world = World(
        {
            MEETING: {"status": "failed", "data": {"failure_stage": "joining"}},
            LIST: [{"recordings": []}, {"recordings": []}, {"recordings": [recording_of(5)]}],
            "GET /recordings/5/master?type=audio": [404, master(GOOD)],
        },
        in_meeting(VEXA),
    )
    again, _ = await world.look(vexa(world))
    assert (world.end, again) == ("", 1)
    assert world.bot.detail.startswith("the bot failed; a recording of it is waited for until 20")
    await world.look(vexa(world), 4)
    assert world.end == "recorded"


async def test_vexa_that_seems_to_stay_outside_is_followed_to_its_recording() -> None:
    world = World(
        {
            MEETING: [
                {"status": "requested"},
                {"status": "requested"},
                {"status": "completed", "data": {"completion_reason": "left_alone"}},
            ],
            LIST: {"recordings": [recording_of(5, status="in_progress")]},
            "GET /recordings/5/master?type=audio": master(GOOD),
        },
        before_meeting(VEXA, BotState.INITIALIZED),
        patience=Patience(initialized=NONE),
    )
    await world.look(vexa(world), 2)
    assert (world.end, world.fetched) == ("", []), "what still grows is not taken"
    assert "has not gone to the meeting for 0 seconds; a recording" in world.bot.detail
    await world.look(vexa(world))
    assert world.end == "recorded"


async def test_a_bot_that_stays_outside_is_given_up_and_asked_to_leave() -> None:
    world = World(
        {
            MEETING: {"status": "awaiting_admission"},
            LIST: {"recordings": []},
            "DELETE /bots/google_meet/abc-defg-hij": {},
        },
        before_meeting(VEXA),
        patience=Patience(connecting=NONE, media=NONE),
    )
    await world.look(vexa(world))
    assert world.end == "nobody has let the bot into the meeting for 0 seconds"
    assert world.asked[-1].startswith("DELETE")


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("stopped", "the bot was asked to leave"),
        ("awaiting_admission_timeout", "nobody let the bot into the meeting"),
        ("awaiting_admission_rejected", "the bot was not let into the meeting"),
        ("join_failure", "the bot could not join the meeting"),
        ("auth_session_missing", "the meeting takes signed-in people only"),
        ("startup_alone", "nobody came to the meeting"),
    ],
)
@pytest.mark.parametrize("more", [{}, {"start_time": None}])
async def test_vexa_completed_outside_the_meeting_is_told_with_its_reason(
    reason: str, says: str, more: dict[str, Any]
) -> None:
    world = World(
        {
            MEETING: {"status": "completed", "data": {"completion_reason": reason}, **more},
            LIST: {"recordings": [{"id": 8, "meeting_id": 78}]},
        },
        before_meeting(VEXA),
    )
    await world.look(vexa(world))
    assert (world.end, world.bot.joined_at) == (says, None)
    assert {LIST, LIST_OF} <= set(world.asked), "it was looked for all the same"


@pytest.mark.parametrize("reason", ["evicted", "stopped", "join_failure", "brand_new", ""])
async def test_whatever_vexa_completed_with_a_recording_is_taken(reason: str) -> None:
    for bot in (in_meeting(VEXA), before_meeting(VEXA)):
        world = World(
            {
                MEETING: {"status": "completed", "data": {"completion_reason": reason}},
                LIST: {"recordings": [recording_of(5)]},
                "GET /recordings/5/master?type=audio": master(GOOD),
            },
            bot,
        )
        await world.look(vexa(world))
        assert world.end == "recorded"


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    "bad",
    [
        {"media_files": files(0)},
        {"file_size_bytes": 0},
        {"status": "failed"},
        {"status": "in_progress", "media_files": files(10)},
        {"media_files": files(10)},
    ],
)
async def test_the_best_of_several_recordings_is_taken(bad: dict[str, Any], order: int) -> None:
    kept = [recording_of(5, media_files=files(9000)), recording_of(6, **bad)][::order]
    world = World(
        {
            MEETING: {"status": "completed"},
            LIST: {"recordings": kept},
            "GET /recordings/5/master?type=audio": master(GOOD),
            "GET /recordings/6/master?type=audio": master(EMPTY),
        },
        in_meeting(VEXA),
    )
    await world.look(vexa(world))
    assert (world.end, world.fetched) == ("recorded", [GOOD])


async def test_a_recording_that_turns_out_empty_is_passed_over() -> None:
    world = World(
        {
            MEETING: {"status": "completed"},
            LIST: [[recording_of(5), recording_of(6)]],
            "GET /recordings/6/master?type=audio": master(GOOD),
            "GET /recordings/5/master?type=audio": master(EMPTY),
        },
        in_meeting(VEXA),
        {EMPTY: NotAudio("0 bytes", may_come=True)},
    )
    await world.look(vexa(world))
    assert (world.end, world.fetched[-1]) == ("recorded", GOOD)


@pytest.mark.parametrize(
    ("ways", "link"),
    [
        ({LIST: 500, LIST_OF: {"recordings": [recording_of(5)]}}, GOOD),
        ({LIST: {"recordings": []}, LIST_OF: [[{"id": "5"}]]}, GOOD),
        ({LIST: 404, LIST_OF: 422, MEETING: {"status": "completed",
          "data": {"recordings": [recording_of(5)]}}}, GOOD),
        ({LIST: [{"recordings": [recording_of(5, media_files=files(1))]}],
          "GET /recordings/5/master?type=audio": 500},
         f"{HOST}/recordings/5/media/9/raw?type=audio"),
        ({LIST: {"recordings": [{"id": 1, "meeting_id": 1}], "next": "/recordings?page=2"},
          "GET /recordings?page=2": {"recordings": [recording_of(5)]}}, GOOD),
        ({LIST: {"recordings": [{"id": 1, "meeting_id": 1}], "next": "/recordings"},
          LIST_OF: {"recordings": recording_of(5)}}, GOOD),
        ({LIST: {"recordings": [recording_of(6, file_size_bytes=0)]},
          LIST_OF: {"recordings": [recording_of(5)]}}, GOOD),
        ({LIST: {"recordings": [recording_of(6, status="failed")]}, LIST_OF: 500,
          MEETING: {"status": "completed", "data": {"recordings": [recording_of(5)]}}}, GOOD),
        ({LIST: {"items": [recording_of(5)]}}, GOOD),
        ({LIST: {"data": [recording_of(5, media_files=files(7)[0])]},
          "GET /recordings/5/master?type=audio": {"url": GOOD}}, GOOD),
        ({LIST: {"recordings": [], "next": "/recordings?page=2"},
          "GET /recordings?page=2": {"recordings": [recording_of(5)]}}, GOOD),
    ],
)  # fmt: skip
async def test_a_recording_of_vexa_is_looked_for_in_all_ways(
    ways: dict[str, Any], link: str
) -> None:
    answers = {
        MEETING: {"status": "completed"},
        "GET /recordings/5/master?type=audio": master(GOOD),
    }
    world = World({**answers, **ways}, in_meeting(VEXA))
    await world.look(vexa(world))
    assert (world.end, world.fetched) == ("recorded", [link])


async def test_a_failure_is_not_told_while_the_recordings_cannot_be_asked_for() -> None:
    failed = {"status": "failed", "data": {"completion_reason": "evicted"}}
    world = World(
        {MEETING: [failed, failed, failed, failed], LIST: 500, LIST_OF: 500},
        in_meeting(VEXA),
        patience=Patience(failed=NONE),
    )
    # The meeting itself answers without a recording, so that it was asked.
    await world.look(vexa(world))
    assert world.end == "the bot was removed from the meeting"

    world.bot = in_meeting(VEXA)
    world.answers[MEETING] = [failed, 500, failed, 500]
    await world.look(vexa(world), 2)
    assert world.end == ""
    world.patience = Patience(failed=NONE, silent=NONE)
    await world.look(vexa(world), 2)
    assert world.end.startswith("the bot was removed from the meeting (the service that runs bots")


# Attendee


def attendee(world: World) -> AttendeeProvider:
    return AttendeeProvider(world.api(), [], KEEP)


BOT, RECORDING = "GET /api/v1/bots/bot_1", "GET /api/v1/bots/bot_1/recording"


@pytest.mark.parametrize(
    "recording",
    [[404, 404, {"url": GOOD}], [{"url": None}, {"url": GOOD}], [{"results": []}, {"url": GOOD}],
     [{"recordings": [{"url": EMPTY, "state": "failed"}, {"url": GOOD, "state": "complete"}]}],
     [500, 404, {"results": [{"download_url": GOOD}]}]],
)  # fmt: skip
@pytest.mark.parametrize(
    ("state", "recorded"),
    [("fatal_error", "failed"), ("fatal_error", "in_progress"), ("fatal_error", "not_started"),
     ("fatal_error", ""), ("ended", "complete"), ("ended", "")],
)  # fmt: skip
async def test_whatever_attendee_says_its_recording_is_looked_for(
    recording: list[Any], state: str, recorded: str
) -> None:
    shown = {"id": "bot_1", "state": state, "recording_state": recorded, "events": []}
    world = World({BOT: shown, RECORDING: list(recording)}, in_meeting("bot_1"))
    await world.look(attendee(world), 4)
    assert (world.end, world.fetched) == ("recorded", [GOOD])


async def test_an_end_that_attendee_is_sure_of_is_told_at_once_after_a_look() -> None:
    events = [
        {"type": "join_requested", "sub_type": None},
        {"type": "recording_permission_denied", "sub_type": "host_denied_permission"},
        {"type": "leave_requested", "sub_type": "auto_leave_silence"},
        {"type": "post_processing_completed", "sub_type": None},
    ]
    shown = {"state": "ended", "recording_state": "not_started", "events": events}
    world = World({BOT: shown}, in_meeting("bot_1"))
    await world.look(attendee(world))

    assert world.asked == [BOT, RECORDING]
    assert world.end == "the host did not allow the recording; the bot left, since nobody spoke"


async def test_a_link_that_has_expired_is_asked_for_anew() -> None:
    shown = {"state": "ended", "recording_state": "complete"}
    world = World(
        {BOT: shown, RECORDING: [{"url": EMPTY}, {"url": EMPTY}, {"url": GOOD}]},
        in_meeting("bot_1"),
        {EMPTY: AccessDenied("403")},
    )
    await world.look(attendee(world), 2)
    assert "cannot be had: 403; a recording of it is waited for until" in world.bot.detail
    await world.look(attendee(world))
    assert world.end == "recorded"


@pytest.mark.parametrize(
    ("refusal", "looks", "says"),
    [
        (AccessDenied("403"), 1, "the recording of the meeting cannot be had: 403"),
        (RecordingMissing("no such file"), 1, "cannot be had: no such file"),
        (TooLarge("3 GB"), 1, "cannot be had: 3 GB"),
    ],
)
async def test_a_recording_that_stays_refused_ends_the_bot_with_the_reason(
    refusal: NotFetched, looks: int, says: str
) -> None:
    shown = {"state": "ended", "recording_state": "complete"}
    world = World(
        {BOT: shown, RECORDING: {"url": GOOD}},
        in_meeting("bot_1"),
        {GOOD: refusal},
        patience=Patience(failed=NONE),
    )
    await world.look(attendee(world), looks + 1)
    assert says in world.end


async def test_a_bot_that_attendee_has_forgotten_may_have_left_its_recording() -> None:
    world = World(
        {RECORDING: {"url": GOOD}}, in_meeting("bot_1"), patience=Patience(missing=timedelta(-1))
    )
    await world.look(attendee(world))
    assert world.end == "recorded"


async def test_a_bot_that_is_in_the_meeting_for_too_long_is_asked_to_leave() -> None:
    shown = {"state": "joined_recording", "recording_state": "in_progress"}
    world = World(
        {BOT: [shown, shown, {"state": "ended", "recording_state": "complete"}],
         RECORDING: [404, {"url": GOOD}], "POST /api/v1/bots/bot_1/leave": [400, {}]},
        in_meeting("bot_1"),
        patience=Patience(connected=NONE),
    )  # fmt: skip
    await world.look(attendee(world))
    assert world.bot.leave_wanted, "it did not take the request"
    await world.look(attendee(world))
    assert not world.bot.leave_wanted
    await world.look(attendee(world))
    assert world.end == "recorded"


# Recall.ai


RECALL = "GET /api/v1/bot/r1/"


def recall(world: World) -> RecallProvider:
    async def read(_link: str) -> None: ...

    return RecallProvider(world.api(), [], read)


def shows(*codes: str | tuple[str, str], recordings: Any = ()) -> dict[str, Any]:
    pairs = [each if isinstance(each, tuple) else (each, None) for each in codes]
    return {
        "id": "r1",
        "status_changes": [{"code": code, "sub_code": sub} for code, sub in pairs],
        "recordings": recordings,
    }


def kept(link: str | None, status: str = "done", name: str = "video_mixed") -> dict[str, Any]:
    shortcut = {"data": {"download_url": link}} if link else None
    return {
        "id": "rec1",
        "status": {"code": status},
        "media_shortcuts": {name: shortcut, "audio_mixed": None} if name != "audio_mixed"
        else {name: shortcut},
    }  # fmt: skip


@pytest.mark.parametrize("end", ["done", "fatal"])
@pytest.mark.parametrize(
    "recordings",
    [
        [kept(GOOD), kept(None, "failed")],
        [kept(None, "failed"), kept(GOOD)],
        [kept(EMPTY, "failed"), kept(GOOD)],
        [kept(GOOD, name="audio_mixed"), kept(EMPTY, "processing")],
        kept(GOOD),
    ],
)
async def test_the_good_one_of_several_recordings_of_recall_is_taken(
    recordings: Any, end: str
) -> None:
    world = World(
        {RECALL: shows("in_call_recording", end, recordings=recordings)}, in_meeting("r1")
    )
    await world.look(recall(world))
    assert (world.end, world.fetched) == ("recorded", [GOOD])


@pytest.mark.parametrize("end", ["done", "fatal", "analysis_done"])
async def test_media_of_recall_may_come_after_the_end(end: str) -> None:
    codes = ("in_call_recording", "call_ended", end)
    world = World(
        {RECALL: [*[shows(*codes)] * 4, shows(*codes, recordings=[kept(GOOD)])]}, in_meeting("r1")
    )
    await world.look(recall(world))
    assert world.end == ""
    assert "a recording of it is waited for until" in world.bot.detail
    await world.look(recall(world), 4)
    assert world.end == "recorded"


async def test_changes_of_recall_are_read_in_the_order_of_their_times() -> None:
    shown = shows("done", "in_call_recording", recordings=[kept(GOOD)])
    for number, change in enumerate(shown["status_changes"]):
        change["created_at"] = f"2026-11-02T1{9 - number}:00:00Z"
    world = World({RECALL: shown}, in_meeting("r1"))
    await world.look(recall(world))
    assert world.end == "recorded"


async def test_a_link_of_attendee_may_leave_its_host_out() -> None:
    world = World(
        {
            BOT: {"state": "ended ", "recording_state": "Complete"},
            RECORDING: {"url": "/media/1.mp3"},
        },
        in_meeting("bot_1"),
    )
    await world.look(attendee(world))
    assert (world.end, world.fetched) == ("recorded", [f"{HOST}/media/1.mp3"])


@pytest.mark.parametrize("order", [1, -1])
async def test_a_lost_recording_hides_no_good_one_without_shortcuts(order: int) -> None:
    lost, good = kept(EMPTY, "failed") | {"id": "rec2"}, kept(None)
    world = World(
        {
            RECALL: shows("in_call_recording", "done", recordings=[lost, good][::order]),
            "GET /api/v1/audio_mixed/?recording_id=rec1": {
                "results": [{"id": "a", "data": {"download_url": GOOD}}]
            },
        },
        in_meeting("r1"),
    )
    await world.look(recall(world))
    assert (world.end, world.fetched) == ("recorded", [GOOD])


async def test_media_that_cannot_be_asked_for_keep_no_other_back() -> None:
    shown = [kept(GOOD), kept(None, "failed") | {"id": "rec2"}]
    world = World(
        {
            RECALL: shows("in_call_recording", "done", recordings=shown),
            "GET /api/v1/audio_mixed/?recording_id=rec2": 500,
        },
        in_meeting("r1"),
    )
    await world.look(recall(world))
    assert (world.end, world.fetched) == ("recorded", [GOOD])


async def test_media_without_shortcuts_are_asked_for() -> None:
    codes = ("in_call_recording", "done")
    listed = {"results": [{"id": "rec1", "status": {"code": "done"}}]}
    for shown in (shows(*codes, recordings=[kept(None)]), shows(*codes), 404):
        world = World(
            {
                RECALL: shown,
                "GET /api/v1/recording/?bot_id=r1": listed,
                "GET /api/v1/audio_mixed/?recording_id=rec1": {
                    "results": [{"id": "a", "data": {"download_url": GOOD}}]
                },
            },
            in_meeting("r1"),
            patience=Patience(missing=timedelta(-1)),
        )
        await world.look(recall(world))
        assert (world.end, world.fetched) == ("recorded", [GOOD])


async def test_recall_that_was_never_let_in_says_so_at_once_and_was_never_connected() -> None:
    ended = ("call_ended", "timeout_exceeded_waiting_room")
    codes = ("joining_call", "in_waiting_room", ended)
    world = World({RECALL: [shows(*codes), shows(*codes, "done")]}, before_meeting("r1"))
    await world.look(recall(world))
    assert world.bot.state is BotState.CONNECTING
    await world.look(recall(world))
    assert world.end == "nobody let the bot in from the waiting room"


# A service that keeps no recordings, and answers that cannot be read


async def test_a_plain_service_is_not_asked_for_what_it_does_not_keep() -> None:
    for status, bot, state in (
        ("error", before_meeting("b"), BotState.ERROR),
        ("error", in_meeting("b"), CONNECTED),
        ("ended", in_meeting("b"), CONNECTED),
    ):
        world = World({"GET /api/v1/bots/b": {"status": status}}, bot)
        provider = GenericProvider(world.api(), status_fields=["status"], words={})
        await world.look(provider)
        assert world.bot.state is state
        assert world.asked == ["GET /api/v1/bots/b"]


async def test_an_answer_that_is_too_long_is_told_with_the_limit() -> None:
    long = {"status": "active", "data": "x" * (2 << 20)}
    world = World({MEETING: long}, in_meeting(VEXA), patience=Patience(silent=NONE))
    await world.look(vexa(world))

    assert world.observed[0].raw_status == "no_answer"
    assert "more than the 1 MiB that are read of it" in world.observed[0].meaning.message
    assert "1 MiB" in world.end


async def test_a_long_list_of_recordings_is_read() -> None:
    many = [{"id": n, "meeting_id": 1, "note": "x" * 1000} for n in range(3000)]
    world = World(
        {
            MEETING: {"status": "completed"},
            LIST: {"recordings": [*many, recording_of(5)]},
            "GET /recordings/5/master?type=audio": master(GOOD),
        },
        in_meeting(VEXA),
    )
    await world.look(vexa(world))
    assert world.end == "recorded"


async def test_a_recording_that_is_kept_is_not_fetched_again_while_nobody_takes_the_report() -> (
    None
):
    shown = {"state": "ended", "recording_state": "complete"}
    world = World({BOT: shown, RECORDING: {"url": GOOD}}, in_meeting("bot_1"))
    await world.look(attendee(world), 3)
    assert world.fetched == [GOOD]


async def test_an_outage_of_the_database_is_said_once_and_no_error_of_ours() -> None:
    world = World({BOT: {"state": "joined_recording"}}, in_meeting("bot_1"))
    world.lost = [
        exceptions.InterfaceError("pool is closing"),
        exceptions.InterfaceError("connection is closed"),
        exceptions.InterfaceError("connection is closed"),
    ]
    poller = world.poller(attendee(world))
    with capture_logs() as logs:
        for looks in range(1, 3):
            await poller.turn()
            await until(lambda: not poller._under_way, f"look {looks} has ended")
    said = [(line["event"], line["log_level"]) for line in logs]
    assert said == [("loop_waits", "warning"), ("loop_goes_on", "info")]
    assert len(world.released) == 1
