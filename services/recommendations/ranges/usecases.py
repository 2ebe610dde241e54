"""What the service can do with ranges: add them up, and write the report of a run."""

from services.kernel.clock import utc_now
from services.recommendations.ranges.domain import RangeReport, conclude
from services.recommendations.ranges.ports import Narrator, RollUpRepository
from services.status.domain import DateRange, ExecutionNumber, Owner


class RangeReports:
    """What the calls of ranges add up to; figures of fewer than `minimum_calls` calls say nothing."""

    def __init__(
        self, roll_ups: RollUpRepository, narrator: Narrator, *, minimum_calls: int
    ) -> None:
        self._roll_ups = roll_ups
        self._narrator = narrator
        self._minimum_calls = minimum_calls

    async def get_range_report(self, owner: Owner, days: DateRange) -> RangeReport:
        """Return what a range adds up to now."""
        return RangeReport(
            owner=owner,
            range=days,
            minimum_calls=self._minimum_calls,
            roll_up=await self._roll_ups.roll_up(owner, days, self._minimum_calls),
            days=await self._roll_ups.list_days(owner, days),
            items=await self._roll_ups.list_items(owner, days, self._minimum_calls),
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
