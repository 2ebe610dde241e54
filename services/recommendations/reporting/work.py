"""The stage REPORTING: writes calls and reports to the reporting database."""

from collections.abc import Sequence

from services.kernel.errors import UpstreamUnavailable
from services.recommendations.calls.domain import CallId
from services.recommendations.calls.outcomes import gone, unavailable
from services.recommendations.reporting.usecases import Reporting
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
from services.status.domain import ClientSettings, Owner, Reason, SettingFault, Stage


class ReportingWork:
    """Implements StageWork: rows are written to the reporting database first, then their items end.

    The two are different databases; writing again, after a crash between them, gives the same rows.
    """

    stage = Stage.REPORTING

    def __init__(self, reporting: Reporting, discover: Discover, limits: Limits) -> None:
        self.limits = limits
        self.discover = self.preview = discover
        self._reporting = reporting

    async def check_settings(self, settings: ClientSettings) -> Sequence[SettingFault]:
        """Return nothing: the stage goes by no setting."""
        del settings
        return ()

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
            return unavailable(items, error)
        outcomes: list[Outcome] = []
        for item in items:
            call_id = CallId(item.item_id)
            if call_id not in calls:
                outcomes.append(gone(item, "call, transcript or analysis", Stage.CALL_SYNC))
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
