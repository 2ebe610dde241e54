"""Roll-ups of ranges and the reports of runs, in Postgres."""

from collections import defaultdict
from collections.abc import Sequence

import asyncpg

from services.kernel.postgres import Reading, afresh, load_queries
from services.recommendations.calls.domain import CallId
from services.recommendations.ranges.domain import (
    CallQuote,
    DayScores,
    EmployeeReport,
    ItemReport,
    LabelCount,
    Narrative,
    RollUp,
    ScoreReport,
    SkillRecommendation,
    SkillReport,
    WrittenReport,
    previous,
)
from services.status.domain import DateRange, ExecutionNumber, Owner

_QUERIES = load_queries(__file__)


class PostgresRollUps:
    """Implements RollUpRepository; `reading` sees what whoever asks may see."""

    def __init__(self, pool: asyncpg.Pool, reading: Reading) -> None:
        self._pool = pool
        self._reading = reading

    @afresh
    async def roll_up(self, owner: Owner, days: DateRange, minimum_calls: int) -> RollUp:
        of = {"owner": owner, "start_date": days.start, "end_date": days.end}
        before = previous(days) or days
        compared = {
            **of,
            "previous_start": before.start,
            "minimum_calls": minimum_calls,
        }
        async with self._reading() as connection:
            scores = [row async for row in _QUERIES.list_scores(connection, **compared)]
            labels = [row async for row in _QUERIES.list_labels(connection, **of)]
            skills = [row async for row in _QUERIES.list_skills(connection, **compared)]
            advice = [row async for row in _QUERIES.list_advice(connection, **of)]
        recommendations = defaultdict[tuple[str | None, str], list[SkillRecommendation]](list)
        for row in advice:
            recommendations[row["employee"], row["skill"]].append(_recommendation(row))
        return RollUp(
            scores=_scores(scores[0]),
            call_types=_counts(labels, "call_type"),
            outcomes=_counts(labels, "outcome"),
            sentiments=_counts(labels, "sentiment"),
            employees=tuple(
                EmployeeReport(employee=row["employee"], scores=_scores(row)) for row in scores[1:]
            ),
            skills=tuple(
                SkillReport(
                    **row, recommendations=tuple(recommendations[row["employee"], row["skill"]])
                )
                for row in skills
            ),
        )

    @afresh
    async def list_days(self, owner: Owner, days: DateRange) -> tuple[DayScores, ...]:
        async with self._reading() as connection:
            rows = _QUERIES.list_days(
                connection, owner=owner, start_date=days.start, end_date=days.end
            )
            return tuple([DayScores(**row) async for row in rows])

    @afresh
    async def list_items(
        self, owner: Owner, days: DateRange, minimum_calls: int
    ) -> tuple[ItemReport, ...]:
        async with self._reading() as connection:
            rows = _QUERIES.list_items(
                connection,
                owner=owner,
                start_date=days.start,
                end_date=days.end,
                minimum_calls=minimum_calls,
            )
            return tuple([ItemReport(**row) async for row in rows])

    @afresh
    async def get_report(self, owner: Owner, days: DateRange) -> WrittenReport | None:
        async with self._reading() as connection:
            row = await _QUERIES.get_report(
                connection, owner=owner, start_date=days.start, end_date=days.end
            )
        if row is None:
            return None
        return WrittenReport(
            calls=row["calls"],
            score=row["score"],
            focus=tuple(row["focus"]),
            narrative=_narrative(row),
            written_at=row["written_at"],
        )

    async def write_report(
        self, owner: Owner, days: DateRange, execution: ExecutionNumber, report: WrittenReport
    ) -> None:
        await _QUERIES.write_report(
            self._pool,
            owner=owner,
            start_date=days.start,
            end_date=days.end,
            execution=execution,
            calls=report.calls,
            score=report.score,
            focus=report.focus,
            narrative=report.narrative.text if report.narrative else "",
            actions=report.narrative.actions if report.narrative else (),
            author=report.narrative.author if report.narrative else "",
            note=report.narrative.note if report.narrative else "",
            written_at=report.written_at,
        )


def _counts(rows: Sequence[asyncpg.Record], label: str) -> tuple[LabelCount, ...]:
    return tuple(
        LabelCount(label=row[label], calls=row["calls"]) for row in rows if row[label] is not None
    )


def _scores(row: asyncpg.Record) -> ScoreReport:
    return ScoreReport(**{name: value for name, value in row.items() if name != "employee"})


def _narrative(row: asyncpg.Record) -> Narrative | None:
    if not row["author"]:
        return None
    return Narrative(
        text=row["narrative"],
        actions=tuple(row["actions"]),
        author=row["author"],
        note=row["note"],
    )


def _recommendation(row: asyncpg.Record) -> SkillRecommendation:
    columns = (row[name] or () for name in ("quoted_calls", "quotes", "seconds"))
    return SkillRecommendation(
        text=row["text"],
        why=row["why"],
        priority=row["priority"],
        calls=row["calls"],
        quotes=tuple(
            CallQuote(call_id=CallId(call_id), text=text, seconds=seconds)
            for call_id, text, seconds in zip(*columns, strict=True)
        ),
    )
