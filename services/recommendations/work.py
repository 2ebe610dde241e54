"""The stages RECOMMENDATIONS, which copies what analyses found and reports on the range, and REPORTING."""

from collections.abc import Sequence
from typing import cast

from services.kernel.errors import UpstreamUnavailable
from services.recommendations.domain import AnalysedCall, CallId
from services.recommendations.usecases import FollowUps, Recommendations, Reporting
from services.stage.domain import (
    Execution,
    Failure,
    Item,
    ItemId,
    Limits,
    Outcome,
    Success,
)
from services.stage.ports import Discover, Transaction
from services.status.domain import ClientSettings, Owner, Reason, Stage, Wait, WaitReason


class RecommendationsWork:
    """Implements StageWork: an item is an analysed call; the range's report is written when all are in."""

    stage = Stage.RECOMMENDATIONS

    def __init__(
        self,
        recommendations: Recommendations,
        follow_ups: FollowUps,
        discover: Discover,
        limits: Limits,
    ) -> None:
        self.limits = limits
        self.discover = self.preview = discover
        self._recommendations = recommendations
        self._follow_ups = follow_ups

    def estimate(self, settings: ClientSettings, duration_seconds: float | None) -> None:
        """Return nothing: it costs nothing."""

    async def work(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        try:
            analyses = await self._recommendations.get_analyses(execution.owner, _call_ids(items))
        except UpstreamUnavailable as error:
            return _unavailable(items, error)
        return [
            Success(item_id=item.item_id, result=analyses[call_id])
            if call_id in analyses
            else _gone(item, "analysis", Stage.ANALYSIS)
            for item, call_id in zip(items, _call_ids(items), strict=True)
        ]

    async def store(
        self, transaction: Transaction, execution: Execution, successes: Sequence[Success]
    ) -> None:
        calls = [cast(AnalysedCall, success.result) for success in successes]
        await self._recommendations.replace_calls(transaction, execution.owner, calls)

    async def forget(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        await self._recommendations.delete_calls(
            transaction, owner, [CallId(item_id) for item_id in item_ids]
        )

    async def discard(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        await self.forget(transaction, owner, item_ids)

    async def finish(self, execution: Execution) -> None:
        await self._follow_ups.tell(execution.owner)
        await self._recommendations.write_report(
            execution.owner, execution.range, execution.number, execution.settings.language
        )


class ReportingWork:
    """Implements StageWork: rows are written to the reporting database first, then their items end.

    The two are different databases; writing again, after a crash between them, gives the same rows.
    """

    stage = Stage.REPORTING

    def __init__(self, reporting: Reporting, discover: Discover, limits: Limits) -> None:
        self.limits = limits
        self.discover = self.preview = discover
        self._reporting = reporting

    def estimate(self, settings: ClientSettings, duration_seconds: float | None) -> None:
        """Return nothing: it costs nothing."""

    async def work(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        attempts = {CallId(item.item_id): item.attempt for item in items}
        try:
            calls = await self._reporting.get_calls(execution.owner, attempts)
            refused = await self._reporting.write_calls(
                execution.owner, execution.number, list(calls.values())
            )
        except UpstreamUnavailable as error:
            return _unavailable(items, error)
        outcomes: list[Outcome] = []
        for item in items:
            call_id = CallId(item.item_id)
            if call_id not in calls:
                outcomes.append(_gone(item, "call, transcript or analysis", Stage.CALL_SYNC))
            elif call_id in refused:
                outcomes.append(
                    Failure(
                        item_id=item.item_id,
                        reason=Reason.INVALID_INPUT,
                        message=refused[call_id],
                    )
                )
            else:
                outcomes.append(Success(item_id=item.item_id))
        return outcomes

    async def store(
        self, transaction: Transaction, execution: Execution, successes: Sequence[Success]
    ) -> None:
        """Do nothing: the rows have been written."""

    async def forget(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        del transaction  # of another database
        await self._reporting.delete_calls(owner, [CallId(item_id) for item_id in item_ids])

    async def discard(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        await self.forget(transaction, owner, item_ids)

    async def finish(self, execution: Execution) -> None:
        await self._reporting.write_recommendations(execution.owner, execution.number)
        await self._reporting.write_report(
            execution.owner, execution.range, execution.number, execution.settings.language
        )


def _call_ids(items: Sequence[Item]) -> list[CallId]:
    return [CallId(item.item_id) for item in items]


def _unavailable(items: Sequence[Item], error: UpstreamUnavailable) -> list[Outcome]:
    return [
        Failure(
            item_id=item.item_id,
            reason=Reason.UPSTREAM_UNAVAILABLE,
            message=str(error),
            wait=Wait(reason=WaitReason.SERVICE_DOWN),
        )
        for item in items
    ]


def _gone(item: Item, what: str, stage: Stage) -> Failure:
    return Failure(
        item_id=item.item_id,
        reason=Reason.INTERNAL,
        message=f"its {what} was removed while it was worked on: run {stage.value} again",
    )
