"""The stage ANALYSIS: takes what was transcribed, analyses one call or meeting an item."""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, cast

import structlog

from services.analysis.budget.no_verdict import no_verdict
from services.analysis.calls.domain import (
    Analysis,
    CallId,
    Conversation,
    NothingSaid,
    PlaybookUnknown,
    UndeclaredLabels,
)
from services.analysis.calls.usecases import CallAnalysis
from services.analysis.meetings.usecases import MeetingAnalyses
from services.analysis.meetings.work import MeetingWork
from services.analysis.playbooks.domain import Playbook
from services.kernel.errors import UpstreamUnavailable
from services.llm.domain import UNANSWERED
from services.stage.domain import (
    DiscoveryFailed,
    Execution,
    Failure,
    Found,
    Item,
    ItemId,
    Limits,
    Outcome,
    Skip,
    Success,
)
from services.stage.ports import Transaction
from services.stage.upstream import discover_upstream
from services.status.domain import (
    ClientSettings,
    Cost,
    Owner,
    Reason,
    Stage,
)

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.stage.v1.stage_service_pb2_grpc import StageServiceAsyncStub

log = structlog.get_logger()


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
        self._call_analysis = call_analysis
        self._meetings = MeetingWork(meetings, limits.attempts)
        self._upstream = upstream

    async def discover(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        if not execution.bot_id:  # a meeting has no playbook
            self._require_playbook(execution.settings.playbook)
        async for page in discover_upstream(self._upstream, execution, Stage.TRANSCRIPTION):
            yield page

    def preview(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        return self.discover(execution)

    def estimate(self, settings: ClientSettings, duration_seconds: float | None) -> Cost | None:
        if duration_seconds is None:
            return None
        try:
            return self._call_analysis.price(settings.playbook, duration_seconds)
        except PlaybookUnknown:
            return None

    async def work(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        if execution.bot_id:
            return [await self._meetings.outcome(execution, item) for item in items]
        call_ids = [CallId(item.item_id) for item in items]
        try:
            playbook = self._call_analysis.get_playbook(execution.settings.playbook)
            conversations = await self._call_analysis.get_conversations(execution.owner, call_ids)
        except PlaybookUnknown as error:
            return _all_failed(items, Reason.INVALID_INPUT, str(error))
        except UpstreamUnavailable as error:
            return _all_failed(items, Reason.UPSTREAM_UNAVAILABLE, str(error))
        known = {conversation.call.call_id: conversation for conversation in conversations}
        return [
            await self._outcome(execution, item, known.get(CallId(item.item_id)), playbook)
            for item in items
        ]

    async def store(
        self, transaction: Transaction, execution: Execution, successes: Sequence[Success]
    ) -> None:
        if execution.bot_id:
            await self._meetings.store(transaction, execution, successes)
            return
        analyses = [cast(Analysis, success.result) for success in successes]
        await self._call_analysis.store_analyses(
            transaction, execution.owner, execution.number, analyses
        )

    async def forget(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        await self._call_analysis.delete_analyses(
            transaction, owner, [CallId(item_id) for item_id in item_ids]
        )
        await self._meetings.forget(transaction, owner, item_ids)

    async def discard(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        await self.forget(transaction, owner, item_ids)

    async def finish(self, execution: Execution) -> None:
        """Do nothing: analyses need no work as a whole."""

    def _require_playbook(self, name: str) -> None:
        try:
            self._call_analysis.get_playbook(name)
        except PlaybookUnknown as error:
            raise DiscoveryFailed(Reason.SOURCE_INVALID, str(error)) from error

    async def _outcome(
        self,
        execution: Execution,
        item: Item,
        conversation: Conversation | None,
        playbook: Playbook,
    ) -> Outcome:
        """Analyse one call; whatever goes wrong is its own."""
        item_id = item.item_id
        if conversation is None:
            return Failure(
                item_id=item_id,
                reason=Reason.INTERNAL,
                message="its call or transcript was forgotten meanwhile: run TRANSCRIPTION again",
            )
        try:
            analysis = await self._call_analysis.analyse(
                conversation,
                playbook,
                execution.run_id,
                last_attempt=item.attempt >= self.limits.attempts,
            )
        except NothingSaid as error:
            return Skip(item_id=item_id, reason=Reason.NO_SPEECH, message=str(error))
        except UndeclaredLabels as error:
            return Failure(item_id=item_id, reason=Reason.INTERNAL, message=str(error))
        except UNANSWERED as error:
            return no_verdict(item_id, error)
        except Exception:
            log.exception("analysis_failed", call_id=item_id)
            return Failure(
                item_id=item_id,
                reason=Reason.INTERNAL,
                message="an error in the service; its log has the cause",
            )
        return Success(item_id=item_id, result=analysis)


def _all_failed(items: Sequence[Item], reason: Reason, message: str) -> list[Outcome]:
    return [Failure(item_id=item.item_id, reason=reason, message=message) for item in items]
