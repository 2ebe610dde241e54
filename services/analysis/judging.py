"""Who judges a call, who takes over where that judge cannot, and who pays."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from services.analysis.analyse import NO_VERDICT, analyse, reason_of
from services.analysis.domain import Analysis, Conversation, Fallback, RunUsage
from services.analysis.playbook import Playbook
from services.analysis.ports import Judge, Purse, RunUsages
from services.analysis.purse import OwnPurse, RunPurse
from services.llm.domain import ModelUnavailable
from services.status.domain import Cost, Owner, RunId

SHARE = 0.9
"""How much of a job's time a judge may take, so that another can take over."""


class Judging:
    """The judge, and `fallback` for calls that it has no verdict on.

    A run may cost `cap`; a job takes no longer than `lifetime`, after which what a call set apart expires.
    """

    def __init__(
        self,
        judge: Judge,
        usages: RunUsages,
        *,
        fallback: Judge | None = None,
        cap: Cost | None = None,
        lifetime: timedelta = timedelta(minutes=10),
    ) -> None:
        self._judge = judge
        self._usages = usages
        self._fallback = fallback
        self._cap = cap
        self._lifetime = lifetime

    async def analyse(
        self,
        conversation: Conversation,
        playbook: Playbook,
        run_id: RunId | None,
        *,
        last_attempt: bool,
    ) -> Analysis:
        """Return the analysis of a conversation, which the run pays for.

        Raises NothingSaid, UndeclaredLabels and NO_VERDICT. A judge that does not answer now is
        only replaced at the last attempt.
        """
        purse = self._purse(conversation.call.owner, run_id)
        try:
            return await self._judged(conversation, playbook, purse)
        except NO_VERDICT as error:
            if self._fallback is None:
                raise
            if isinstance(error, ModelUnavailable) and not last_attempt:
                raise
            analysis = await analyse(conversation, playbook, self._fallback, purse)
            why = Fallback(judge=self._judge.name, reason=reason_of(error), message=str(error))
            return replace(analysis, fallback=why)

    def price(self, playbook: Playbook, duration_seconds: float) -> Cost | None:
        """Return what a call of that length costs at the most; None: nothing, or unknown."""
        return self._judge.price(playbook, duration_seconds)

    async def get_run_usage(self, owner: Owner, run_id: RunId) -> RunUsage:
        """Return what a run has used, and what it may."""
        return RunUsage(usage=await self._usages.get_usage(owner, run_id), cap=self._cap)

    async def _judged(
        self, conversation: Conversation, playbook: Playbook, purse: Purse
    ) -> Analysis:
        seconds = SHARE * self._lifetime.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                return await analyse(conversation, playbook, self._judge, purse)
        except TimeoutError as error:
            raise ModelUnavailable(
                f"the call was not judged within {seconds:.0f} s: raise POTOK_ANALYSIS_JOB_TIMEOUT"
            ) from error

    def _purse(self, owner: Owner, run_id: RunId | None) -> Purse:
        if run_id is None:
            return OwnPurse(self._cap)
        return RunPurse(self._usages, owner, run_id, self._cap, self._lifetime)
