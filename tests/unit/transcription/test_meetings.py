"""Meetings in the stage TRANSCRIPTION: texts and recordings of bot_status, over its wire."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from potok.bot_status.v1.bot_status_service_pb2_grpc import BotStatusServiceStub

from services.kernel.errors import NotFound, UpstreamUnavailable, WrongState
from services.stage.domain import Failure, Found, Item, ItemId, Limits, Outcome, Skip, Success
from services.status.domain import Owner, Reason, Stage
from services.transcription.adapters.meetings import BotStatusMeetings
from services.transcription.adapters.receiver import RecordingReceiver
from services.transcription.domain import CallId, Segment, Speaker
from services.transcription.usecases import Transcription
from services.transcription.work import TranscriptionWork
from tests.builders.stage import an_execution
from tests.fakes.meeting_media import FakeBotStatus
from tests.fakes.transcription import FakeEngine, FakeRecordings, FakeTranscripts
from tests.identity import open_channel

ANNA = Owner("user:anna")
BOT = CallId("bot-1")
DAY = date(2026, 11, 26)
MEETING = an_execution(Stage.TRANSCRIPTION, owner=ANNA, bot_id=BOT)
SOUND = bytes(range(256)) * 4100


class WorkOnMeetings:
    """The work of transcription over a bot_status; no call is ever asked for."""

    def __init__(self, work: TranscriptionWork, engine: FakeEngine, bots: FakeBotStatus) -> None:
        self.work = work
        self.engine = engine
        self.bots = bots

    async def outcome(self) -> Outcome:
        [outcome] = await self.work.work(MEETING, [Item(item_id=ItemId(BOT), day=DAY, attempt=1)])
        return outcome

    async def segments(self) -> tuple[Segment, ...]:
        outcome = await self.outcome()
        assert isinstance(outcome, Success), outcome
        result: Any = outcome.result
        assert result.call_id == BOT
        return result.segments  # type: ignore[no-any-return]


@asynccontextmanager
async def work_on_meetings(max_bytes: int = len(SOUND)) -> AsyncIterator[WorkOnMeetings]:
    bots, engine = FakeBotStatus(), FakeEngine()
    async with bots.serving() as address, open_channel(address) as channel:
        receiver = RecordingReceiver(max_bytes=max_bytes, timeout=timedelta(seconds=5))
        meetings = BotStatusMeetings(BotStatusServiceStub(channel), receiver)
        transcription = Transcription(FakeTranscripts(), FakeRecordings(), meetings, engine)
        nobody: Any = None  # meetings have no stage before
        yield WorkOnMeetings(TranscriptionWork(transcription, nobody, Limits()), engine, bots)


@pytest.fixture
async def world() -> AsyncIterator[WorkOnMeetings]:
    async with work_on_meetings() as world:
        yield world


async def test_the_only_item_is_the_meeting_on_its_day(world: WorkOnMeetings) -> None:
    pages = [page async for page in world.work.discover(MEETING)]

    assert pages == [[Found(item_id=ItemId(BOT), day=MEETING.range.start)]]


async def test_a_text_is_a_transcript_without_times_and_nobody_listens(
    world: WorkOnMeetings,
) -> None:
    world.bots.add(BOT, text="Анна: Доброе утро.\nБорис: Привет!")

    segments = await world.segments()

    assert [(each.name, each.text) for each in segments] == [
        ("Анна", "Доброе утро."),
        ("Борис", "Привет!"),
    ]
    assert {(each.speaker, each.start_seconds, each.end_seconds) for each in segments} == {
        (Speaker.UNKNOWN, 0.0, 0.0)
    }
    assert not world.engine.transcribed


async def test_a_recording_is_heard_as_one_voice_with_the_names_of_its_provider(
    world: WorkOnMeetings,
) -> None:
    world.bots.add(BOT, recording=SOUND, speakers=(("Анна", 0.0, 1.1), ("Борис", 1.4, 2.0)))

    segments = await world.segments()

    assert world.engine.transcribed == [(SOUND, "ru")]
    assert world.engine.mixed == [True]
    assert [each.name for each in segments] == ["Анна", "Борис"]


async def test_a_text_without_a_word_is_skipped(world: WorkOnMeetings) -> None:
    world.bots.add(BOT, text="...\n—\n")

    outcome = await world.outcome()

    assert isinstance(outcome, Skip)
    assert outcome.reason is Reason.NO_SPEECH


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NotFound("gone"), Reason.RECORDING_MISSING),
        (WrongState("a page", reason="NOT_AUDIO"), Reason.NOT_AUDIO),
        (WrongState("huge", reason="TOO_LARGE"), Reason.TOO_LARGE),
        (WrongState("no", reason="SOMETHING_NEW"), Reason.INVALID_INPUT),
        (WrongState("no", reason="TIMEOUT"), Reason.INVALID_INPUT),
        (UpstreamUnavailable("away"), Reason.UPSTREAM_UNAVAILABLE),
    ],
)
async def test_a_recording_that_is_not_had_fails_with_the_reason_it_comes_with(
    world: WorkOnMeetings, error: Any, reason: Reason
) -> None:
    world.bots.add(BOT)
    world.bots.broken = error

    outcome = await world.outcome()

    assert isinstance(outcome, Failure)
    assert outcome.reason is reason


async def test_a_meeting_of_somebody_else_is_missing(world: WorkOnMeetings) -> None:
    world.bots.add(BOT, owner="user:boris", text="Анна: да.")

    outcome = await world.outcome()

    assert outcome == Failure(
        item_id=ItemId(BOT),
        reason=Reason.RECORDING_MISSING,
        message="nothing is kept of the meeting of bot-1",
    )


async def test_a_recording_above_the_limit_is_refused() -> None:
    async with work_on_meetings(max_bytes=len(SOUND) - 1) as world:
        world.bots.add(BOT, recording=SOUND)

        outcome = await world.outcome()

    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.TOO_LARGE
