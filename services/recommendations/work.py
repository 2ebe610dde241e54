"""The stage RECOMMENDATIONS: copies what analyses found, tells recommendations anew, reports on the range."""

from collections.abc import Sequence
from typing import cast

from services.kernel.errors import UpstreamUnavailable
from services.recommendations.calls.domain import AnalysedCall, CallId
from services.recommendations.calls.outcomes import call_ids, gone, unavailable
from services.recommendations.calls.usecases import AnalysedCalls
from services.recommendations.employees.usecases import FollowUps
from services.recommendations.ranges.usecases import RangeReports
from services.stage.domain import (
    Execution,
    Item,
    ItemId,
    Limits,
    Outcome,
    Success,
)
from services.stage.ports import Discover, Transaction
from services.status.domain import ClientSettings, Owner, SettingFault, Stage


class RecommendationsWork:
    """Implements StageWork: an item is an analysed call; the range's report is written when all are in."""

    stage = Stage.RECOMMENDATIONS

    def __init__(
        self,
        calls: AnalysedCalls,
        follow_ups: FollowUps,
        range_reports: RangeReports,
        discover: Discover,
        limits: Limits,
    ) -> None:
        self.limits = limits
        self.discover = self.preview = discover
        self._calls = calls
        self._follow_ups = follow_ups
        self._range_reports = range_reports

    async def check_settings(self, settings: ClientSettings) -> Sequence[SettingFault]:
        """Return nothing: the stage goes by no setting."""
        del settings
        return ()

    def estimate(self, settings: ClientSettings, duration_seconds: float | None) -> None:
        """Return nothing: it costs nothing."""

    async def work(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        try:
            analyses = await self._calls.get_analyses(execution.owner, call_ids(items))
        except UpstreamUnavailable as error:
            return unavailable(items, error)
        return [
            Success(item_id=item.item_id, result=analyses[call_id])
            if call_id in analyses
            else gone(item, "analysis", Stage.ANALYSIS)
            for item, call_id in zip(items, call_ids(items), strict=True)
        ]

    async def store(
        self, transaction: Transaction, execution: Execution, successes: Sequence[Success]
    ) -> None:
        calls = [cast(AnalysedCall, success.result) for success in successes]
        await self._calls.replace_calls(transaction, execution.owner, calls)

    async def forget(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        await self._calls.delete_calls(
            transaction, owner, [CallId(item_id) for item_id in item_ids]
        )

    async def discard(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        await self.forget(transaction, owner, item_ids)

    async def finish(self, execution: Execution) -> None:
        await self._follow_ups.tell(execution.owner)
        await self._range_reports.write_report(
            execution.owner, execution.range, execution.number, execution.settings.language
        )
