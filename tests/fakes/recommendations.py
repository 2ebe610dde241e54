"""Valid calls with defaults, and the services that recommendations asks, as one server."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from uuid import uuid4

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
    Agreement,
    AnalysedCall,
    Call,
    CallAdvice,
    CallId,
    CallMetrics,
    CallSide,
    Finding,
    FindingStatus,
    Objection,
    Transcript,
)
from services.recommendations.calls.mapping import SIDES, STATUS_FROM_PB
from services.recommendations.employees.domain import (
    EmployeeRecommendation,
    FollowThrough,
    RecommendationId,
    RecommendationState,
)
from services.recommendations.reporting.domain import ReportedCall
from tests.identity import guard

MONDAY = date(2026, 3, 2)
STATUS_TO_PB = {status: number for number, status in STATUS_FROM_PB.items()}
SIDES_TO_PB = {side: number for number, side in SIDES.items()} | {
    "": transcript_pb2.SPEAKER_UNSPECIFIED
}
OPERATOR = CallSide(
    side="operator",
    speech_seconds=30.5,
    words=80,
    turns=9,
    words_per_minute=None,
    longest_monologue_seconds=12.5,
    questions=3,
    interruptions=0,
    response_seconds=0.5,
)
METRICS = CallMetrics(
    span_seconds=70.5,
    silence_share=None,
    overlap_seconds=0.0,
    long_pauses=1,
    longest_pause_seconds=4.5,
    operator_talk_share=0.5,
    sides=(OPERATOR, replace(OPERATOR, side="client", questions=1)),
)


def a_finding(
    item: str = "greets",
    *,
    skill: str = "contact",
    status: FindingStatus = FindingStatus.COMPLETED,
    weight: float = 1,
    quote: str = "",
) -> Finding:
    return Finding(item=item, skill=skill, status=status, weight=weight, quote=quote)


def an_advice(
    skill: str = "closing",
    *,
    priority: int = 1,
    text: str = "Предложите время записи",
    why: str = "иначе клиент уйдёт",
    quote: str = "Ну хорошо, звоните",
) -> CallAdvice:
    return CallAdvice(skill=skill, priority=priority, text=text, why=why, quote=quote)


def an_analysed_call(
    call_id: str,
    *,
    day: date = MONDAY,
    started_at: datetime | None = None,
    employee: str = "Анна",
    call_type: str = "new_booking",
    outcome: str = "booked",
    sentiment: str = "neutral",
    score: float | None = 75,
    findings: Sequence[Finding] = (a_finding(),),
    advice: Sequence[CallAdvice] = (an_advice(),),
) -> AnalysedCall:
    return AnalysedCall(
        call_id=CallId(call_id),
        day=day,
        started_at=started_at or datetime.combine(day, time(9, 30), UTC),
        employee=employee,
        call_type=call_type,
        outcome=outcome,
        sentiment=sentiment,
        score=score,
        summary="Запись на приём.",
        objections=(Objection(kind="price", quote="Дорого"), Objection(kind="far", quote="")),
        agreements=(
            Agreement(text="Перезвонить", side="operator", due_day=day, quote="Я перезвоню"),
        ),
        metrics=METRICS,
        judge="rules",
        playbook="clinic",
        findings=tuple(findings),
        advice=tuple(advice),
    )


def a_reported_call(
    call_id: str, *, attempt: int = 1, text: str = "client: Здравствуйте", **analysed: Any
) -> ReportedCall:
    analysis = an_analysed_call(call_id, **analysed)
    return ReportedCall(
        attempt=attempt,
        call=Call(
            call_id=analysis.call_id,
            day=analysis.day,
            started_at=analysis.started_at,
            direction="incoming",
            duration_seconds=12.5,
            employee=analysis.employee,
            contact="+79990000000",
        ),
        transcript=Transcript(
            call_id=analysis.call_id, duration_seconds=61.5, language="ru", text=text
        ),
        analysis=analysis,
    )


def an_employee_recommendation(
    *, employee: str = "Анна", skill: str = "closing"
) -> EmployeeRecommendation:
    """Return an open recommendation, advised in one call and followed in one of three."""
    noon = datetime.combine(MONDAY, time(12), UTC)
    return EmployeeRecommendation(
        id=RecommendationId(uuid4()),
        employee=employee,
        skill=skill,
        state=RecommendationState.OPEN,
        priority=1,
        text="Предложите время записи",
        why="иначе клиент уйдёт",
        opened_call_id=CallId("c0"),
        opened_day=MONDAY,
        opened_at=noon,
        advised_calls=1,
        advised_day=MONDAY,
        advised_at=noon,
        expires_day=MONDAY + timedelta(60),
        follow_through=FollowThrough(followed=1, partly=1, not_followed=1),
        last_at=noon,
        closed_day=None,
        closed_call_id=None,
        decision=None,
    )


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
        scores=analysis_pb2.Scores(checklist=call.score),
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
    ReadRecording = PreviewStage = ExportTranscript = cast(Any, None)
    JudgeDialogue = GetRunUsage = cast(Any, None)

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


def _evidence(text: str) -> analysis_pb2.Evidence | None:
    return analysis_pb2.Evidence(text=text) if text else None
