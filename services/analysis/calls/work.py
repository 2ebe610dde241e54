"""What the stage ANALYSIS does with calls: one item each."""

from collections.abc import Sequence
from typing import cast

import structlog

from services.analysis.budget.unjudged import unjudged
from services.analysis.calls.domain import Analysis, CallId, Conversation, UndeclaredLabels
from services.analysis.calls.usecases import CallAnalysis
from services.analysis.playbooks.domain import Playbook, PlaybookUnknown
from services.analysis.words.speech import NothingSaid, UnsureLanguage
from services.kernel.errors import UpstreamUnavailable
from services.kernel.postgres_errors import why_away
from services.llm.domain import UNANSWERED
from services.stage.domain import (
    DiscoveryFailed,
    Execution,
    Failure,
    Item,
    ItemId,
    Outcome,
    Skip,
    Success,
)
from services.stage.ports import Transaction
from services.status.domain import ClientSettings, Cost, Owner, Reason, SettingFault

log = structlog.get_logger()


class CallWork:
    """Analyses calls in `attempts` tries."""

    def __init__(self, call_analysis: CallAnalysis, attempts: int) -> None:
        self._call_analysis = call_analysis
        self._attempts = attempts

    def require_playbook(self, name: str) -> None:
        """Raise DiscoveryFailed where there is no such playbook."""
        try:
            self._call_analysis.get_playbook(name)
        except PlaybookUnknown as error:
            raise DiscoveryFailed(Reason.SOURCE_INVALID, str(error)) from error

    def check_playbook(self, name: str) -> Sequence[SettingFault]:
        """Return the fault of a name that no playbook has."""
        known = self._call_analysis.list_playbooks()
        if name in known:
            return ()
        message = f"there is no playbook {name!r}"
        return [SettingFault(field="playbook", message=message, known=tuple(known))]

    def estimate(self, settings: ClientSettings, duration_seconds: float | None) -> Cost | None:
        """Return what a call costs at the most; None where it is free, or not known."""
        if duration_seconds is None:
            return None
        try:
            return self._call_analysis.price(settings.playbook, duration_seconds)
        except PlaybookUnknown:
            return None

    async def outcomes(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        """Return what becomes of each call."""
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
        """Store what was made of calls."""
        analyses = [cast(Analysis, success.result) for success in successes]
        await self._call_analysis.store_analyses(
            transaction, execution.owner, execution.number, analyses
        )

    async def forget(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        """Forget what was made of those of the items that are calls."""
        await self._call_analysis.delete_analyses(
            transaction, owner, [CallId(item_id) for item_id in item_ids]
        )

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
                last_attempt=item.attempt >= self._attempts,
            )
        except NothingSaid as error:
            return Skip(item_id=item_id, reason=Reason.NO_SPEECH, message=str(error))
        except UnsureLanguage as error:
            return Skip(item_id=item_id, reason=Reason.UNSURE_LANGUAGE, message=str(error))
        except UndeclaredLabels as error:
            return Failure(item_id=item_id, reason=Reason.INTERNAL, message=str(error))
        except UNANSWERED as error:
            return unjudged(item_id, error)
        except Exception as error:
            if (why := why_away(error)) is not None:
                return Failure(item_id=item_id, reason=Reason.UPSTREAM_UNAVAILABLE, message=why)
            log.exception("analysis_failed", call_id=item_id)
            return Failure(
                item_id=item_id,
                reason=Reason.INTERNAL,
                message="an error in the service; its log has the cause",
            )
        return Success(item_id=item_id, result=analysis)


def _all_failed(items: Sequence[Item], reason: Reason, message: str) -> list[Outcome]:
    return [Failure(item_id=item.item_id, reason=reason, message=message) for item in items]
