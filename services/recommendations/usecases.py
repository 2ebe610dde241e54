"""What the service can do: roll calls up, report on a range, and tell the reporting database."""

import asyncio
from collections.abc import Mapping, Sequence

from services.kernel.clock import utc_now
from services.recommendations.domain import (
    AnalysedCall,
    CallId,
    RangeReport,
    ReportedCall,
    conclude,
)
from services.recommendations.ports import (
    Payloads,
    ReportingDatabase,
    RollUpRepository,
    Transaction,
)
from services.status.domain import DateRange, ExecutionNumber, Owner


class Recommendations:
    """What the calls of all owners add up to; figures of fewer than `minimum_calls` calls say nothing."""

    def __init__(
        self, payloads: Payloads, roll_ups: RollUpRepository, *, minimum_calls: int
    ) -> None:
        self._payloads = payloads
        self._roll_ups = roll_ups
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

    async def write_report(self, owner: Owner, days: DateRange, execution: ExecutionNumber) -> None:
        """Write the report of a run over a range, an empty one where there are no calls."""
        roll_up = await self._roll_ups.roll_up(owner, days, self._minimum_calls)
        await self._roll_ups.write_report(owner, days, execution, conclude(roll_up, utc_now()))


class Reporting:
    """Calls and reports in the reporting database."""

    def __init__(
        self,
        payloads: Payloads,
        roll_ups: RollUpRepository,
        database: ReportingDatabase,
        *,
        minimum_calls: int,
    ) -> None:
        self._payloads = payloads
        self._roll_ups = roll_ups
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

    async def write_report(self, owner: Owner, days: DateRange, execution: ExecutionNumber) -> None:
        """Write the report of a run over a range; raises ReportingUnavailable."""
        roll_up = await self._roll_ups.roll_up(owner, days, self._minimum_calls)
        await self._database.write_report(owner, days, execution, conclude(roll_up, utc_now()))
