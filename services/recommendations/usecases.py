"""What the service can do: roll calls up, report on a range, and tell the reporting database."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.kernel.clock import utc_now
from services.recommendations.domain import (
    AnalysedCall,
    CallId,
    EmployeeRecommendation,
    RangeReport,
    RecommendationFilter,
    RecommendationId,
    RecommendationPage,
    RecommendationState,
    ReportedCall,
    ReportedCalls,
    TableCount,
    conclude,
)
from services.recommendations.paging import page_token, parse_page_token
from services.recommendations.ports import (
    Narrator,
    Payloads,
    Place,
    RecommendationRepository,
    ReportingDatabase,
    RollUpRepository,
    Transaction,
)
from services.recommendations.ranges.narrative import compose
from services.status.domain import DateRange, ExecutionNumber, Owner

PAGE_SIZE = 50
MANY = 1000
"""Recommendations that are read at a time."""


class Recommendations:
    """What the calls of all owners add up to; figures of fewer than `minimum_calls` calls say nothing."""

    def __init__(
        self,
        payloads: Payloads,
        roll_ups: RollUpRepository,
        narrator: Narrator,
        *,
        minimum_calls: int,
    ) -> None:
        self._payloads = payloads
        self._roll_ups = roll_ups
        self._narrator = narrator
        self._minimum_calls = minimum_calls

    async def get_analyses(
        self, owner: Owner, call_ids: Sequence[CallId]
    ) -> Mapping[CallId, AnalysedCall]:
        """Return what was found about calls; raises UpstreamUnavailable."""
        return await self._payloads.get_analyses(owner, call_ids)

    async def replace_calls(
        self, transaction: Transaction, owner: Owner, calls: Sequence[AnalysedCall]
    ) -> None:
        """Store what analyses found, in place of what was known of the same calls."""
        await self._roll_ups.replace_calls(transaction, owner, calls)

    async def delete_calls(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        """Forget calls whose analyses are gone."""
        await self._roll_ups.delete_calls(transaction, owner, call_ids)

    async def get_range_report(self, owner: Owner, days: DateRange) -> RangeReport:
        """Return what a range adds up to now."""
        return RangeReport(
            owner=owner,
            range=days,
            minimum_calls=self._minimum_calls,
            roll_up=await self._roll_ups.roll_up(owner, days, self._minimum_calls),
            written=await self._roll_ups.get_report(owner, days),
        )

    async def write_report(
        self, owner: Owner, days: DateRange, execution: ExecutionNumber, language: str
    ) -> None:
        """Write the report of a run over a range, an empty one where there are no calls."""
        roll_up = await self._roll_ups.roll_up(owner, days, self._minimum_calls)
        narrative = await self._narrator.narrate(days, roll_up, language)
        report = conclude(roll_up, narrative, utc_now())
        await self._roll_ups.write_report(owner, days, execution, report)


class FollowUps:
    """What employees should do better, and what became of it."""

    def __init__(self, recommendations: RecommendationRepository) -> None:
        self._recommendations = recommendations

    async def tell(self, owner: Owner) -> None:
        """Tell anew what became of the recommendations of employees whose calls have changed."""
        await self._recommendations.tell(owner)

    async def list_recommendations(
        self, wanted: RecommendationFilter, page_size: int, token: str
    ) -> RecommendationPage:
        """Return a page, open ones first; raises InvalidInput for a token of another list."""
        page_size = page_size or PAGE_SIZE
        after = parse_page_token(wanted, token)
        found = await self._recommendations.list_recommendations(wanted, after, page_size)
        recommendations = [recommendation for recommendation, _ in found]
        if len(found) < page_size:
            return RecommendationPage(recommendations=recommendations)
        return RecommendationPage(
            recommendations=recommendations, next_page_token=page_token(wanted, found[-1][1])
        )

    async def close_recommendation(
        self,
        owner: Owner,
        recommendation_id: RecommendationId,
        state: RecommendationState,
        closed_by: str,
        comment: str,
    ) -> EmployeeRecommendation:
        """Settle a recommendation by the word of a person; raises RecommendationNotFound."""
        return await self._recommendations.close(
            owner, recommendation_id, state, closed_by, comment, utc_now()
        )

    async def reopen_recommendation(
        self, owner: Owner, recommendation_id: RecommendationId
    ) -> EmployeeRecommendation:
        """Take that word back; raises RecommendationNotFound, NotClosedByHand."""
        return await self._recommendations.reopen(owner, recommendation_id)


class Reporting:
    """Calls and reports in the reporting database."""

    def __init__(
        self,
        payloads: Payloads,
        roll_ups: RollUpRepository,
        recommendations: RecommendationRepository,
        database: ReportingDatabase,
        *,
        minimum_calls: int,
    ) -> None:
        self._payloads = payloads
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
            self._roll_ups.count_calls(owner, days), self._database.count_calls(owner, days)
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
        wanted = RecommendationFilter(owner=owner, states=(), employee=None, skill="")
        told: list[EmployeeRecommendation] = []
        after: Place | None = None
        while True:
            page = await self._recommendations.list_recommendations(wanted, after, MANY)
            told += [recommendation for recommendation, _ in page]
            if len(page) < MANY:
                break
            after = page[-1][1]
        await self._database.write_recommendations(owner, execution, told)
