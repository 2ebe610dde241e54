"""The rows of the reporting tables, column by column. Pure functions; `client_id` is an owner without `client:`."""

from collections.abc import Mapping, Sequence

from services.recommendations.calls.domain import SpokenQuote
from services.recommendations.employees.domain import EmployeeRecommendation
from services.recommendations.reporting.domain import ReportedCall
from services.status.domain import ExecutionNumber

CALL_COLUMNS = (
    "client_id",
    "execution",
    "attempt",
    "call_id",
    "day",
    "started_at",
    "direction",
    "duration_seconds",
    "employee",
    "contact",
)
QUOTE_COLUMNS = ("quote", "quote_speaker", "quote_seconds")
COLUMNS = {
    "transcripts": ("call_id", "language", "text"),
    "analyses": (
        "call_id",
        "call_type",
        "outcome",
        "sentiment",
        "score",
        "summary",
        "objections",
        "operator_talk_share",
        "silence_share",
        "judge",
        "playbook",
        "span_seconds",
        "overlap_seconds",
        "long_pauses",
        "longest_pause_seconds",
        "told_share",
        "speakers_guessed",
    ),
    "checklist_items": ("call_id", "item", "skill", "status", "weight", *QUOTE_COLUMNS),
    "recommendations": ("call_id", "position", "skill", "priority", "text", "why", *QUOTE_COLUMNS),
    "objections": ("call_id", "position", "kind", *QUOTE_COLUMNS),
    "agreements": ("call_id", "position", "text", "side", "due_day", *QUOTE_COLUMNS),
    "call_sides": (
        "call_id",
        "side",
        "speech_seconds",
        "words",
        "turns",
        "words_per_minute",
        "longest_monologue_seconds",
        "questions",
        "interruptions",
        "response_seconds",
    ),
}
"""What belongs to a call, by table, beside its client."""
RECOMMENDATION_COLUMNS = (
    "client_id",
    "execution",
    "recommendation_id",
    "employee",
    "skill",
    "state",
    "priority",
    "text",
    "why",
    "opened_day",
    "opened_call_id",
    "advised_calls",
    "advised_day",
    "followed",
    "partly",
    "not_followed",
    "closed_day",
    "closed_by",
    "comment",
)


def part_rows(calls: Sequence[ReportedCall]) -> Mapping[str, list[tuple[object, ...]]]:
    """Return the rows of each table of COLUMNS, in its columns."""
    analyses = [each.analysis for each in calls]
    return {
        "transcripts": [
            (each.call.call_id, each.transcript.language, each.transcript.text) for each in calls
        ],
        "analyses": [
            (
                a.call_id,
                a.call_type,
                a.outcome,
                a.sentiment,
                a.score,
                a.summary,
                [objection.kind for objection in a.objections],
                a.metrics.operator_talk_share,
                a.metrics.silence_share,
                a.judge,
                a.playbook,
                a.metrics.span_seconds,
                a.metrics.overlap_seconds,
                a.metrics.long_pauses,
                a.metrics.longest_pause_seconds,
                a.told_share,
                a.speakers_guessed,
            )
            for a in analyses
        ],
        "checklist_items": [
            (a.call_id, f.item, f.skill, f.status.value.lower(), f.weight, *_quote(f.quote))
            for a in analyses
            for f in a.findings
        ],
        "recommendations": [
            (a.call_id, position, r.skill, r.priority, r.text, r.why, *_quote(r.quote))
            for a in analyses
            for position, r in enumerate(a.advice)
        ],
        "objections": [
            (a.call_id, position, o.kind, *_quote(o.quote))
            for a in analyses
            for position, o in enumerate(a.objections)
        ],
        "agreements": [
            (a.call_id, position, g.text, g.side, g.due_day, *_quote(g.quote))
            for a in analyses
            for position, g in enumerate(a.agreements)
        ],
        "call_sides": [
            (
                a.call_id,
                s.side,
                s.speech_seconds,
                s.words,
                s.turns,
                s.words_per_minute,
                s.longest_monologue_seconds,
                s.questions,
                s.interruptions,
                s.response_seconds,
            )
            for a in analyses
            for s in a.metrics.sides
        ],
    }


def _quote(quote: SpokenQuote) -> tuple[object, ...]:
    """Return words in QUOTE_COLUMNS."""
    return quote.text, quote.speaker, quote.seconds


def call_row(
    client_id: str, execution: ExecutionNumber, reported: ReportedCall
) -> tuple[object, ...]:
    """Return the row of a call, in CALL_COLUMNS."""
    call, seconds = reported.call, reported.call.duration_seconds
    return (
        client_id,
        execution,
        reported.attempt,
        call.call_id,
        call.day,
        call.started_at,
        call.direction,
        reported.transcript.duration_seconds if seconds is None else seconds,
        call.employee,
        call.contact,
    )


def recommendation_row(
    client_id: str, execution: ExecutionNumber, told: EmployeeRecommendation
) -> tuple[object, ...]:
    """Return the row of a recommendation, in RECOMMENDATION_COLUMNS."""
    return (
        client_id,
        execution,
        told.id,
        told.employee,
        told.skill,
        told.state.value.lower(),
        told.priority,
        told.text,
        told.why,
        told.opened_day,
        told.opened_call_id,
        told.advised_calls,
        told.advised_day,
        told.follow_through.followed,
        told.follow_through.partly,
        told.follow_through.not_followed,
        told.closed_day,
        told.decision.closed_by if told.decision else "",
        told.decision.comment if told.decision else "",
    )
