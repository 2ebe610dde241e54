"""The stage TRANSCRIPTION over call_sync's real servicer and an engine that hears what it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from potok.call_sync.v1.call_sync_service_pb2_grpc import (
    CallSyncServiceStub,
    add_CallSyncServiceServicer_to_server,
)
from potok.stage.v1 import stage_service_pb2
from potok.stage.v1 import stage_service_pb2_grpc as stage_grpc
from potok.status.v1 import stage_pb2

from services.call_sync.domain import CallId as CallSyncId
from services.call_sync.domain import Direction
from services.call_sync.servicer import CallSyncServicer
from services.call_sync.usecases import CallSync
from services.kernel.rpc.server import serving
from services.recordings.domain import Recording, RecordingNotFound, StoreUnavailable
from services.stage.domain import (
    Failure,
    Found,
    Item,
    ItemId,
    Limits,
    Outcome,
    Skip,
    Success,
)
from services.status.domain import (
    RECOGNISED,
    Cost,
    ExecutionNumber,
    Owner,
    Reason,
    Stage,
    WaitReason,
)
from services.transcription.adapters.receiver import RecordingReceiver
from services.transcription.adapters.recordings import CallSyncRecordings
from services.transcription.domain import (
    BadAudio,
    BadTranscript,
    CallId,
    EmptyFile,
    EngineClosed,
    EngineRefused,
    EngineUnavailable,
    LeftChannel,
    NoSpeech,
    NotTranscribed,
    RecognitionTimedOut,
    RecordingTooLong,
    Speaker,
    TooShort,
    UnknownLanguage,
    WorkerDied,
)
from services.transcription.usecases import Transcription
from services.transcription.work import TranscriptionWork
from tests.builders.call_sync import a_call, a_recording
from tests.builders.stage import an_execution
from tests.builders.transcription import a_recognition, a_transcript
from tests.fakes.call_sync import FakeCalls, FakeRecordings
from tests.fakes.stage_services import FakeStages
from tests.fakes.transcription import FakeEngine, FakeMeetings, FakeTranscripts
from tests.identity import guard, open_channel

CLINIC = Owner("client:clinic")
SOUND = bytes(range(256)) * 4100 + b"the last bytes"
MAX_BYTES = len(SOUND)
EXECUTION = an_execution(Stage.TRANSCRIPTION)


class Recordings(FakeRecordings):
    """Recordings whose reading can be made to stand still in the middle, or to end there."""

    def __init__(self) -> None:
        super().__init__()
        self.cut_short = False
        self.stands_still = False
        self.reading = asyncio.Event()

    async def read(self, recording: Recording) -> AsyncIterator[bytes]:
        async for content in super().read(recording):
            yield content[:1000]
            self.reading.set()
            if self.stands_still:
                await asyncio.Event().wait()
            if not self.cut_short:
                for start in range(1000, len(content), 256 << 10):
                    yield content[start : start + (256 << 10)]


class TwoPages(FakeStages):
    """Lists an item a page, and keeps what it was asked; does not answer `failures` times."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[stage_service_pb2.ListItemsRequest] = []
        self.failures = 0

    async def ListItems(  # noqa: N802
        self, request: stage_service_pb2.ListItemsRequest, context: Any
    ) -> stage_service_pb2.ListItemsResponse:
        if self.failures:
            self.failures -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        self.requests.append(request)
        number = len(self.requests)
        item = stage_service_pb2.Item(item_id=f"c{number}", day=f"2026-03-0{number}", output=number)
        token = "next" if number == 1 else ""
        return stage_service_pb2.ListItemsResponse(items=[item], next_page_token=token)


class WorkOnCalls:
    """The work of transcription and all that it meets; `c1` is a recorded call."""

    def __init__(
        self,
        left: LeftChannel = LeftChannel.OPERATOR,
        direction: Direction = Direction.INCOMING,
        language: str = "",
    ) -> None:
        self.left = left
        self.direction = direction
        self.language = language
        self.engine = FakeEngine()
        self.transcripts = FakeTranscripts()
        self.recordings = Recordings()
        self.calls = FakeCalls()
        self.upstream = TwoPages()
        self.work: TranscriptionWork
        self.take_down: AsyncExitStack

    @asynccontextmanager
    async def up(
        self, patience: timedelta = timedelta(seconds=5), max_bytes: int = MAX_BYTES
    ) -> AsyncIterator["WorkOnCalls"]:
        recording = a_recording(SOUND)
        self.recordings.kept[recording.sha256] = SOUND
        await self.calls.upsert_calls(
            CLINIC,
            ExecutionNumber(1),
            [
                replace(a_call("c1"), direction=self.direction, language=self.language),
                a_call("c2"),
            ],
        )
        await self.calls.set_recordings(None, CLINIC, [(CallSyncId("c1"), recording)])
        servicer = CallSyncServicer(CallSync(self.calls, self.recordings, {}))

        def register(server: grpc.aio.Server) -> None:
            add_CallSyncServiceServicer_to_server(servicer, server)
            stage_grpc.add_StageServiceServicer_to_server(self.upstream, server)

        async with (
            AsyncExitStack() as self.take_down,
            open_channel(await self.take_down.enter_async_context(_address(register))) as channel,
        ):
            recordings = CallSyncRecordings(
                CallSyncServiceStub(channel),
                RecordingReceiver(max_bytes=max_bytes, timeout=patience),
            )
            self.work = TranscriptionWork(
                Transcription(
                    self.transcripts, recordings, FakeMeetings(), self.engine, left=self.left
                ),
                stage_grpc.StageServiceStub(channel),
                Limits(),
            )
            yield self

    async def outcome(self, call_id: str = "c1", **settings: Any) -> Outcome:
        item = Item(item_id=ItemId(call_id), day=date(2026, 3, 1), attempt=1)
        execution = replace(EXECUTION, settings=replace(EXECUTION.settings, **settings))
        [outcome] = await self.work.work(execution, [item])
        return outcome


@asynccontextmanager
async def _address(register: Any) -> AsyncIterator[str]:
    async with serving("127.0.0.1:0", register, services=[], guard=guard()) as port:
        yield f"127.0.0.1:{port}"


@pytest.fixture
async def world() -> AsyncIterator[WorkOnCalls]:
    async with WorkOnCalls().up() as world:
        yield world


def open_files() -> set[str]:
    """Return the files without a name that this process holds."""
    paths = Path("/proc/self/fd").iterdir()
    return {link for path in paths if (link := _link(path)).endswith(" (deleted)")}


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except FileNotFoundError:  # the listing's own
        return ""


async def test_a_recording_becomes_a_transcript_in_the_language_of_the_client(
    world: WorkOnCalls,
) -> None:
    outcome = await world.outcome()

    assert outcome == Success(item_id=ItemId("c1"), result=a_transcript("c1"))
    assert world.engine.transcribed == [(SOUND, "ru")]


@pytest.mark.parametrize(
    ("left", "direction", "speaker"),
    [
        (LeftChannel.OPERATOR, Direction.OUTGOING, Speaker.OPERATOR),
        (LeftChannel.CLIENT, Direction.OUTGOING, Speaker.CLIENT),
        (LeftChannel.CALLER, Direction.INCOMING, Speaker.CLIENT),
        (LeftChannel.CALLER, Direction.OUTGOING, Speaker.OPERATOR),
        (LeftChannel.CALLER, Direction.UNKNOWN, Speaker.CLIENT),
        (LeftChannel.CALLEE, Direction.INCOMING, Speaker.OPERATOR),
        (LeftChannel.CALLEE, Direction.OUTGOING, Speaker.CLIENT),
    ],
)
async def test_who_is_on_the_left_may_depend_on_who_placed_the_call(
    left: LeftChannel, direction: Direction, speaker: Speaker
) -> None:
    async with WorkOnCalls(left, direction).up() as world:
        await world.outcome()

    assert world.engine.left == [speaker]


@pytest.mark.parametrize(
    ("incoming", "outgoing", "direction", "speaker"),
    [
        ("client", "", Direction.INCOMING, Speaker.CLIENT),
        ("client", "", Direction.UNKNOWN, Speaker.CLIENT),
        ("client", "", Direction.OUTGOING, Speaker.OPERATOR),
        ("", "client", Direction.OUTGOING, Speaker.CLIENT),
        ("", "client", Direction.INCOMING, Speaker.OPERATOR),
        ("client", "operator", Direction.OUTGOING, Speaker.OPERATOR),
    ],
)
async def test_who_is_on_the_left_is_what_the_client_says_before_what_the_service_does(
    incoming: str, outgoing: str, direction: Direction, speaker: Speaker
) -> None:
    async with WorkOnCalls(LeftChannel.OPERATOR, direction).up() as world:
        await world.outcome(left_incoming=incoming, left_outgoing=outgoing)

    assert world.engine.left == [speaker]


async def test_a_call_that_says_its_language_is_heard_in_that() -> None:
    async with WorkOnCalls(language="en").up() as world:
        await world.outcome()

    assert world.engine.transcribed == [(SOUND, "en")]


async def test_a_recording_that_was_cut_off_is_a_success_that_says_so(world: WorkOnCalls) -> None:
    world.engine.heard = replace(a_recognition(), told_seconds=12.0)

    outcome = await world.outcome()

    assert isinstance(outcome, Success)
    assert outcome.message == "the recording was cut off: heard 4 of 12 seconds"


@pytest.mark.parametrize("error", [NoSpeech, TooShort])
async def test_a_recording_without_a_conversation_is_skipped(
    world: WorkOnCalls, error: type[NotTranscribed]
) -> None:
    world.engine.broken = error("because")

    outcome = await world.outcome()

    assert outcome == Skip(item_id=ItemId("c1"), reason=error.reason, message="because")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (BadAudio, Reason.BAD_AUDIO),
        (EmptyFile, Reason.BAD_AUDIO),
        (UnknownLanguage, Reason.INVALID_INPUT),
        (RecordingTooLong, Reason.TOO_LARGE),
        (EngineClosed, Reason.ACCESS_DENIED),
        (EngineRefused, Reason.INVALID_INPUT),
        (BadTranscript, Reason.BAD_ANSWER),
        (EngineUnavailable, Reason.UPSTREAM_UNAVAILABLE),
        (WorkerDied, Reason.WORKER_DIED),
        (RecognitionTimedOut, Reason.TIMEOUT),
    ],
)
async def test_an_engine_that_fails_fails_the_item_with_its_reason(
    world: WorkOnCalls, error: type[NotTranscribed], reason: Reason
) -> None:
    world.engine.broken = error("because")

    outcome = await world.outcome()

    assert outcome == Failure(item_id=ItemId("c1"), reason=reason, message="because")


async def test_an_engine_that_asks_for_a_pause_is_left_alone_for_as_long(
    world: WorkOnCalls,
) -> None:
    world.engine.broken = EngineUnavailable("slow down", timedelta(seconds=17))

    outcome = await world.outcome()

    assert isinstance(outcome, Failure)
    assert (outcome.reason, outcome.message) == (Reason.UPSTREAM_UNAVAILABLE, "slow down")
    assert outcome.retry_after == timedelta(seconds=17)
    assert outcome.wait is not None
    assert outcome.wait.reason is WaitReason.RATE_LIMIT


def test_a_call_costs_what_the_engine_says_and_nothing_known_where_its_length_is_not(
    world: WorkOnCalls,
) -> None:
    settings = EXECUTION.settings
    assert world.work.estimate(settings, 90.0) == Cost(amount=1.5, currency="EUR")
    assert world.work.estimate(settings, None) is None


@pytest.mark.parametrize("call_id", ["c2", "nope"])
async def test_a_call_without_a_recording_fails_for_good(world: WorkOnCalls, call_id: str) -> None:
    outcome = await world.outcome(call_id)

    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.RECORDING_MISSING
    assert call_id in outcome.message


async def test_a_recording_that_is_lost_fails_for_good_and_says_the_way_on(
    world: WorkOnCalls,
) -> None:
    world.recordings.broken = RecordingNotFound("lost: run CALL_SYNC")

    outcome = await world.outcome()

    assert outcome == Failure(
        item_id=ItemId("c1"), reason=Reason.RECORDING_MISSING, message="lost: run CALL_SYNC"
    )


async def test_a_store_that_is_away_fails_the_item_until_it_is_back(world: WorkOnCalls) -> None:
    world.recordings.broken = StoreUnavailable("away")

    outcome = await world.outcome()

    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.UPSTREAM_UNAVAILABLE


async def test_call_sync_being_down_is_told_without_its_address(world: WorkOnCalls) -> None:
    await world.take_down.aclose()

    outcome = await world.outcome()

    assert outcome == Failure(
        item_id=ItemId("c1"),
        reason=Reason.UPSTREAM_UNAVAILABLE,
        message="call_sync did not hand out the recording",
    )


async def test_a_recording_that_ends_too_early_is_not_listened_to(world: WorkOnCalls) -> None:
    world.recordings.cut_short = True

    outcome = await world.outcome()

    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.UPSTREAM_UNAVAILABLE
    assert f"1000 bytes of a recording of {len(SOUND)}" in outcome.message
    assert not world.engine.transcribed


async def test_a_recording_that_stands_still_is_given_up_in_time() -> None:
    async with WorkOnCalls().up(patience=timedelta(seconds=0.3)) as world:
        world.recordings.stands_still = True

        outcome = await world.outcome()

    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.UPSTREAM_UNAVAILABLE


async def test_a_recording_above_the_limit_fails_for_good_before_it_is_read() -> None:
    async with WorkOnCalls().up(max_bytes=MAX_BYTES - 1) as world:
        world.recordings.stands_still = True

        outcome = await world.outcome()

    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.TOO_LARGE
    assert not world.engine.transcribed


async def test_nothing_of_a_recording_stays_behind(world: WorkOnCalls) -> None:
    before = open_files()
    await world.outcome()
    world.engine.broken = BadAudio("because")
    await world.outcome()
    world.recordings.stands_still = True
    task = asyncio.create_task(world.outcome())
    world.recordings.reading.clear()
    await world.recordings.reading.wait()
    assert len(open_files() - before) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert open_files() <= before
    assert not any(path.exists() for path in world.engine.paths)


async def test_discovery_finds_what_call_sync_has_recordings_of(world: WorkOnCalls) -> None:
    world.upstream.failures = 1

    found = [found async for page in world.work.discover(EXECUTION) for found in page]

    assert found == [
        Found(item_id=ItemId("c1"), day=date(2026, 3, 1), upstream=1),
        Found(item_id=ItemId("c2"), day=date(2026, 3, 2), upstream=2),
    ]
    first, second = world.upstream.requests
    assert (first.owner, first.stage, first.available) == (CLINIC, stage_pb2.STAGE_CALL_SYNC, True)
    assert (first.range.start_date, first.range.end_date) == ("2026-03-01", "2026-03-02")
    assert (first.page_token, second.page_token) == ("", "next")


async def test_a_stored_success_can_be_read_until_it_is_forgotten(world: WorkOnCalls) -> None:
    outcome = await world.outcome()
    assert isinstance(outcome, Success)

    await world.work.store(None, EXECUTION, [outcome])

    [(execution, kept)] = world.transcripts.stored.values()
    assert (execution, kept.owner, kept.transcript) == (7, CLINIC, a_transcript("c1"))
    await world.work.forget(None, CLINIC, [ItemId("c1")])
    assert await world.transcripts.get_transcripts(CLINIC, [CallId("c1")], words=True) == []


async def test_a_call_that_comes_to_be_skipped_loses_its_transcript(world: WorkOnCalls) -> None:
    outcome = await world.outcome()
    assert isinstance(outcome, Success)
    await world.work.store(None, EXECUTION, [outcome])

    await world.work.discard(None, CLINIC, [ItemId("c1")])

    assert await world.transcripts.get_transcripts(CLINIC, [CallId("c1")], words=True) == []


@pytest.mark.parametrize("language", ["xx", "zz", "aa"])
async def test_a_language_that_nobody_recognises_is_a_fault_of_the_settings(
    world: WorkOnCalls, language: str
) -> None:
    [fault] = await world.work.check_settings(replace(EXECUTION.settings, language=language))

    assert fault.field == "language"
    assert repr(language) in fault.message


def test_the_languages_are_those_that_the_speech_model_knows() -> None:
    known = pytest.importorskip("faster_whisper.tokenizer")._LANGUAGE_CODES

    assert {code for code in known if len(code) == 2} == RECOGNISED
