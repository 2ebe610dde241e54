from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import grpc
import pytest
from potok.status.v1 import audit_pb2
from potok.transcription.v1 import transcript_pb2
from potok.transcription.v1 import transcription_service_pb2 as pb
from potok.transcription.v1 import transcription_service_pb2_grpc as pb_grpc

from services.kernel.rpc.server import serving
from services.status.domain import ExecutionNumber, Owner
from services.transcription.servicer import TranscriptionServicer
from services.transcription.usecases import Exports, Transcription
from tests.builders.transcription import a_transcript
from tests.fakes.transcription import (
    FakeEngine,
    FakeMeetings,
    FakeRecordings,
    FakeTranscriptAudit,
    FakeTranscripts,
)
from tests.identity import guard, open_channel

if TYPE_CHECKING:
    from potok.transcription.v1.transcription_service_pb2_grpc import (
        TranscriptionServiceAsyncStub as Stub,
    )

CLINIC = Owner("client:clinic")
BEFORE = datetime.now(UTC)


@pytest.fixture
async def stub() -> "AsyncIterator[Stub]":
    """A client of the service, which has the transcripts of the calls c1 and c2."""
    transcripts = FakeTranscripts()
    await transcripts.upsert_transcripts(
        None, CLINIC, ExecutionNumber(1), [a_transcript("c1"), a_transcript("c2")]
    )
    transcription = Transcription(transcripts, FakeRecordings(), FakeMeetings(), FakeEngine())
    servicer = TranscriptionServicer(transcription, Exports(transcription, FakeTranscriptAudit()))
    async with (
        serving(
            "127.0.0.1:0",
            lambda server: pb_grpc.add_TranscriptionServiceServicer_to_server(servicer, server),
            services=["potok.transcription.v1.TranscriptionService"],
            guard=guard(),
        ) as port,
        open_channel(f"127.0.0.1:{port}") as channel,
    ):
        yield pb_grpc.TranscriptionServiceStub(channel)


async def test_get_transcript_returns_the_dialogue_with_its_words(stub: "Stub") -> None:
    request = pb.GetTranscriptRequest(owner=CLINIC, call_id="c1")

    transcript = (await stub.GetTranscript(request)).transcript

    assert transcript == transcript_pb2.Transcript(
        call_id="c1",
        owner=CLINIC,
        language="ru",
        duration_seconds=3.5,
        channels=2,
        overlap_reliable=True,
        model="whisper-base@d01c3014881c",
        segments=[
            transcript_pb2.Segment(
                speaker=transcript_pb2.SPEAKER_OPERATOR,
                start_seconds=0.25,
                end_seconds=1.0,
                text="Добрый день.",
                language="ru",
                words=[
                    transcript_pb2.Word(
                        start_seconds=0.25, end_seconds=0.5, text=" Добрый", probability=0.875
                    ),
                    transcript_pb2.Word(
                        start_seconds=0.5, end_seconds=1.0, text=" день.", probability=0.99609375
                    ),
                ],
            ),
            transcript_pb2.Segment(
                speaker=transcript_pb2.SPEAKER_CLIENT,
                start_seconds=1.5,
                end_seconds=2.0,
                text='"Алло?"',
                language="ru",
                words=[
                    transcript_pb2.Word(
                        start_seconds=1.5, end_seconds=2.0, text=' "Алло?"', probability=0.1
                    )
                ],
            ),
        ],
        create_time=transcript.create_time,
        languages=[
            transcript_pb2.HeardLanguage(
                speaker=transcript_pb2.SPEAKER_OPERATOR,
                language="ru",
                probability=0.9375,
                word_probability=0.935546875,
                words=2,
            ),
            transcript_pb2.HeardLanguage(
                speaker=transcript_pb2.SPEAKER_CLIENT, language="ru", word_probability=0.1, words=1
            ),
        ],
    )
    assert BEFORE < transcript.create_time.ToDatetime(UTC) < datetime.now(UTC)


@pytest.mark.parametrize(
    ("owner", "call_id"), [(CLINIC, "nope"), ("client:other", "c1")], ids=["no call", "not theirs"]
)
async def test_get_transcript_where_there_is_none_is_not_found(
    stub: "Stub", owner: str, call_id: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.GetTranscript(pb.GetTranscriptRequest(owner=owner, call_id=call_id))

    assert raised.value.code() is grpc.StatusCode.NOT_FOUND
    assert call_id in (raised.value.details() or "")


@pytest.mark.parametrize("words", [False, True])
async def test_get_transcripts_returns_what_there_is_in_the_order_asked_for(
    stub: "Stub", words: bool
) -> None:
    request = pb.GetTranscriptsRequest(owner=CLINIC, call_ids=["c2", "nope", "c1"], words=words)

    transcripts = (await stub.GetTranscripts(request)).transcripts

    assert [transcript.call_id for transcript in transcripts] == ["c2", "c1"]
    for transcript in transcripts:
        assert [segment.text for segment in transcript.segments] == ["Добрый день.", '"Алло?"']
        assert [len(segment.words) for segment in transcript.segments] == [2 * words, 1 * words]


async def test_get_transcripts_of_another_owner_finds_nothing(stub: "Stub") -> None:
    request = pb.GetTranscriptsRequest(owner="client:other", call_ids=["c1"])

    assert not (await stub.GetTranscripts(request)).transcripts


@pytest.mark.parametrize(
    ("owner", "call_ids", "field"),
    [
        ("", ["c1"], "owner"),
        (CLINIC, [], "call_ids"),
        (CLINIC, ["c"] * 101, "call_ids"),
        (CLINIC, ["c", ""], "call_ids"),
    ],
    ids=["no owner", "no ids", "too many ids", "empty id"],
)
async def test_a_malformed_request_is_refused_by_its_field(
    stub: "Stub", owner: str, call_ids: list[str], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.GetTranscripts(pb.GetTranscriptsRequest(owner=owner, call_ids=call_ids))

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field in (raised.value.details() or "")


@pytest.mark.parametrize(
    ("form", "beginning", "content_type", "file_name"),
    [
        (pb.EXPORT_FORMAT_TEXT, "[00:00:00] operator: ", "text/plain; charset=utf-8", "c1.txt"),
        (pb.EXPORT_FORMAT_SRT, "1\n00:00:00,250", "application/x-subrip; charset=utf-8", "c1.srt"),
        (pb.EXPORT_FORMAT_VTT, "WEBVTT\n", "text/vtt; charset=utf-8", "c1.vtt"),
        (pb.EXPORT_FORMAT_JSON, '{"call_id": "c1"', "application/json", "c1.json"),
    ],
)
async def test_export_transcript_returns_a_file(
    stub: "Stub",
    form: "pb.ExportFormat.ValueType",
    beginning: str,
    content_type: str,
    file_name: str,
) -> None:
    request = pb.ExportTranscriptRequest(owner=CLINIC, call_id="c1", format=form)

    file = await stub.ExportTranscript(request)

    assert file.content.startswith(beginning)
    assert "Добрый" in file.content
    assert (file.content_type, file.file_name) == (content_type, file_name)


async def test_who_takes_a_transcript_as_a_file_is_kept(stub: "Stub") -> None:
    for call_id, form in (("c1", pb.EXPORT_FORMAT_SRT), ("c2", pb.EXPORT_FORMAT_JSON)):
        await stub.ExportTranscript(
            pb.ExportTranscriptRequest(owner=CLINIC, call_id=call_id, format=form)
        )
    with pytest.raises(grpc.aio.AioRpcError):
        await stub.ExportTranscript(
            pb.ExportTranscriptRequest(owner=CLINIC, call_id="c3", format=pb.EXPORT_FORMAT_SRT)
        )
    await stub.GetTranscript(pb.GetTranscriptRequest(owner=CLINIC, call_id="c1"))

    first = await stub.ListTranscriptAudit(pb.ListTranscriptAuditRequest(owner=CLINIC, page_size=1))
    request = pb.ListTranscriptAuditRequest(owner=CLINIC, page_token=first.next_page_token)
    rest = await stub.ListTranscriptAudit(request)

    entries = [*first.entries, *rest.entries]
    assert [(each.subject, each.detail) for each in entries] == [("c2", "json"), ("c1", "srt")]
    assert {each.action for each in entries} == {audit_pb2.AUDIT_ACTION_EXPORT_TRANSCRIPT}
    assert all(each.actor for each in entries)
    assert not rest.next_page_token


@pytest.mark.parametrize("form", [0, 99])
async def test_export_transcript_in_no_format_is_refused_by_its_field(
    stub: "Stub", form: "pb.ExportFormat.ValueType"
) -> None:
    request = pb.ExportTranscriptRequest(owner=CLINIC, call_id="c1", format=form)

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.ExportTranscript(request)

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "format" in (raised.value.details() or "")


async def test_export_transcript_where_there_is_none_is_not_found(stub: "Stub") -> None:
    request = pb.ExportTranscriptRequest(owner=CLINIC, call_id="nope", format=pb.EXPORT_FORMAT_TEXT)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.ExportTranscript(request)

    assert raised.value.code() is grpc.StatusCode.NOT_FOUND
