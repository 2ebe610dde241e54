"""The transcription stage beside Whisper called directly: the same recordings, as many processes, in turns."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from potok.call_sync.v1.call_sync_service_pb2_grpc import (
    CallSyncServiceStub,
    add_CallSyncServiceServicer_to_server,
)
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub

from benchmarks.arena import watching_load
from services.call_sync.domain import CallId
from services.call_sync.servicer import CallSyncServicer
from services.call_sync.usecases import CallSync
from services.kernel.rpc.server import serving
from services.recordings.domain import Fetched
from services.recordings.store import ObjectRecordings, open_store
from services.stage.domain import Execution, Item, ItemId, Limits, Success
from services.status.domain import (
    ClientSettings,
    DateRange,
    ExecutionNumber,
    ExecutionState,
    Owner,
    RunId,
    RunMode,
    Stage,
)
from services.transcription.adapters.children import Children
from services.transcription.adapters.model import SpeechModel, embedded_model
from services.transcription.adapters.receiver import RecordingReceiver
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.adapters.recordings import CallSyncRecordings
from services.transcription.adapters.whisper import WhisperEngine
from services.transcription.usecases import Transcription
from services.transcription.work import TranscriptionWork
from tests.builders.call_sync import a_call
from tests.fakes.call_sync import FakeCalls, chunks, register_nowhere
from tests.fakes.transcription import FakeMeetings, FakeTranscripts
from tests.identity import guard, open_channel

SAMPLES = [
    Path(__file__).parents[1] / "deploy" / "samples" / f"{name}.wav"
    for name in ("call1_booking", "call2_price_objection", "call4_wrong_number")
]
PROCESSES = os.cpu_count() or 1
ROUNDS = 3
LIMIT = 1.05
OWNER = Owner("client:clinic")
DAY = date(2026, 3, 1)
MAX_BYTES = 10_000_000
PATIENCE = timedelta(minutes=2)
EXECUTION = Execution(
    number=ExecutionNumber(1),
    stage=Stage.TRANSCRIPTION,
    run_id=RunId("benchmark"),
    owner=OWNER,
    mode=RunMode.ALL,
    range=DateRange(start=DAY, end=DAY),
    settings=ClientSettings(
        time_zone="UTC", source="", playbook="", language="ru", min_success_ratio=0, weight=1
    ),
    state=ExecutionState.RUNNING,
    discovered=True,
)


async def main() -> None:
    """Print how long the samples take Whisper and the stage, and their ratio."""
    with TemporaryDirectory() as folder:
        model = await asyncio.to_thread(embedded_model, Path(folder))
        async with (
            WhisperEngine(
                model,
                RecognitionOptions(),
                processes=PROCESSES,
                timeout_seconds=PATIENCE.total_seconds(),
            ) as engine,
            Children(
                partial(_load, model),
                processes=PROCESSES,
                timeout_seconds=PATIENCE.total_seconds(),
            ) as children,
            _call_sync(Path(folder)) as address,
            open_channel(address) as channel,
        ):
            recordings = CallSyncRecordings(
                CallSyncServiceStub(channel),
                RecordingReceiver(max_bytes=MAX_BYTES, timeout=PATIENCE),
            )
            transcription = Transcription(FakeTranscripts(), recordings, FakeMeetings(), engine)
            work = TranscriptionWork(transcription, StageServiceStub(channel), Limits())

            async def alone(sample: Path) -> None:
                await children.run(partial(_listen, model, sample))

            async def staged(sample: Path) -> None:
                item = Item(item_id=ItemId(sample.stem), day=DAY, attempt=1)
                [outcome] = await work.work(EXECUTION, [item])
                assert isinstance(outcome, Success), outcome

            for way in (alone, staged):
                await _seconds(way, SAMPLES[-1:] * PROCESSES)  # starts every process
            with watching_load() as load:
                rounds = [
                    (await _seconds(alone, SAMPLES), await _seconds(staged, SAMPLES))
                    for _ in range(ROUNDS)
                ]
    _print(*(median(times) for times in zip(*rounds, strict=True)))
    print(load)


def _load(model: SpeechModel) -> None:
    from services.transcription.adapters import recognition

    recognition.load(model.directory, RecognitionOptions())


def _listen(model: SpeechModel, sample: Path) -> None:
    """Do the least that Whisper needs: decode a recording as a whole, find the language of both channels, recognise them."""
    from faster_whisper import decode_audio

    from services.transcription.adapters import recognition

    whisper = recognition.load(model.directory, RecognitionOptions())
    with ThreadPoolExecutor(RecognitionOptions().threads) as pool:
        for words in pool.map(
            lambda voice: list(whisper.transcribe(voice, **recognition.RECOGNITION)[0]),
            decode_audio(str(sample), split_stereo=True),
        ):
            assert words


@contextlib.asynccontextmanager
async def _call_sync(folder: Path) -> AsyncIterator[str]:
    """Hand out the samples over loopback; yields the address."""
    calls = FakeCalls()
    store = open_store(f"{folder.as_uri()}/kept")
    kept = ObjectRecordings(
        store,
        max_bytes=MAX_BYTES,
        register=register_nowhere,
        mend="run CALL_SYNC for its day in mode ALL",
    )
    await calls.upsert_calls(OWNER, EXECUTION.number, [a_call(sample.stem) for sample in SAMPLES])
    for sample in SAMPLES:
        content = await asyncio.to_thread(sample.read_bytes)
        recording = await kept.keep(Fetched(file_name=sample.name, chunks=chunks(content)))
        await calls.set_recordings(None, OWNER, [(CallId(sample.stem), recording)])
    servicer = CallSyncServicer(CallSync(calls, kept, {}))
    async with serving(
        "127.0.0.1:0",
        lambda server: add_CallSyncServiceServicer_to_server(servicer, server),
        services=[],
        guard=guard(),
    ) as port:
        yield f"127.0.0.1:{port}"


async def _seconds(do: Callable[[Path], Awaitable[None]], samples: Iterable[Path]) -> float:
    """Return how long all samples take, as many at a time as there are processes."""
    slots = asyncio.Semaphore(PROCESSES)

    async def in_turn(sample: Path) -> None:
        async with slots:
            await do(sample)

    started = time.perf_counter()
    await asyncio.gather(*(in_turn(sample) for sample in samples))
    return time.perf_counter() - started


def _print(alone: float, staged: float) -> None:
    print(f"{len(SAMPLES)} recordings, {PROCESSES} processes, median of {ROUNDS} rounds")
    print(f"Whisper alone {alone:6.2f} s")
    print(f"stage         {staged:6.2f} s")
    print(f"ratio         {staged / alone:6.3f}   at most {LIMIT}")


if __name__ == "__main__":
    asyncio.run(main())
