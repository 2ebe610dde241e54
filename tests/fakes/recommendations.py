"""Valid calls with defaults, and the services that recommendations asks, as one server."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import grpc
from potok.analysis.v1 import analysis_pb2, analysis_service_pb2, analysis_service_pb2_grpc
from potok.call_sync.v1 import call_pb2, call_sync_service_pb2, call_sync_service_pb2_grpc
from potok.stage.v1 import stage_service_pb2, stage_service_pb2_grpc
from potok.status.v1 import stage_pb2
from potok.transcription.v1 import (
    transcript_pb2,
    transcription_service_pb2,
    transcription_service_pb2_grpc,
)

from services.kernel.rpc.convert import timestamp
from services.kernel.rpc.server import serving
from services.recommendations.calls.domain import (
    AnalysedCall,
    CallMetrics,
    CallSide,
    SpokenQuote,
)
from services.recommendations.calls.mapping import SIDES, STATUS_FROM_PB
from tests.identity import guard

STATUS_TO_PB = {status: number for number, status in STATUS_FROM_PB.items()}
SIDES_TO_PB = {side: number for number, side in SIDES.items()} | {
    "": transcript_pb2.SPEAKER_UNSPECIFIED
}


def analysis_to_pb(call: AnalysedCall) -> analysis_pb2.Analysis:
    """Return the message that `call` is read from."""
    return analysis_pb2.Analysis(
        call_id=call.call_id,
        day=call.day.isoformat(),
        start_time=timestamp(call.started_at),
        employee=call.employee,
        call_type=call.call_type,
        outcome=call.outcome,
        sentiment=call.sentiment,
        summary=call.summary,
        objections=[
            analysis_pb2.Objection(kind=o.kind, quote=_evidence(o.quote)) for o in call.objections
        ],
        agreements=[
            analysis_pb2.Agreement(
                text=a.text,
                owner=SIDES_TO_PB[a.side],
                due=a.due_day.isoformat() if a.due_day else "",
                quote=_evidence(a.quote),
            )
            for a in call.agreements
        ],
        checklist=[
            analysis_pb2.ChecklistItem(
                item=f.item,
                skill=f.skill,
                status=STATUS_TO_PB[f.status],
                weight=f.weight,
                quote=_evidence(f.quote),
            )
            for f in call.findings
        ],
        recommendations=[
            analysis_pb2.Recommendation(
                skill=a.skill,
                priority=a.priority,
                text=a.text,
                why=a.why,
                quote=_evidence(a.quote),
            )
            for a in call.advice
        ],
        metrics=metrics_to_pb(call.metrics),
        scores=analysis_pb2.Scores(checklist=call.score, told_share=call.told_share),
        speakers_guessed=call.speakers_guessed,
        versions=analysis_pb2.Versions(judge_name=call.judge, playbook_name=call.playbook),
    )


def metrics_to_pb(metrics: CallMetrics) -> analysis_pb2.Metrics:
    return analysis_pb2.Metrics(
        span_seconds=metrics.span_seconds,
        silence_share=metrics.silence_share,
        overlap_seconds=metrics.overlap_seconds,
        operator_talk_share=metrics.operator_talk_share,
        long_pauses=analysis_pb2.LongPauses(
            count=metrics.long_pauses, longest_seconds=metrics.longest_pause_seconds
        ),
        operator=_side_to_pb(metrics.sides[0]),
        client=_side_to_pb(metrics.sides[1]),
    )


def _side_to_pb(side: CallSide) -> analysis_pb2.SideMetrics:
    return analysis_pb2.SideMetrics(
        speech_seconds=side.speech_seconds,
        words=side.words,
        turns=side.turns,
        words_per_minute=side.words_per_minute,
        longest_monologue_seconds=side.longest_monologue_seconds,
        questions=side.questions,
        interruptions=side.interruptions,
        response_latency_median_seconds=side.response_seconds,
    )


def call_to_pb(call: AnalysedCall) -> call_pb2.Call:
    """Return the call that was analysed, as its source listed it."""
    return call_pb2.Call(
        call_id=call.call_id,
        day=call.day.isoformat(),
        start_time=timestamp(call.started_at),
        direction=call_pb2.DIRECTION_INCOMING,
        duration_seconds=12.5,
        employee=call.employee,
        contact="+79990000000",
        answered=True,
    )


def transcript_to_pb(call: AnalysedCall) -> transcript_pb2.Transcript:
    """Return what was said in the call that was analysed."""
    return transcript_pb2.Transcript(
        duration_seconds=61.5,
        call_id=call.call_id,
        language="ru",
        segments=[
            transcript_pb2.Segment(speaker=transcript_pb2.SPEAKER_OPERATOR, text="Добрый день"),
            transcript_pb2.Segment(speaker=transcript_pb2.SPEAKER_CLIENT, text="Здравствуйте"),
        ],
    )


class Owners(
    stage_service_pb2_grpc.StageServiceServicer,
    call_sync_service_pb2_grpc.CallSyncServiceServicer,
    transcription_service_pb2_grpc.TranscriptionServiceServicer,
    analysis_service_pb2_grpc.AnalysisServiceServicer,
):
    """Call_sync, transcription and analysis of one client; `analysed` numbers the execution that analysed."""

    def __init__(self) -> None:
        self.calls: dict[str, AnalysedCall] = {}
        self.analysed = 1

    def hold(self, *calls: AnalysedCall) -> None:
        self.calls |= {call.call_id: call for call in calls}

    def known(self, call_ids: Sequence[str]) -> list[AnalysedCall]:
        return [self.calls[call_id] for call_id in call_ids if call_id in self.calls]

    async def ListItems(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        assert request.stage == stage_pb2.STAGE_ANALYSIS
        days = request.range.start_date, request.range.end_date
        return stage_service_pb2.ListItemsResponse(
            items=[
                stage_service_pb2.Item(
                    item_id=call.call_id, day=call.day.isoformat(), output=self.analysed
                )
                for call in self.calls.values()
                if days[0] <= call.day.isoformat() <= days[1]
            ]
        )

    async def GetCalls(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        calls = [call_to_pb(call) for call in self.known(request.call_ids)]
        return call_sync_service_pb2.GetCallsResponse(calls=calls)

    async def GetTranscripts(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        transcripts = [transcript_to_pb(call) for call in self.known(request.call_ids)]
        return transcription_service_pb2.GetTranscriptsResponse(transcripts=transcripts)

    async def GetAnalyses(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        analyses = [analysis_to_pb(call) for call in self.known(request.call_ids)]
        return analysis_service_pb2.GetAnalysesResponse(analyses=analyses)

    # Nobody asks for these.
    RunStage = CancelStage = GetTranscript = GetAnalysis = ListAnalyses = cast(Any, None)
    ReadRecording = PreviewStage = CheckSettings = ExportTranscript = cast(Any, None)
    JudgeDialogue = GetRunUsage = ListItemChanges = ListTranscriptAudit = cast(Any, None)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve on a free port; yields the address."""

        def register(server: grpc.aio.Server) -> None:
            stage_service_pb2_grpc.add_StageServiceServicer_to_server(self, server)
            call_sync_service_pb2_grpc.add_CallSyncServiceServicer_to_server(self, server)
            transcription_service_pb2_grpc.add_TranscriptionServiceServicer_to_server(self, server)
            analysis_service_pb2_grpc.add_AnalysisServiceServicer_to_server(self, server)

        async with serving("127.0.0.1:0", register, services=[], guard=guard()) as port:
            yield f"127.0.0.1:{port}"


def _evidence(quote: SpokenQuote) -> analysis_pb2.Evidence | None:
    if not quote.text:
        return None
    return analysis_pb2.Evidence(
        text=quote.text,
        speaker=transcript_pb2.Speaker.Value(f"SPEAKER_{quote.speaker.upper()}"),
        start_seconds=quote.seconds or 0.0,
    )
