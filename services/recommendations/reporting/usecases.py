"""What the service can do with the reporting database: write calls and reports there, and compare."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.kernel.clock import utc_now
from services.recommendations.calls.domain import CallId
from services.recommendations.calls.ports import AnalysedCallRepository, Payloads
from services.recommendations.employees.domain import (
    EmployeeRecommendation,
    Position,
    RecommendationFilter,
)
from services.recommendations.employees.ports import RecommendationRepository
from services.recommendations.ranges.domain import conclude
from services.recommendations.ranges.narrative import compose
from services.recommendations.ranges.ports import RollUpRepository
from services.recommendations.reporting.domain import ReportedCall, ReportedCalls, TableCount
from services.recommendations.reporting.ports import ReportingDatabase
from services.status.domain import DateRange, ExecutionNumber, Owner

MANY = 1000
"""Recommendations that are read at a time."""


class Reporting:
    """Calls and reports in the reporting database."""

    def __init__(
        self,
        payloads: Payloads,
        calls: AnalysedCallRepository,
        roll_ups: RollUpRepository,
        recommendations: RecommendationRepository,
        database: ReportingDatabase,
        *,
        minimum_calls: int,
    ) -> None:
        self._payloads = payloads
        self._calls = calls
        self._roll_ups = roll_ups
        self._recommendations = recommendations
        self._database = database
        self._minimum_calls = minimum_calls

    async def get_calls(
        self, owner: Owner, attempts: Mapping[CallId, int]
    ) -> Mapping[CallId, ReportedCall]:
        """Return calls of which everything is known, each with its attempt; raises UpstreamUnavailable."""
        call_ids = list(attempts)
        calls, transcripts, analyses = await asyncio.gather(
            self._payloads.get_calls(owner, call_ids),
            self._payloads.get_transcripts(owner, call_ids),
            self._payloads.get_analyses(owner, call_ids),
        )
        known = calls.keys() & transcripts.keys() & analyses.keys()
        return {
            call_id: ReportedCall(
                attempt=attempts[call_id],
                call=calls[call_id],
                transcript=transcripts[call_id],
                analysis=analyses[call_id],
            )
            for call_id in call_ids
            if call_id in known
        }

    async def write_calls(
        self, owner: Owner, execution: ExecutionNumber, calls: Sequence[ReportedCall]
    ) -> Mapping[CallId, str]:
        """Write calls; returns those the database cannot hold, with the cause; raises ReportingUnavailable."""
        return await self._database.write_calls(owner, execution, calls)

    async def delete_calls(self, owner: Owner, call_ids: Sequence[CallId]) -> None:
        """Remove calls that are no longer rolled up; raises ReportingUnavailable."""
        await self._database.delete_calls(owner, call_ids)

    async def count_calls(self, owner: Owner, days: DateRange) -> ReportedCalls:
        """Return how much of a range is rolled up and reported; raises ReportingUnavailable."""
        known, rows = await asyncio.gather(
            self._calls.count_calls(owner, days), self._database.count_calls(owner, days)
        )
        expected = {
            "calls": known.calls,
            "transcripts": known.calls,
            "analyses": known.calls,
            "checklist_items": known.items,
            "recommendations": known.advice,
        }
        return ReportedCalls(
            rolled_up_calls=known.calls,
            tables=tuple(
                TableCount(table=table, rows=count, expected_rows=expected.get(table))
                for table, count in rows.items()
            ),
        )

    async def write_report(
        self, owner: Owner, days: DateRange, execution: ExecutionNumber, language: str
    ) -> None:
        """Write the report that RECOMMENDATIONS left of exactly this range, or where it left none one by rules.

        Raises ReportingUnavailable.
        """
        report = await self._roll_ups.get_report(owner, days)
        if report is None or report.narrative is None:
            roll_up = await self._roll_ups.roll_up(owner, days, self._minimum_calls)
            report = conclude(roll_up, compose(roll_up, language), utc_now())
        report = replace(report, written_at=utc_now())
        await self._database.write_report(owner, days, execution, report)

    async def write_recommendations(self, owner: Owner, execution: ExecutionNumber) -> None:
        """Write what employees should do better, in place of what was there; raises ReportingUnavailable."""
        filter_ = RecommendationFilter(owner=owner, states=(), employee=None, skill="")
        told: list[EmployeeRecommendation] = []
        after: Position | None = None
        while True:
            found = await self._recommendations.list_recommendations(filter_, after, MANY)
            told += found
            if len(found) < MANY:
                break
            after = found[-1].position
        await self._database.write_recommendations(owner, execution, told)
