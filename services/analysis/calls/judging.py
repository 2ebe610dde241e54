"""Who judges a call, who takes over where that judge cannot, and who pays."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

from services.analysis.budget.run_budget import RunPurse
from services.analysis.calls.analyse import analyse, reason_of
from services.analysis.calls.domain import Analysis, Conversation, Fallback, RunUsage
from services.analysis.calls.ports import Judge, Purse, RunUsages
from services.analysis.playbooks.domain import Playbook
from services.llm.budget import OwnPurse
from services.llm.domain import UNANSWERED, ModelUnavailable
from services.status.domain import Cost, Owner, RunId

SHARE = 0.9
"""How much of a job's time a judge may take, so that another can take over."""


class Paying:
    """Where the money for what is asked comes from: a run may cost `cap`.

    A job takes no longer than `lifetime`, after which what one of its requests set apart expires.
    """

    def __init__(
        self,
        usages: RunUsages,
        *,
        cap: Cost | None = None,
        lifetime: timedelta = timedelta(minutes=10),
    ) -> None:
        self.usages = usages
        self.cap = cap
        self.lifetime = lifetime

    def purse(self, owner: Owner, run_id: RunId | None) -> Purse:
        """Return a purse of the run, or of what belongs to none."""
        if run_id is None:
            return OwnPurse(self.cap.amount if self.cap else None)
        return RunPurse(self.usages, owner, run_id, self.cap, self.lifetime)


@contextlib.asynccontextmanager
async def in_time(what: str, lifetime: timedelta) -> AsyncIterator[None]:
    """Raise ModelUnavailable where a judge takes more than its share of a job's time."""
    seconds = SHARE * lifetime.total_seconds()
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise ModelUnavailable(
            f"the {what} was not judged within {seconds:.0f} s: raise POTOK_ANALYSIS_JOB_TIMEOUT"
        ) from error


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
        self.paying = Paying(usages, cap=cap, lifetime=lifetime)
        self._judge = judge
        self._fallback = fallback

    async def analyse(
        self,
        conversation: Conversation,
        playbook: Playbook,
        run_id: RunId | None,
        *,
        last_attempt: bool,
    ) -> Analysis:
        """Return the analysis of a conversation, which the run pays for.

        Raises NothingSaid, UndeclaredLabels and UNANSWERED. A judge that does not answer now is
        only replaced at the last attempt.
        """
        purse = self.paying.purse(conversation.call.owner, run_id)
        try:
            async with in_time("call", self.paying.lifetime):
                return await analyse(conversation, playbook, self._judge, purse)
        except UNANSWERED as error:
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
        usage = await self.paying.usages.get_usage(owner, run_id)
        return RunUsage(usage=usage, cap=self.paying.cap)
