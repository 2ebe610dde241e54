"""Calls, transcripts and analyses, asked for where they are owned."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from potok.analysis.v1 import analysis_service_pb2
from potok.call_sync.v1 import call_sync_service_pb2
from potok.transcription.v1 import transcription_service_pb2

from services.kernel.rpc.client import errors_of
from services.recommendations.calls.domain import AnalysedCall, Call, CallId, Transcript
from services.recommendations.calls.mapping import (
    analysed_call_from_pb,
    call_from_pb,
    transcript_from_pb,
)
from services.status.domain import Owner

if TYPE_CHECKING:  # the generated code has them for type checkers only
    from potok.analysis.v1.analysis_service_pb2_grpc import AnalysisServiceAsyncStub
    from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceAsyncStub
    from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceAsyncStub

DEADLINE = 20.0
"""Seconds for one answer."""


class RpcPayloads:
    """Implements Payloads."""

    def __init__(
        self,
        calls: "CallSyncServiceAsyncStub",
        transcripts: "TranscriptionServiceAsyncStub",
        analyses: "AnalysisServiceAsyncStub",
    ) -> None:
        self._calls = calls
        self._transcripts = transcripts
        self._analyses = analyses

    async def get_calls(self, owner: Owner, call_ids: Sequence[CallId]) -> Mapping[CallId, Call]:
        request = call_sync_service_pb2.GetCallsRequest(owner=owner, call_ids=call_ids)
        with errors_of("call_sync"):
            response = await self._calls.GetCalls(request, timeout=DEADLINE)
        return {CallId(call.call_id): call_from_pb(call) for call in response.calls}

    async def get_transcripts(
        self, owner: Owner, call_ids: Sequence[CallId]
    ) -> Mapping[CallId, Transcript]:
        request = transcription_service_pb2.GetTranscriptsRequest(owner=owner, call_ids=call_ids)
        with errors_of("transcription"):
            response = await self._transcripts.GetTranscripts(request, timeout=DEADLINE)
        return {CallId(each.call_id): transcript_from_pb(each) for each in response.transcripts}

    async def get_analyses(
        self, owner: Owner, call_ids: Sequence[CallId]
    ) -> Mapping[CallId, AnalysedCall]:
        request = analysis_service_pb2.GetAnalysesRequest(owner=owner, call_ids=call_ids)
        with errors_of("analysis"):
            response = await self._analyses.GetAnalyses(request, timeout=DEADLINE)
        return {CallId(each.call_id): analysed_call_from_pb(each) for each in response.analyses}
