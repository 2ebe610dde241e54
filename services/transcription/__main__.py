"""Builds transcription from its settings and serves until it is told to stop."""

import asyncio
import contextlib
import math
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from potok.bot_status.v1.bot_status_service_pb2_grpc import BotStatusServiceStub
from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceStub
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.transcription.v1.transcription_service_pb2_grpc import (
    add_TranscriptionServiceServicer_to_server,
)

from services.kernel.log import configure_logging
from services.kernel.settings import load_settings
from services.stage.app import serve_stages
from services.stage.domain import Limits
from services.status.app import replica_of
from services.transcription.adapters.children import READY_SECONDS, START_SECONDS
from services.transcription.adapters.meetings import BotStatusMeetings
from services.transcription.adapters.model import (
    ModelBroken,
    embedded_model,
    model_at,
    onnx_model_at,
)
from services.transcription.adapters.onnx_engine import OnnxEngine
from services.transcription.adapters.receiver import RecordingReceiver
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.adapters.recordings import CallSyncRecordings
from services.transcription.adapters.whisper import WhisperEngine
from services.transcription.domain import LeftChannel
from services.transcription.repository import PostgresTranscriptAudit, PostgresTranscripts
from services.transcription.servicer import TranscriptionServicer
from services.transcription.settings import TranscriptionSettings
from services.transcription.usecases import Exports, Transcription
from services.transcription.work import TranscriptionWork

if TYPE_CHECKING:  # it takes half a second that a model of one's own does not need
    from services.transcription.adapters.speech_server import SpeechServerEngine


async def serve(settings: TranscriptionSettings) -> None:
    """Serve and work until SIGTERM or SIGINT."""
    # The engine comes first, because it can end only after all who wait for it.
    async with (
        await _engine(settings) as engine,
        replica_of("transcription", settings) as replica,
    ):
        call_sync = await replica.channel_to(settings.upstream)
        bot_status = await replica.channel_to(settings.bot_status)
        receiver = RecordingReceiver(
            max_bytes=settings.max_recording_bytes, timeout=settings.recording_timeout
        )
        transcription = Transcription(
            PostgresTranscripts(replica.reading_for_caller),
            CallSyncRecordings(CallSyncServiceStub(call_sync), receiver),
            BotStatusMeetings(BotStatusServiceStub(bot_status), receiver),
            engine,
            left=LeftChannel(settings.left),
        )
        audit = PostgresTranscriptAudit(replica.pool, replica.reading_for_caller)
        servicer = TranscriptionServicer(transcription, Exports(transcription, audit))
        await serve_stages(
            replica,
            [TranscriptionWork(transcription, StageServiceStub(call_sync), _limits(settings))],
            settings,
            lambda server: add_TranscriptionServiceServicer_to_server(servicer, server),
            ["potok.transcription.v1.TranscriptionService"],
        )


async def _engine(
    settings: TranscriptionSettings,
) -> "SpeechServerEngine | OnnxEngine | WhisperEngine":
    options, timeout_seconds = _options(settings), settings.timeout.total_seconds()
    if settings.url is None or settings.model is None:
        with _said_plainly():
            return await _engine_here(settings, options)
    from services.transcription.adapters.speech_server import SpeechServer, SpeechServerEngine

    server = SpeechServer(
        url=settings.url,
        api_key=settings.api_key,
        model=settings.model,
        timeout=settings.request_timeout,
        price=settings.price,
    )
    return SpeechServerEngine(
        server, options, processes=settings.processes, timeout_seconds=timeout_seconds
    )


async def _engine_here(
    settings: TranscriptionSettings, options: RecognitionOptions
) -> OnnxEngine | WhisperEngine:
    """Return the engine whose model is computed on this machine; raises ModelBroken."""
    limits: dict[str, Any] = {
        "processes": settings.processes,
        "timeout_seconds": settings.timeout.total_seconds(),
    }
    directory = settings.model_dir and settings.model_dir.expanduser()
    if directory is None or settings.onnx_model:
        whisper = await asyncio.to_thread(embedded_model, settings.model_cache_dir.expanduser())
    else:
        whisper = await asyncio.to_thread(model_at, directory)
    engine = WhisperEngine(whisper, options, **limits)
    if (settings.device, settings.compute_type) != ("auto", "auto"):
        await engine.check()
    if directory is None or settings.onnx_model is None:
        return engine
    model = await asyncio.to_thread(onnx_model_at, directory, settings.onnx_model, whisper)
    onnx = OnnxEngine(model, options, **limits)
    await onnx.check()
    return onnx


@contextlib.contextmanager
def _said_plainly() -> Iterator[None]:
    """End the start with a sentence where the model cannot be used."""
    try:
        yield
    except ModelBroken as error:
        raise SystemExit(f"the speech model is not usable: {error}") from None


def _options(settings: TranscriptionSettings) -> RecognitionOptions:
    return RecognitionOptions(
        min_seconds=settings.min_seconds,
        max_seconds=settings.max_seconds,
        device=settings.device,
        compute_type=settings.compute_type,
    )


def _limits(settings: TranscriptionSettings) -> Limits:
    """One recording a job, and time enough for its own time-outs to come first, once a child is free for it."""
    turns = math.ceil(settings.concurrency / settings.processes)
    longest = turns * (settings.timeout + timedelta(seconds=START_SECONDS + READY_SECONDS))
    return Limits(
        batch=1,
        concurrency=settings.concurrency,
        job_timeout=settings.recording_timeout + longest + timedelta(minutes=1),
    )


if __name__ == "__main__":
    configure_logging("transcription")
    asyncio.run(serve(load_settings(TranscriptionSettings)))
