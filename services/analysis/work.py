"""The stage ANALYSIS: takes what was transcribed, analyses one call or meeting an item."""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from services.analysis.calls.usecases import CallAnalysis
from services.analysis.calls.work import CallWork
from services.analysis.meetings.usecases import MeetingAnalyses
from services.analysis.meetings.work import MeetingWork
from services.stage.adapters.upstream import discover_upstream
from services.stage.domain import Execution, Found, Item, ItemId, Limits, Outcome, Success
from services.stage.ports import Transaction
from services.status.domain import ClientSettings, Cost, Owner, SettingFault, Stage

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.stage.v1.stage_service_pb2_grpc import StageServiceAsyncStub


class AnalysisWork:
    """Implements StageWork; `upstream` is the StageService of transcription."""

    stage = Stage.ANALYSIS

    def __init__(
        self,
        call_analysis: CallAnalysis,
        meetings: MeetingAnalyses,
        upstream: "StageServiceAsyncStub",
        limits: Limits,
    ) -> None:
        self.limits = limits
        self._calls = CallWork(call_analysis, limits.attempts)
        self._meetings = MeetingWork(meetings, limits.attempts)
        self._upstream = upstream

    async def discover(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        if not execution.bot_id:  # a meeting has no playbook
            self._calls.require_playbook(execution.settings.playbook)
        async for page in discover_upstream(self._upstream, execution, Stage.TRANSCRIPTION):
            yield page

    def preview(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        return self.discover(execution)

    async def check_settings(self, settings: ClientSettings) -> Sequence[SettingFault]:
        return self._calls.check_playbook(settings.playbook)

    def estimate(self, settings: ClientSettings, duration_seconds: float | None) -> Cost | None:
        return self._calls.estimate(settings, duration_seconds)

    async def work(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        if execution.bot_id:
            return [await self._meetings.outcome(execution, item) for item in items]
        return await self._calls.outcomes(execution, items)

    async def store(
        self, transaction: Transaction, execution: Execution, successes: Sequence[Success]
    ) -> None:
        if execution.bot_id:
            await self._meetings.store(transaction, execution, successes)
        else:
            await self._calls.store(transaction, execution, successes)

    async def forget(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        await self._calls.forget(transaction, owner, item_ids)
        await self._meetings.forget(transaction, owner, item_ids)

    async def discard(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        await self.forget(transaction, owner, item_ids)

    async def finish(self, execution: Execution) -> None:
        """Do nothing: analyses need no work as a whole."""
