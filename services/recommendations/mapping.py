"""Reports in protobuf, and what other services say in our words. Pure functions."""

from datetime import date
from typing import Any

from potok.analysis.v1 import analysis_pb2
from potok.call_sync.v1 import call_pb2
from potok.recommendations.v1 import employee_recommendation_pb2 as recommendation_pb
from potok.recommendations.v1 import range_report_pb2 as pb
from potok.recommendations.v1 import recommendations_service_pb2 as service_pb
from potok.recommendations.v1 import reported_calls_pb2 as reported_pb
from potok.transcription.v1 import transcript_pb2

from services.kernel.rpc.convert import enum_pairs, moment, timestamp
from services.recommendations.domain import (
    Advice,
    Agreement,
    AnalysedCall,
    Call,
    CallId,
    CallMetrics,
    CallSide,
    EmployeeRecommendation,
    Finding,
    FindingStatus,
    LabelCount,
    Narrative,
    Objection,
    RangeReport,
    Recommendation,
    RecommendationFilter,
    RecommendationState,
    ReportedCalls,
    SkillReport,
    Transcript,
    previous,
)
from services.status.domain import Owner
from services.status.mapping import date_range_to_pb

STATUS_FROM_PB = {
    number: status
    for status, number in enum_pairs(FindingStatus, analysis_pb2.ItemStatus, "ITEM_STATUS").items()
}
STATE_TO_PB = enum_pairs(
    RecommendationState, recommendation_pb.RecommendationState, "RECOMMENDATION_STATE"
)
STATE_FROM_PB = {number: state for state, number in STATE_TO_PB.items()}
SIDES = {
    transcript_pb2.SPEAKER_OPERATOR: "operator",
    transcript_pb2.SPEAKER_CLIENT: "client",
}
"""The sides of a call, in words; metrics name theirs alike."""


def range_report_to_pb(report: RangeReport) -> pb.RangeReport:
    roll_up, written = report.roll_up, report.written
    scores = roll_up.scores
    before = previous(report.range)
    return pb.RangeReport(
        owner=report.owner,
        range=date_range_to_pb(report.range),
        calls=scores.calls,
        score=scores.score,
        call_types=[_label_count(count) for count in roll_up.call_types],
        outcomes=[_label_count(count) for count in roll_up.outcomes],
        sentiments=[_label_count(count) for count in roll_up.sentiments],
        employees=[
            pb.EmployeeReport(
                employee=each.employee,
                calls=each.scores.calls,
                score=each.scores.score,
                unscored_calls=each.scores.unscored_calls,
                median_score=each.scores.median_score,
                score_delta=each.scores.score_delta,
                enough=each.scores.enough,
                previous_calls=each.scores.previous_calls,
            )
            for each in roll_up.employees
        ],
        skills=[_skill_to_pb(skill) for skill in roll_up.skills],
        minimum_calls=report.minimum_calls,
        write_time=timestamp(written.written_at) if written else None,
        focus=written.focus if written else (),
        unscored_calls=scores.unscored_calls,
        median_score=scores.median_score,
        previous_range=date_range_to_pb(before) if before else None,
        previous_calls=scores.previous_calls,
        score_delta=scores.score_delta,
        narrative=_narrative_to_pb(written.narrative) if written and written.narrative else None,
    )


def _narrative_to_pb(narrative: Narrative) -> pb.Narrative:
    return pb.Narrative(
        text=narrative.text,
        actions=narrative.actions,
        author=narrative.author,
        note=narrative.note,
    )


def _label_count(count: LabelCount) -> pb.LabelCount:
    return pb.LabelCount(label=count.label, calls=count.calls)


def _skill_to_pb(skill: SkillReport) -> pb.SkillReport:
    return pb.SkillReport(
        employee=skill.employee,
        skill=skill.skill,
        calls=skill.calls,
        applicable=skill.applicable,
        completed=skill.completed,
        share=skill.share,
        score=skill.score,
        failing_calls=skill.failing_calls,
        enough=skill.enough,
        previous_calls=skill.previous_calls,
        share_delta=skill.share_delta,
        score_delta=skill.score_delta,
        recommendations=[_recommendation_to_pb(each) for each in skill.recommendations],
    )


def _recommendation_to_pb(recommendation: Recommendation) -> pb.Recommendation:
    return pb.Recommendation(
        text=recommendation.text,
        why=recommendation.why,
        priority=recommendation.priority,
        calls=recommendation.calls,
        quotes=[pb.Quote(call_id=q.call_id, text=q.text) for q in recommendation.quotes],
    )


def filter_from_pb(request: service_pb.ListRecommendationsRequest) -> RecommendationFilter:
    return RecommendationFilter(
        owner=Owner(request.owner),
        states=tuple(STATE_FROM_PB[state] for state in request.states),
        employee=_optional(request, "employee"),
        skill=request.skill,
    )


def employee_recommendation_to_pb(
    owner: Owner, recommendation: EmployeeRecommendation
) -> recommendation_pb.EmployeeRecommendation:
    closed_day, decision = recommendation.closed_day, recommendation.decision
    follow_through = recommendation.follow_through
    return recommendation_pb.EmployeeRecommendation(
        id=str(recommendation.id),
        owner=owner,
        employee=recommendation.employee,
        skill=recommendation.skill,
        state=STATE_TO_PB[recommendation.state],
        priority=recommendation.priority,
        text=recommendation.text,
        why=recommendation.why,
        opened_call_id=recommendation.opened_call_id,
        opened_day=recommendation.opened_day.isoformat(),
        advised_calls=recommendation.advised_calls,
        advised_day=recommendation.advised_day.isoformat(),
        expires_day=recommendation.expires_day.isoformat(),
        follow_through=recommendation_pb.FollowThrough(
            followed=follow_through.followed,
            partly=follow_through.partly,
            not_followed=follow_through.not_followed,
        ),
        quotes=[
            recommendation_pb.DatedQuote(
                call_id=quote.call_id, day=quote.day.isoformat(), text=quote.text
            )
            for quote in recommendation.quotes
        ],
        closed_day=closed_day.isoformat() if closed_day else "",
        closed_call_id=recommendation.closed_call_id or "",
        closed_by=decision.closed_by if decision else "",
        comment=decision.comment if decision else "",
        decide_time=timestamp(decision.decided_at) if decision else None,
    )


def reported_calls_to_pb(reported: ReportedCalls) -> reported_pb.ReportedCalls:
    return reported_pb.ReportedCalls(
        rolled_up_calls=reported.rolled_up_calls,
        tables=[
            reported_pb.TableCount(
                table=each.table, rows=each.rows, expected_rows=each.expected_rows
            )
            for each in reported.tables
        ],
    )


def call_from_pb(message: call_pb2.Call) -> Call:
    return Call(
        call_id=CallId(message.call_id),
        day=date.fromisoformat(message.day),
        started_at=moment(message.start_time),
        direction=_word(call_pb2.Direction, message.direction, "DIRECTION_"),
        duration_seconds=_optional(message, "duration_seconds"),
        employee=message.employee,
        contact=message.contact,
    )


def transcript_from_pb(message: transcript_pb2.Transcript) -> Transcript:
    lines = [
        f"{_word(transcript_pb2.Speaker, segment.speaker, 'SPEAKER_')}: {segment.text}"
        for segment in message.segments
    ]
    return Transcript(
        duration_seconds=message.duration_seconds,
        call_id=CallId(message.call_id),
        language=message.language,
        text="\n".join(lines),
    )


def analysed_call_from_pb(message: analysis_pb2.Analysis) -> AnalysedCall:
    return AnalysedCall(
        call_id=CallId(message.call_id),
        day=date.fromisoformat(message.day),
        started_at=moment(message.start_time),
        employee=message.employee,
        call_type=message.call_type,
        outcome=message.outcome,
        sentiment=message.sentiment,
        score=_optional(message.scores, "checklist"),
        summary=message.summary,
        objections=tuple(
            Objection(kind=objection.kind, quote=objection.quote.text)
            for objection in message.objections
        ),
        agreements=tuple(
            Agreement(
                text=agreement.text,
                side=SIDES.get(agreement.owner, ""),
                due_day=date.fromisoformat(agreement.due) if agreement.due else None,
                quote=agreement.quote.text,
            )
            for agreement in message.agreements
        ),
        metrics=_metrics(message.metrics),
        judge=message.versions.judge_name,
        playbook=message.versions.playbook_name,
        findings=tuple(
            Finding(
                item=item.item,
                skill=item.skill,
                status=STATUS_FROM_PB[item.status],
                weight=item.weight,
                quote=item.quote.text,
            )
            for item in message.checklist
        ),
        advice=tuple(
            Advice(
                skill=each.skill,
                priority=each.priority,
                text=each.text,
                why=each.why,
                quote=each.quote.text,
            )
            for each in message.recommendations
        ),
    )


def _metrics(message: analysis_pb2.Metrics) -> CallMetrics:
    return CallMetrics(
        span_seconds=message.span_seconds,
        silence_share=_optional(message, "silence_share"),
        overlap_seconds=_optional(message, "overlap_seconds"),
        long_pauses=message.long_pauses.count,
        longest_pause_seconds=message.long_pauses.longest_seconds,
        operator_talk_share=_optional(message, "operator_talk_share"),
        sides=tuple(
            _side(side, getattr(message, side))
            for side in SIDES.values()
            if _optional(message, side) is not None
        ),
    )


def _side(side: str, message: analysis_pb2.SideMetrics) -> CallSide:
    return CallSide(
        side=side,
        speech_seconds=message.speech_seconds,
        words=message.words,
        turns=message.turns,
        words_per_minute=_optional(message, "words_per_minute"),
        longest_monologue_seconds=message.longest_monologue_seconds,
        questions=message.questions,
        interruptions=_optional(message, "interruptions"),
        response_seconds=_optional(message, "response_latency_median_seconds"),
    )


def _word(kind: Any, number: int, prefix: str) -> str:
    """Return the lower-case name of an enum's value."""
    name: str = kind.Name(number)
    return name.removeprefix(prefix).lower()


def _optional(message: Any, name: str) -> Any:
    return getattr(message, name) if message.HasField(name) else None
