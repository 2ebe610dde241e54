"""gRPC in, use case, gRPC out. No decisions are made here."""

from collections.abc import AsyncIterator

from potok.call_sync.v1 import call_sync_service_pb2 as pb
from potok.call_sync.v1 import call_sync_service_pb2_grpc as pb_grpc

from services.call_sync.domain import CallId
from services.call_sync.mapping import DIRECTION_TO_PB, call_to_pb, recording_to_pb
from services.call_sync.usecases import CallSync
from services.kernel.rpc.server import Context
from services.status.domain import Owner


class CallSyncServicer(pb_grpc.CallSyncServiceServicer):
    """Serves potok.call_sync.v1.CallSyncService."""

    def __init__(self, call_sync: CallSync) -> None:
        self._call_sync = call_sync

    async def GetCalls(self, request: pb.GetCallsRequest, context: Context) -> pb.GetCallsResponse:
        calls = await self._call_sync.get_calls(
            Owner(request.owner), [CallId(call_id) for call_id in request.call_ids]
        )
        return pb.GetCallsResponse(calls=[call_to_pb(call) for call in calls])

    async def ReadRecording(
        self, request: pb.ReadRecordingRequest, context: Context
    ) -> AsyncIterator[pb.ReadRecordingResponse]:
        facts, recording, pieces = await self._call_sync.read_recording(
            Owner(request.owner), CallId(request.call_id)
        )
        yield pb.ReadRecordingResponse(
            recording=recording_to_pb(recording),
            direction=DIRECTION_TO_PB[facts.direction],
            language=facts.language,
        )
        async for piece in pieces:
            yield pb.ReadRecordingResponse(data=piece)
