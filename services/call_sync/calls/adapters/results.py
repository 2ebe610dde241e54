"""What was said in calls and what was found about them, by RPC."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from potok.analysis.v1 import analysis_pb2, analysis_service_pb2
from potok.transcription.v1 import transcript_pb2, transcription_service_pb2

from services.call_sync.calls.domain import CallText, CopiedTurn, Findings, Speaker
from services.call_sync.calls.mapping import SPEAKER_FROM_PB
from services.call_sync.domain import CallId
from services.kernel.rpc.client import errors_of
from services.status.domain import Owner

if TYPE_CHECKING:  # the generated code has them for type checkers only
    from potok.analysis.v1.analysis_service_pb2_grpc import AnalysisServiceAsyncStub
    from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceAsyncStub


class RpcTexts:
    """Implements TextSource."""

    def __init__(self, stub: "TranscriptionServiceAsyncStub", timeout: timedelta) -> None:
        self._stub = stub
        self._timeout = timeout.total_seconds()

    async def get_texts(self, owner: Owner, call_ids: Sequence[CallId]) -> list[CallText]:
        request = transcription_service_pb2.GetTranscriptsRequest(owner=owner, call_ids=call_ids)
        with errors_of("transcription"):
            response = await self._stub.GetTranscripts(request, timeout=self._timeout)
        return [_text_from_pb(transcript) for transcript in response.transcripts]


class RpcFindings:
    """Implements FindingsSource."""

    def __init__(self, stub: "AnalysisServiceAsyncStub", timeout: timedelta) -> None:
        self._stub = stub
        self._timeout = timeout.total_seconds()

    async def get_findings(self, owner: Owner, call_ids: Sequence[CallId]) -> list[Findings]:
        request = analysis_service_pb2.GetAnalysesRequest(owner=owner, call_ids=call_ids)
        with errors_of("analysis"):
            response = await self._stub.GetAnalyses(request, timeout=self._timeout)
        return [_findings_from_pb(analysis) for analysis in response.analyses]


def _text_from_pb(transcript: transcript_pb2.Transcript) -> CallText:
    return CallText(
        call_id=CallId(transcript.call_id),
        language=transcript.language,
        turns=[
            CopiedTurn(
                speaker=SPEAKER_FROM_PB.get(segment.speaker, Speaker.UNKNOWN),
                start_seconds=segment.start_seconds,
                end_seconds=segment.end_seconds,
                text=segment.text,
            )
            for segment in transcript.segments
        ],
    )


def _findings_from_pb(analysis: analysis_pb2.Analysis) -> Findings:
    scored = analysis.HasField("scores") and analysis.scores.HasField("checklist")
    return Findings(
        call_id=CallId(analysis.call_id),
        call_type=analysis.call_type,
        outcome=analysis.outcome,
        sentiment=analysis.sentiment,
        score=analysis.scores.checklist if scored else None,
    )
