"""Recordings over gRPC, with the headers that players go by. No decisions are made here."""

from collections.abc import AsyncIterator

from google.api import httpbody_pb2
from potok.call_sync.v1 import recording_service_pb2 as pb
from potok.call_sync.v1 import recording_service_pb2_grpc as pb_grpc

from services.call_sync.domain import CallId
from services.call_sync.hearing.domain import BehindTheEnd
from services.call_sync.hearing.mapping import headers_of, unsatisfied, waveform_to_pb
from services.call_sync.hearing.usecases import Hearing
from services.kernel.rpc.server import Context
from services.status.domain import Owner
from services.status.mapping import audit_entry_to_pb
from services.status.rpc.access import current_caller

SERVICE = "potok.call_sync.v1.RecordingService"
_PAGE_SIZE = 100


class RecordingServicer(pb_grpc.RecordingServiceServicer):
    """Serves potok.call_sync.v1.RecordingService."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing

    async def GetRecording(
        self, request: pb.GetRecordingRequest, context: Context
    ) -> AsyncIterator[httpbody_pb2.HttpBody]:
        asked = {name: str(value) for name, value in context.invocation_metadata() or ()}
        try:
            heard = await self._hearing.hear(
                Owner(request.owner),
                CallId(request.call_id),
                current_caller().user,
                asked.get("range", ""),
                asked.get("if-range", ""),
            )
        except BehindTheEnd as error:
            context.set_trailing_metadata(unsatisfied(error))
            raise
        await context.send_initial_metadata(headers_of(request.call_id, heard))
        content_type = heard.recording.content_type
        async for piece in heard.pieces:
            yield httpbody_pb2.HttpBody(content_type=content_type, data=piece)

    async def GetWaveform(
        self, request: pb.GetWaveformRequest, context: Context
    ) -> pb.GetWaveformResponse:
        return waveform_to_pb(
            await self._hearing.get_waveform(Owner(request.owner), CallId(request.call_id))
        )

    async def ListRecordingAudit(
        self, request: pb.ListRecordingAuditRequest, context: Context
    ) -> pb.ListRecordingAuditResponse:
        page = await self._hearing.list_audit_entries(
            Owner(request.owner), request.page_size or _PAGE_SIZE, request.page_token
        )
        return pb.ListRecordingAuditResponse(
            entries=map(audit_entry_to_pb, page.items), next_page_token=page.next_page_token
        )
