"""Analyses in protobuf and back. Pure functions."""

from datetime import date
from typing import Any

from potok.analysis.v1 import analysis_pb2 as pb
from potok.analysis.v1 import analysis_service_pb2
from potok.call_sync.v1 import call_pb2
from potok.transcription.v1 import transcript_pb2

from services.analysis.calls.domain import (
    Agreement,
    Analysis,
    AnalysisFilter,
    CallFacts,
    CallId,
    CheckedItem,
    ClientFact,
    Direction,
    Evidence,
    Fallback,
    ItemStatus,
    Judgement,
    LongPauses,
    Metrics,
    Objection,
    Recommendation,
    Scores,
    SideMetrics,
    SkillWeight,
    Speaker,
    Versions,
)
from services.kernel.rpc.convert import enum_pairs, moment, timestamp
from services.llm.domain import Usage
from services.status.domain import Cost, Owner
from services.status.mapping import (
    REASON_FROM_PB,
    REASON_TO_PB,
    cost_to_pb,
    date_range_from_pb,
)

DIRECTION_TO_PB = enum_pairs(Direction, call_pb2.Direction, "DIRECTION")
SPEAKER_TO_PB = enum_pairs(Speaker, transcript_pb2.Speaker, "SPEAKER")
UNSPECIFIED = transcript_pb2.SPEAKER_UNSPECIFIED
ITEM_STATUS_TO_PB = enum_pairs(ItemStatus, pb.ItemStatus, "ITEM_STATUS")

DIRECTION_FROM_PB = {number: member for member, number in DIRECTION_TO_PB.items()}
SPEAKER_FROM_PB = {number: member for member, number in SPEAKER_TO_PB.items()}
ITEM_STATUS_FROM_PB = {number: member for member, number in ITEM_STATUS_TO_PB.items()}


def filter_from_pb(request: analysis_service_pb2.ListAnalysesRequest) -> AnalysisFilter:
    """Read which analyses are asked for; raises InvalidInput."""
    return AnalysisFilter(
        owner=Owner(request.owner),
        days=date_range_from_pb(request.range),
        call_type=request.call_type or None,
        outcome=request.outcome or None,
        sentiment=request.sentiment or None,
        employee=request.employee or None,
        min_score=_optional(request, "min_score"),
        max_score=_optional(request, "max_score"),
    )


def analysis_to_pb(analysis: Analysis) -> pb.Analysis:
    call, judgement, weights = analysis.call, analysis.judgement, analysis.weights
    return pb.Analysis(
        call_id=call.call_id,
        owner=call.owner,
        day=call.day.isoformat(),
        start_time=timestamp(call.started_at),
        direction=DIRECTION_TO_PB[call.direction],
        duration_seconds=call.duration_seconds,
        employee=call.employee or "",
        call_type=judgement.call_type,
        call_type_quote=evidence_to_pb(judgement.call_type_quote),
        outcome=judgement.outcome,
        outcome_quote=evidence_to_pb(judgement.outcome_quote),
        sentiment=judgement.sentiment,
        sentiment_quote=evidence_to_pb(judgement.sentiment_quote),
        summary=judgement.summary,
        objections=[
            pb.Objection(kind=each.kind, quote=evidence_to_pb(each.quote))
            for each in judgement.objections
        ],
        checklist=[
            pb.ChecklistItem(
                item=each.item,
                status=ITEM_STATUS_TO_PB[each.status],
                weight=weights[each.item].weight,
                skill=weights[each.item].skill,
                quote=evidence_to_pb(each.quote),
            )
            for each in judgement.checklist
        ],
        agreements=[
            pb.Agreement(
                text=each.text,
                quote=evidence_to_pb(each.quote),
                owner=SPEAKER_TO_PB[each.owner] if each.owner else UNSPECIFIED,
                due=each.due.isoformat() if each.due else "",
            )
            for each in judgement.agreements
        ],
        client_facts=[
            pb.ClientFact(kind=each.kind, text=each.text, quote=evidence_to_pb(each.quote))
            for each in judgement.client_facts
        ],
        recommendations=[
            pb.Recommendation(
                skill=each.skill,
                priority=each.priority,
                text=each.text,
                why=each.why,
                quote=evidence_to_pb(each.quote),
            )
            for each in judgement.recommendations
        ],
        language=analysis.language,
        speakers_guessed=analysis.speakers_guessed,
        metrics=metrics_to_pb(analysis.metrics),
        scores=pb.Scores(
            checklist=analysis.scores.checklist,
            by_skill=analysis.scores.by_skill,
            applicable_items=analysis.scores.applicable_items,
            told_items=analysis.scores.told_items,
            told_share=analysis.scores.told_share,
        ),
        evidence_flags=analysis.evidence_flags,
        versions=pb.Versions(
            metrics=analysis.versions.metrics,
            judge_name=analysis.versions.judge_name,
            judge_version=analysis.versions.judge_version,
            playbook_name=analysis.versions.playbook_name,
            playbook_hash=analysis.versions.playbook_hash,
            input_hash=analysis.versions.input_hash,
        ),
        usage=usage_to_pb(analysis.usage) if analysis.usage else None,
        fallback=pb.Fallback(
            judge=analysis.fallback.judge,
            reason=REASON_TO_PB[analysis.fallback.reason],
            message=analysis.fallback.message,
        )
        if analysis.fallback
        else None,
    )


def dialogue_to_pb(analysis: Analysis) -> pb.Analysis:
    """Convert the analysis of a dialogue that was written down: it has no times to be measured."""
    message = analysis_to_pb(analysis)
    message.ClearField("metrics")
    return message


def analysis_from_pb(message: pb.Analysis) -> Analysis:
    return Analysis(
        call=CallFacts(
            call_id=CallId(message.call_id),
            owner=Owner(message.owner),
            employee=message.employee or None,
            day=date.fromisoformat(message.day),
            started_at=moment(message.start_time),
            duration_seconds=message.duration_seconds,
            direction=DIRECTION_FROM_PB[message.direction],
        ),
        language=message.language,
        speakers_guessed=message.speakers_guessed,
        metrics=metrics_from_pb(message.metrics),
        judgement=Judgement(
            call_type=message.call_type,
            call_type_quote=_quote(message, "call_type_quote"),
            outcome=message.outcome,
            outcome_quote=_quote(message, "outcome_quote"),
            sentiment=message.sentiment,
            sentiment_quote=_quote(message, "sentiment_quote"),
            summary=message.summary,
            objections=tuple(
                Objection(kind=each.kind, quote=_quote(each)) for each in message.objections
            ),
            checklist=tuple(
                CheckedItem(
                    item=each.item, status=ITEM_STATUS_FROM_PB[each.status], quote=_quote(each)
                )
                for each in message.checklist
            ),
            agreements=tuple(
                Agreement(
                    text=each.text,
                    quote=_quote(each),
                    owner=SPEAKER_FROM_PB.get(each.owner),
                    due=date.fromisoformat(each.due) if each.due else None,
                )
                for each in message.agreements
            ),
            client_facts=tuple(
                ClientFact(kind=each.kind, text=each.text, quote=_quote(each))
                for each in message.client_facts
            ),
            recommendations=tuple(
                Recommendation(
                    skill=each.skill,
                    priority=each.priority,
                    text=each.text,
                    why=each.why,
                    quote=_quote(each),
                )
                for each in message.recommendations
            ),
        ),
        weights={
            each.item: SkillWeight(skill=each.skill, weight=each.weight)
            for each in message.checklist
        },
        scores=Scores(
            checklist=_optional(message.scores, "checklist"),
            by_skill=dict(message.scores.by_skill),
            applicable_items=message.scores.applicable_items,
            told_items=message.scores.told_items,
            told_share=_optional(message.scores, "told_share"),
        ),
        evidence_flags=tuple(message.evidence_flags),
        versions=Versions(
            metrics=message.versions.metrics,
            judge_name=message.versions.judge_name,
            judge_version=message.versions.judge_version,
            playbook_name=message.versions.playbook_name,
            playbook_hash=message.versions.playbook_hash,
            input_hash=message.versions.input_hash,
        ),
        usage=usage_from_pb(message.usage) if message.HasField("usage") else None,
        fallback=Fallback(
            judge=message.fallback.judge,
            reason=REASON_FROM_PB[message.fallback.reason],
            message=message.fallback.message,
        )
        if message.HasField("fallback")
        else None,
    )


def usage_to_pb(usage: Usage) -> pb.Usage:
    return pb.Usage(
        requests=usage.requests,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost=cost_to_pb(usage.cost),
    )


def usage_from_pb(message: pb.Usage) -> Usage:
    cost = message.cost
    return Usage(
        requests=message.requests,
        prompt_tokens=message.prompt_tokens,
        completion_tokens=message.completion_tokens,
        cost=Cost(amount=cost.amount, currency=cost.currency) if message.HasField("cost") else None,
    )


def metrics_to_pb(metrics: Metrics) -> pb.Metrics:
    return pb.Metrics(
        span_seconds=metrics.span_seconds,
        silence_seconds=metrics.silence_seconds,
        silence_share=metrics.silence_share,
        long_pauses=pb.LongPauses(
            count=metrics.long_pauses.count,
            total_seconds=metrics.long_pauses.total_seconds,
            longest_seconds=metrics.long_pauses.longest_seconds,
        ),
        overlap_seconds=metrics.overlap_seconds,
        first_speaker=SPEAKER_TO_PB[metrics.first_speaker]
        if metrics.first_speaker
        else UNSPECIFIED,
        operator_talk_share=metrics.operator_talk_share,
        operator=side_metrics_to_pb(metrics.operator) if metrics.operator else None,
        client=side_metrics_to_pb(metrics.client) if metrics.client else None,
    )


def metrics_from_pb(message: pb.Metrics) -> Metrics:
    pauses = message.long_pauses
    return Metrics(
        span_seconds=message.span_seconds,
        silence_seconds=message.silence_seconds,
        silence_share=_optional(message, "silence_share"),
        long_pauses=LongPauses(
            count=pauses.count,
            total_seconds=pauses.total_seconds,
            longest_seconds=pauses.longest_seconds,
        ),
        overlap_seconds=_optional(message, "overlap_seconds"),
        first_speaker=SPEAKER_FROM_PB.get(message.first_speaker),
        operator_talk_share=_optional(message, "operator_talk_share"),
        operator=side_metrics_from_pb(message.operator) if message.HasField("operator") else None,
        client=side_metrics_from_pb(message.client) if message.HasField("client") else None,
    )


def side_metrics_to_pb(side: SideMetrics) -> pb.SideMetrics:
    return pb.SideMetrics(
        speech_seconds=side.speech_seconds,
        words=side.words,
        turns=side.turns,
        average_turn_seconds=side.average_turn_seconds,
        words_per_minute=side.words_per_minute,
        pace_median=side.pace_median,
        pace_deviation=side.pace_deviation,
        longest_monologue_seconds=side.longest_monologue_seconds,
        questions=side.questions,
        interruptions=side.interruptions,
        interruptions_per_minute=side.interruptions_per_minute,
        response_latency_median_seconds=side.response_latency_median_seconds,
    )


def side_metrics_from_pb(message: pb.SideMetrics) -> SideMetrics:
    return SideMetrics(
        speech_seconds=message.speech_seconds,
        words=message.words,
        turns=message.turns,
        average_turn_seconds=_optional(message, "average_turn_seconds"),
        words_per_minute=_optional(message, "words_per_minute"),
        pace_median=_optional(message, "pace_median"),
        pace_deviation=_optional(message, "pace_deviation"),
        longest_monologue_seconds=message.longest_monologue_seconds,
        questions=message.questions,
        interruptions=_optional(message, "interruptions"),
        interruptions_per_minute=_optional(message, "interruptions_per_minute"),
        response_latency_median_seconds=_optional(message, "response_latency_median_seconds"),
    )


def evidence_to_pb(evidence: Evidence | None) -> pb.Evidence | None:
    if evidence is None:
        return None
    return pb.Evidence(
        turn=evidence.turn,
        text=evidence.text,
        speaker=SPEAKER_TO_PB[evidence.speaker] if evidence.speaker else UNSPECIFIED,
        start_seconds=evidence.start_seconds or 0.0,
        end_seconds=evidence.end_seconds or 0.0,
        probability=evidence.probability,
    )


def _quote(message: Any, field: str = "quote") -> Evidence | None:
    quote = _optional(message, field)
    if quote is None:
        return None
    speaker = SPEAKER_FROM_PB.get(quote.speaker)
    return Evidence(
        turn=quote.turn,
        text=quote.text,
        speaker=speaker,
        start_seconds=quote.start_seconds if speaker else None,
        end_seconds=quote.end_seconds if speaker else None,
        probability=_optional(quote, "probability"),
    )


def _optional(message: Any, field: str) -> Any:
    """Return a field, None where it is unset."""
    return getattr(message, field) if message.HasField(field) else None
