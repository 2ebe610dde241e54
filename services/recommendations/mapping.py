"""Reports in protobuf, and what other services say in our words. Pure functions."""

from datetime import date
from typing import Any

from potok.analysis.v1 import analysis_pb2
from potok.call_sync.v1 import call_pb2
from potok.recommendations.v1 import range_report_pb2 as pb
from potok.transcription.v1 import transcript_pb2

from services.kernel.rpc.convert import enum_pairs, moment, timestamp
from services.recommendations.domain import (
    Advice,
    AnalysedCall,
    Call,
    CallId,
    Finding,
    FindingStatus,
    LabelCount,
    RangeReport,
    Recommendation,
    SkillReport,
    Transcript,
)
from services.status.mapping import date_range_to_pb

STATUS_FROM_PB = {
    number: status
    for status, number in enum_pairs(FindingStatus, analysis_pb2.ItemStatus, "ITEM_STATUS").items()
}


def range_report_to_pb(report: RangeReport) -> pb.RangeReport:
    roll_up, written = report.roll_up, report.written
    return pb.RangeReport(
        owner=report.owner,
        range=date_range_to_pb(report.range),
        calls=roll_up.calls,
        score=roll_up.score,
        call_types=[_label_count(count) for count in roll_up.call_types],
        outcomes=[_label_count(count) for count in roll_up.outcomes],
        sentiments=[_label_count(count) for count in roll_up.sentiments],
        employees=[
            pb.EmployeeReport(employee=each.employee, calls=each.calls, score=each.score)
            for each in roll_up.employees
        ],
        skills=[_skill_to_pb(skill) for skill in roll_up.skills],
        minimum_calls=report.minimum_calls,
        write_time=timestamp(written.written_at) if written else None,
        focus=written.focus if written else (),
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
        call_id=CallId(message.call_id), language=message.language, text="\n".join(lines)
    )


def analysed_call_from_pb(message: analysis_pb2.Analysis) -> AnalysedCall:
    return AnalysedCall(
        call_id=CallId(message.call_id),
        day=date.fromisoformat(message.day),
        employee=message.employee,
        call_type=message.call_type,
        outcome=message.outcome,
        sentiment=message.sentiment,
        score=_optional(message.scores, "checklist"),
        summary=message.summary,
        objections=tuple(objection.kind for objection in message.objections),
        operator_talk_share=_optional(message.metrics, "operator_talk_share"),
        silence_share=_optional(message.metrics, "silence_share"),
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


def _word(kind: Any, number: int, prefix: str) -> str:
    """Return the lower-case name of an enum's value."""
    name: str = kind.Name(number)
    return name.removeprefix(prefix).lower()


def _optional(message: Any, name: str) -> Any:
    return getattr(message, name) if message.HasField(name) else None
