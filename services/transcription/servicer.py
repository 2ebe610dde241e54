"""gRPC in, use case, gRPC out. No decisions are made here."""

from potok.transcription.v1 import transcription_service_pb2 as pb
from potok.transcription.v1 import transcription_service_pb2_grpc as pb_grpc

from services.kernel.rpc.server import Context
from services.status.domain import Owner
from services.status.mapping import audit_entry_to_pb
from services.status.rpc.access import current_caller
from services.transcription.domain import CallId
from services.transcription.mapping import EXPORT_FORMAT_FROM_PB, transcript_to_pb
from services.transcription.usecases import Exports, Transcription

_PAGE_SIZE = 100


class TranscriptionServicer(pb_grpc.TranscriptionServiceServicer):
    """Serves potok.transcription.v1.TranscriptionService."""

    def __init__(self, transcription: Transcription, exports: Exports) -> None:
        self._transcription = transcription
        self._exports = exports

    async def GetTranscript(
        self, request: pb.GetTranscriptRequest, context: Context
    ) -> pb.GetTranscriptResponse:
        transcript = await self._transcription.get_transcript(
            Owner(request.owner), CallId(request.call_id)
        )
        return pb.GetTranscriptResponse(transcript=transcript_to_pb(transcript))

    async def GetTranscripts(
        self, request: pb.GetTranscriptsRequest, context: Context
    ) -> pb.GetTranscriptsResponse:
        transcripts = await self._transcription.get_transcripts(
            Owner(request.owner),
            [CallId(call_id) for call_id in request.call_ids],
            words=request.words,
        )
        return pb.GetTranscriptsResponse(transcripts=[transcript_to_pb(t) for t in transcripts])

    async def ExportTranscript(
        self, request: pb.ExportTranscriptRequest, context: Context
    ) -> pb.ExportTranscriptResponse:
        file = await self._exports.export_transcript(
            Owner(request.owner),
            CallId(request.call_id),
            EXPORT_FORMAT_FROM_PB[request.format],
            current_caller().user,
        )
        return pb.ExportTranscriptResponse(
            content=file.content, content_type=file.content_type, file_name=file.file_name
        )

    async def ListTranscriptAudit(
        self, request: pb.ListTranscriptAuditRequest, context: Context
    ) -> pb.ListTranscriptAuditResponse:
        page = await self._exports.list_audit_entries(
            Owner(request.owner), request.page_size or _PAGE_SIZE, request.page_token
        )
        return pb.ListTranscriptAuditResponse(
            entries=map(audit_entry_to_pb, page.items), next_page_token=page.next_page_token
        )
