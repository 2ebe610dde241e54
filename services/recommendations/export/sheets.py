"""A report as tables: what stands in which cell. Pure functions."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from services.recommendations.export.domain import (
    MAX_CALLS,
    CallLine,
    CellKind,
    Column,
    Figure,
    Locale,
    Sheet,
    Value,
)
from services.recommendations.export.headings import Say, words_of
from services.recommendations.ranges.domain import RangeReport, SkillReport, previous

_PROSE, _NAME = 60, 24
"""Widths, in characters."""


def calls_sheet(calls: Sequence[CallLine], locale: Locale) -> Sheet:
    """Return the calls, a line each; days and times are the client's."""
    say, zone = words_of(locale.language), ZoneInfo(locale.time_zone)
    return Sheet(
        title=say("calls"),
        columns=(
            _text(say("call"), _NAME),
            Column(heading=say("day"), kind=CellKind.DAY),
            Column(heading=say("time"), kind=CellKind.TIME),
            _text(say("employee"), _NAME),
            _text(say("type"), _NAME),
            _text(say("outcome"), _NAME),
            _text(say("sentiment")),
            Column(heading=say("score"), kind=CellKind.SCORE),
            Column(heading=say("told share"), kind=CellKind.SHARE),
        ),
        rows=[
            (
                call.call_id,
                call.day,
                call.started_at.astimezone(zone).time().replace(microsecond=0),
                call.employee,
                call.call_type,
                call.outcome,
                call.sentiment,
                call.score,
                call.told_share,
            )
            for call in calls
        ],
    )


def report_sheets(
    report: RangeReport, calls: Sequence[CallLine], locale: Locale, as_of: datetime
) -> list[Sheet]:
    """Return a report as sheets, its figures first and its calls last."""
    say = words_of(locale.language)
    return [
        _figures(report, locale, as_of, say),
        _days(report, say),
        _employees(report, say),
        _skills(report, say),
        _items(report, say),
        _recommendations(report, say),
        calls_sheet(calls, locale),
    ]


def _figures(report: RangeReport, locale: Locale, as_of: datetime, say: Say) -> Sheet:
    roll_up, written = report.roll_up, report.written
    scores, before = roll_up.scores, previous(report.range)
    zone = ZoneInfo(locale.time_zone)

    def rows() -> Iterator[tuple[str, CellKind, Value]]:
        yield "client", CellKind.TEXT, report.owner.partition(":")[2]
        yield "first day", CellKind.DAY, report.range.start
        yield "last day", CellKind.DAY, report.range.end
        yield "as of", CellKind.MOMENT, as_of.astimezone(zone)
        yield "time zone", CellKind.TEXT, locale.time_zone
        yield "calls", CellKind.COUNT, scores.calls
        yield "calls without a score", CellKind.COUNT, scores.unscored_calls
        yield "mean score", CellKind.SCORE, scores.score
        yield "median score", CellKind.SCORE, scores.median_score
        yield "change of the score", CellKind.SCORE_CHANGE, scores.score_delta
        if before:
            yield "first day of the range before", CellKind.DAY, before.start
            yield "last day of the range before", CellKind.DAY, before.end
        yield "calls in the range before", CellKind.COUNT, scores.previous_calls
        yield "fewer calls than this say nothing", CellKind.COUNT, report.minimum_calls
        yield "most calls in a file", CellKind.COUNT, MAX_CALLS
        if written:
            yield "written", CellKind.MOMENT, written.written_at.astimezone(zone)
            yield "work on first", CellKind.TEXT, ", ".join(written.focus)
        if written and written.narrative:
            yield "in words", CellKind.TEXT, written.narrative.text
            for action in written.narrative.actions:
                yield "do first", CellKind.TEXT, action

    labels = (
        (f"{say(kind)}: {count.label}", count.calls)
        for kind, counts in (
            ("type", roll_up.call_types),
            ("outcome", roll_up.outcomes),
            ("sentiment", roll_up.sentiments),
        )
        for count in counts
    )
    return Sheet(
        title=say("figures"),
        columns=(_text(say("figure"), 36), _text(say("value"), _PROSE)),
        rows=[
            *((say(name), Figure(kind=kind, value=value)) for name, kind, value in rows()),
            *((name, Figure(kind=CellKind.COUNT, value=calls)) for name, calls in labels),
        ],
    )


def _days(report: RangeReport, say: Say) -> Sheet:
    return Sheet(
        title=say("days"),
        columns=(
            Column(heading=say("day"), kind=CellKind.DAY),
            _text(say("employee"), _NAME),
            Column(heading=say("calls"), kind=CellKind.COUNT),
            Column(heading=say("mean score"), kind=CellKind.SCORE, width=16),
        ),
        rows=[(day.day, _whose(day.employee, say), day.calls, day.score) for day in report.days],
    )


def _employees(report: RangeReport, say: Say) -> Sheet:
    return Sheet(
        title=say("employees"),
        columns=(
            _text(say("employee"), _NAME),
            Column(heading=say("calls"), kind=CellKind.COUNT),
            Column(heading=say("calls without a score"), kind=CellKind.COUNT, width=20),
            Column(heading=say("mean score"), kind=CellKind.SCORE, width=16),
            Column(heading=say("median score"), kind=CellKind.SCORE, width=16),
            Column(heading=say("change of the score"), kind=CellKind.SCORE_CHANGE, width=20),
            _text(say("enough calls"), 18),
        ),
        rows=[
            (
                _whose(each.employee, say),
                each.scores.calls,
                each.scores.unscored_calls,
                each.scores.score,
                each.scores.median_score,
                each.scores.score_delta,
                _yes_or_no(say, yes=each.scores.enough),
            )
            for each in report.roll_up.employees
        ],
    )


def _skills(report: RangeReport, say: Say) -> Sheet:
    return Sheet(
        title=say("skills"),
        columns=(
            _text(say("employee"), _NAME),
            _text(say("skill"), _NAME),
            Column(heading=say("calls"), kind=CellKind.COUNT),
            Column(heading=say("items that applied"), kind=CellKind.COUNT, width=18),
            Column(heading=say("completed"), kind=CellKind.COUNT),
            Column(heading=say("share completed"), kind=CellKind.SHARE, width=18),
            Column(heading=say("score"), kind=CellKind.SCORE),
            Column(heading=say("calls where it failed"), kind=CellKind.COUNT, width=22),
            Column(heading=say("change of the share"), kind=CellKind.SHARE_CHANGE, width=20),
            Column(heading=say("change of the score"), kind=CellKind.SCORE_CHANGE, width=20),
            _text(say("enough calls"), 18),
        ),
        rows=[
            (
                _whose(each.employee, say),
                each.skill,
                each.calls,
                each.applicable,
                each.completed,
                each.share,
                each.score,
                each.failing_calls,
                each.share_delta,
                each.score_delta,
                _yes_or_no(say, yes=each.enough),
            )
            for each in report.roll_up.skills
        ],
    )


def _items(report: RangeReport, say: Say) -> Sheet:
    return Sheet(
        title=say("items"),
        columns=(
            _text(say("item"), 30),
            _text(say("skill"), _NAME),
            Column(heading=say("calls"), kind=CellKind.COUNT),
            Column(heading=say("completed"), kind=CellKind.COUNT),
            Column(heading=say("in part"), kind=CellKind.COUNT),
            Column(heading=say("share completed"), kind=CellKind.SHARE, width=18),
            Column(heading=say("calls where it cannot be told"), kind=CellKind.COUNT, width=28),
            _text(say("enough calls"), 18),
        ),
        rows=[
            (
                each.item,
                each.skill,
                each.calls,
                each.completed,
                each.attempted,
                each.share,
                each.untold_calls,
                _yes_or_no(say, yes=each.enough),
            )
            for each in report.items
        ],
    )


def _recommendations(report: RangeReport, say: Say) -> Sheet:
    return Sheet(
        title=say("recommendations"),
        columns=(
            _text(say("employee"), _NAME),
            _text(say("skill"), _NAME),
            _text(say("what to do"), _PROSE),
            _text(say("why"), _PROSE),
            Column(heading=say("priority"), kind=CellKind.COUNT),
            Column(heading=say("advised in calls"), kind=CellKind.COUNT, width=18),
            _text(say("quote"), _PROSE),
            _text(say("call"), _NAME),
            Column(heading=say("at second"), kind=CellKind.SECONDS),
        ),
        rows=[row for skill in report.roll_up.skills for row in _advice(skill, say)],
    )


def _advice(skill: SkillReport, say: Say) -> Iterator[tuple[Value, ...]]:
    """Yield a row for each quote of each advice, one for advice without quotes."""
    for each in skill.recommendations:
        quotes: list[tuple[Value, ...]] = [
            (quote.text, quote.call_id, quote.seconds) for quote in each.quotes
        ]
        for quote in quotes or [("", "", None)]:
            yield (
                _whose(skill.employee, say),
                skill.skill,
                each.text,
                each.why,
                each.priority,
                each.calls,
                *quote,
            )


def _text(heading: str, width: int = 12) -> Column:
    return Column(heading=heading, kind=CellKind.TEXT, width=width)


def _whose(employee: str | None, say: Say) -> str:
    return say("everybody") if employee is None else employee or say("unknown")


def _yes_or_no(say: Say, *, yes: bool) -> str:
    return say("yes") if yes else say("no")
