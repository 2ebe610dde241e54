"""What other services say of calls, from protobuf. Pure functions."""

from datetime import date
from typing import Any

from potok.analysis.v1 import analysis_pb2
from potok.call_sync.v1 import call_pb2
from potok.transcription.v1 import transcript_pb2

from services.kernel.rpc.convert import enum_pairs, moment
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

STATUS_FROM_PB = {
    number: status
    for status, number in enum_pairs(FindingStatus, analysis_pb2.ItemStatus, "ITEM_STATUS").items()
}


SIDES = {
    transcript_pb2.SPEAKER_OPERATOR: "operator",
    transcript_pb2.SPEAKER_CLIENT: "client",
}
"""The sides of a call, in words; metrics name theirs alike."""


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
        told_share=_optional(message.scores, "told_share"),
        speakers_guessed=message.speakers_guessed,
        summary=message.summary,
        objections=tuple(
            Objection(kind=objection.kind, quote=_quote(objection))
            for objection in message.objections
        ),
        agreements=tuple(
            Agreement(
                text=agreement.text,
                side=SIDES.get(agreement.owner, ""),
                due_day=date.fromisoformat(agreement.due) if agreement.due else None,
                quote=_quote(agreement),
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
                quote=_quote(item),
            )
            for item in message.checklist
        ),
        advice=tuple(
            CallAdvice(
                skill=each.skill,
                priority=each.priority,
                text=each.text,
                why=each.why,
                quote=_quote(each),
            )
            for each in message.recommendations
        ),
    )


def _quote(message: Any) -> SpokenQuote:
    """Return the quote of a part of an analysis; one of before speakers were stored has words alone."""
    quote = _optional(message, "quote")
    if quote is None:
        return SpokenQuote()
    if quote.speaker == transcript_pb2.SPEAKER_UNSPECIFIED:
        return SpokenQuote(text=quote.text)
    return SpokenQuote(
        text=quote.text,
        speaker=_word(transcript_pb2.Speaker, quote.speaker, "SPEAKER_"),
        seconds=quote.start_seconds,
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
