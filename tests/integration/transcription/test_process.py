"""The service as it is started, with its model and a real database; nobody takes its reports."""

import asyncio
import contextlib
import io
import wave
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from potok.call_sync.v1.call_sync_service_pb2_grpc import add_CallSyncServiceServicer_to_server
from potok.stage.v1 import stage_service_pb2 as stage_pb
from potok.stage.v1.stage_service_pb2_grpc import (
    StageServiceStub,
    add_StageServiceServicer_to_server,
)
from potok.status.v1 import progress_pb2, stage_pb2
from potok.transcription.v1 import transcript_pb2
from potok.transcription.v1 import transcription_service_pb2 as pb
from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceStub

from deploy.local.folders import CHECKOUT
from services.call_sync.domain import CallId
from services.call_sync.servicer import CallSyncServicer
from services.call_sync.usecases import CallSync
from services.kernel.rpc.server import serving
from services.status.domain import ExecutionNumber, Owner
from services.transcription.adapters.model import embedded_model
from tests.builders.call_sync import a_call, a_recording
from tests.conftest import Database
from tests.fakes.call_sync import FakeCalls, FakeRecordings
from tests.fakes.speech_server import KEY, speech_server
from tests.fakes.stage_services import FakeStages
from tests.identity import guard, identity_told, nowhere_told, open_channel
from tests.processes import killed_at_last, refused_start, start_service, stop
from tests.stage_runs import a_stage_request, items_of
from tests.waiting import until, until_ready

if TYPE_CHECKING:
    from potok.stage.v1.stage_service_pb2_grpc import StageServiceAsyncStub
    from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceAsyncStub

CLINIC = Owner("client:clinic")
SAMPLES = CHECKOUT / "deploy" / "samples"
DAY = progress_pb2.DateRange(start_date="2026-03-01", end_date="2026-03-01")
LOST = a_recording(b"lost")


class CallSyncStage(FakeStages):
    """The items of CALL_SYNC: every call that has a recording."""

    def __init__(self, calls: FakeCalls) -> None:
        super().__init__()
        self._calls = calls

    async def ListItems(  # noqa: N802
        self,
        request: stage_pb.ListItemsRequest,
        context: Any,  # noqa: ARG002
    ) -> stage_pb.ListItemsResponse:
        assert request.available
        return stage_pb.ListItemsResponse(
            items=[
                stage_pb.Item(item_id=call.facts.call_id, day="2026-03-01", output=1)
                for _, call in self._calls.stored.values()
                if call.recording
            ]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A process of the service and its clients."""

    process: Process
    channel: grpc.aio.Channel
    stage: "StageServiceAsyncStub"
    transcripts: "TranscriptionServiceAsyncStub"

    async def run(self, execution: int) -> int:
        """Start the stage, or look how far it is; returns its state."""
        return (await self.stage.RunStage(request_of(execution))).state

    async def items(self) -> dict[str, stage_pb.Item]:
        return await items_of(self.channel, request_of(1))


def request_of(execution: int) -> stage_pb.RunStageRequest:
    return a_stage_request(stage_pb2.STAGE_TRANSCRIPTION, execution, DAY)


@pytest.fixture(scope="module")
def model_cache() -> Iterator[str]:
    # Not tmp_path: pytest would keep 145 MB of each of the last runs.
    with TemporaryDirectory() as cache:
        yield cache


@pytest.fixture
async def upstream(recordings: Mapping[str, bytes]) -> AsyncIterator[str]:
    """Where call_sync listens; it knows one call whose recording is lost, too."""
    calls, kept = FakeCalls(), FakeRecordings()
    servicer = CallSyncServicer(CallSync(calls, kept, {}))
    for content in recordings.values():
        kept.kept[a_recording(content).sha256] = content
    known = {i: a_recording(content) for i, content in recordings.items()} | {"lost": LOST}
    await calls.upsert_calls(CLINIC, ExecutionNumber(1), [a_call(call_id) for call_id in known])
    await calls.set_recordings(None, CLINIC, [(CallId(i), each) for i, each in known.items()])

    def register(server: grpc.aio.Server) -> None:
        add_CallSyncServiceServicer_to_server(servicer, server)
        add_StageServiceServicer_to_server(CallSyncStage(calls), server)

    async with serving("127.0.0.1:0", register, services=[], guard=guard()) as port:
        yield f"127.0.0.1:{port}"


@pytest.fixture
async def service(
    database: Database, free_port: int, model_cache: str, upstream: str
) -> AsyncIterator[Service]:
    settings = {"UPSTREAM": upstream, "MODEL_CACHE_DIR": model_cache}
    async with serving_process(database, free_port, settings) as service:
        yield service


@contextlib.asynccontextmanager
async def serving_process(
    database: Database, port: int, settings: Mapping[str, str]
) -> AsyncIterator[Service]:
    address = f"127.0.0.1:{port}"
    told = {
        **identity_told(database, "transcription"),
        "LISTEN": address,
        "COORDINATOR": "127.0.0.1:1",
        "PROCESSES": "1",
        "REPORT_TIMEOUT": "PT1S",
        **settings,
    }
    async with (
        killed_at_last(await start_service("transcription", told, stderr=PIPE)) as process,
        open_channel(address) as channel,
    ):
        await until_ready(channel)
        yield Service(
            process=process,
            channel=channel,
            stage=StageServiceStub(channel),
            transcripts=TranscriptionServiceStub(channel),
        )


def silence(seconds: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000 * seconds))
    return file.getvalue()


@pytest.mark.parametrize(
    "recordings",
    [
        {
            "spoken": (SAMPLES / "call4_wrong_number.wav").read_bytes(),
            "silent": silence(3),
            "page": b"<html>log in</html>" * 100,
        }
    ],
    ids=[""],
)
async def test_recordings_become_transcripts_and_the_others_say_why_not(service: Service) -> None:
    async def has_ended() -> bool:
        return await service.run(1) >= stage_pb2.EXECUTION_STATE_SUCCEEDED

    await until(has_ended, "the execution has ended")

    ended = {i: (item.state, item.reason) for i, item in (await service.items()).items()}
    assert ended == {
        "spoken": (stage_pb2.ITEM_STATE_SUCCESS, 0),
        "silent": (stage_pb2.ITEM_STATE_SKIPPED, stage_pb2.REASON_NO_SPEECH),
        "page": (stage_pb2.ITEM_STATE_FAILED, stage_pb2.REASON_BAD_AUDIO),
        "lost": (stage_pb2.ITEM_STATE_FAILED, stage_pb2.REASON_RECORDING_MISSING),
    }
    request = pb.GetTranscriptRequest(owner=CLINIC, call_id="spoken")
    transcript = (await service.transcripts.GetTranscript(request)).transcript
    assert [segment.speaker for segment in transcript.segments[:2]] == [
        transcript_pb2.SPEAKER_OPERATOR,
        transcript_pb2.SPEAKER_CLIENT,
    ]
    assert "масло" in transcript.segments[1].text
    assert transcript.segments[1].words[0].text.strip() in transcript.segments[1].text
    await stop(service.process)


@pytest.mark.parametrize(
    "recordings", [{"long": (SAMPLES / "call1_booking.wav").read_bytes()}], ids=[""]
)
async def test_a_service_told_to_stop_gives_its_recording_back(
    service: Service, database: Database
) -> None:
    async def is_in_work() -> bool:
        items = await service.items()
        return "long" in items and items["long"].state == stage_pb2.ITEM_STATE_PROCESSING

    await service.run(1)
    await until(is_in_work, "the recording is in work")

    await stop(service.process)

    async with database.pool("transcription_system") as pool:
        assert await pool.fetchval("SELECT state FROM items WHERE item_id = 'long'") == "PENDING"


@pytest.mark.parametrize(
    "recordings", [{"spoken": (SAMPLES / "call4_wrong_number.wav").read_bytes()}], ids=[""]
)
async def test_a_server_may_listen_and_the_transcript_becomes_a_file(
    database: Database, free_port: int, model_cache: str, upstream: str
) -> None:
    model = await asyncio.to_thread(embedded_model, Path(model_cache))
    async with speech_server(model.directory) as server:
        settings = {"UPSTREAM": upstream, "URL": server.url, "MODEL": "base", "API_KEY": KEY}
        async with serving_process(database, free_port, settings) as service:

            async def has_ended() -> bool:
                return await service.run(1) >= stage_pb2.EXECUTION_STATE_SUCCEEDED

            await until(has_ended, "the execution has ended")

            request = pb.ExportTranscriptRequest(
                owner=CLINIC, call_id="spoken", format=pb.EXPORT_FORMAT_VTT
            )
            file = await service.transcripts.ExportTranscript(request)

    assert file.content.startswith("WEBVTT\n\n00:00:0")
    assert "<v client>" in file.content
    assert "масло" in file.content


async def test_a_model_that_is_not_there_is_named_and_ends_the_process(tmp_path: Path) -> None:
    settings = {**nowhere_told(), "MODEL_DIR": str(tmp_path)}
    errors = await refused_start("transcription", settings)

    assert errors.startswith(f"the speech model is not usable: {tmp_path} has no model.bin")


async def test_a_compute_type_that_is_not_to_be_had_ends_the_process_with_those_that_are(
    tmp_path: Path,
) -> None:
    settings = {**nowhere_told(), "COMPUTE_TYPE": "int7", "MODEL_CACHE_DIR": str(tmp_path)}
    errors = await refused_start("transcription", settings)

    assert errors.startswith(
        "the speech model is not usable: POTOK_TRANSCRIPTION_COMPUTE_TYPE is 'int7', which CTranslate2 does not compute"
    )
    assert "float32" in errors


async def test_a_setting_that_is_wrong_is_named_and_ends_the_process() -> None:
    settings = {"LEFT": "nobody", "PROCESSES": "0", "URL": "ftp://x", "MODEL": ""}
    errors = await refused_start("transcription", settings)

    for name in ("DATABASE_URL", "LEFT", "PROCESSES", "URL", "MODEL"):
        assert f"POTOK_TRANSCRIPTION_{name}: " in errors
