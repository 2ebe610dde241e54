"""Calls, reports and recommendations as the stage RECOMMENDATIONS has them, and meetings; valid, with defaults."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

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
    SpokenQuote,
    Transcript,
)
from services.recommendations.employees.domain import (
    EmployeeRecommendation,
    FollowThrough,
    RecommendationId,
    RecommendationState,
)
from services.recommendations.reporting.domain import ReportedCall

MONDAY = date(2026, 3, 2)
SAID = SpokenQuote(text="Добрый день", speaker="operator", seconds=1.5)
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
    quote: SpokenQuote = SAID,
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
    said = SpokenQuote(text=quote, speaker="client", seconds=12.5) if quote else SpokenQuote()
    return CallAdvice(skill=skill, priority=priority, text=text, why=why, quote=said)


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
    told_share: float | None = 0.75,
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
        told_share=told_share,
        speakers_guessed=True,
        summary="Запись на приём.",
        objections=(
            Objection(
                kind="price", quote=SpokenQuote(text="Дорого", speaker="client", seconds=20.0)
            ),
            Objection(kind="far", quote=SpokenQuote()),
        ),
        agreements=(
            Agreement(
                text="Перезвонить",
                side="operator",
                due_day=day,
                quote=SpokenQuote(text="Я перезвоню", speaker="operator", seconds=30.0),
            ),
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
