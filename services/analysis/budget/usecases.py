"""What a judge may take of money and of time, and what a run has taken."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

from services.analysis.budget.domain import RunUsage
from services.analysis.budget.ports import Budget, RunUsages
from services.analysis.budget.run_budget import RunBudget
from services.llm.budget import OwnBudget
from services.llm.domain import ModelUnavailable
from services.status.domain import Cost, Owner, RunId

SHARE = 0.9
"""How much of a job's time a judge may take, so that another can take over."""


class Budgets:
    """The budgets of all runs: each may cost `cap`.

    A job takes no longer than `lifetime`, after which what one of its requests set apart expires.
    """

    def __init__(
        self,
        usages: RunUsages,
        *,
        cap: Cost | None = None,
        lifetime: timedelta = timedelta(minutes=10),
    ) -> None:
        self._usages = usages
        self._cap = cap
        self._lifetime = lifetime

    def budget(self, owner: Owner, run_id: RunId | None) -> Budget:
        """Return the budget of one call or meeting of a run, or of what belongs to no run."""
        if run_id is None:
            return OwnBudget(self._cap.amount if self._cap else None)
        return RunBudget(self._usages, owner, run_id, self._cap, self._lifetime)

    @contextlib.asynccontextmanager
    async def in_time(self, what: str) -> AsyncIterator[None]:
        """Raise ModelUnavailable where a judge takes more than its share of a job's time."""
        seconds = SHARE * self._lifetime.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            raise ModelUnavailable(
                f"the {what} was not judged within {seconds:.0f} s: raise POTOK_ANALYSIS_JOB_TIMEOUT"
            ) from error

    async def get_run_usage(self, owner: Owner, run_id: RunId) -> RunUsage:
        """Return what a run has asked of the language model, and what it may cost."""
        usage = await self._usages.get_usage(owner, run_id)
        return RunUsage(usage=usage, cap=self._cap)
