"""Who judges a call, and who takes over where that judge cannot."""

from dataclasses import replace

from services.analysis.budget.unjudged import reason_of
from services.analysis.budget.usecases import Budgets
from services.analysis.calls.analyse import analyse
from services.analysis.calls.domain import Analysis, Conversation, Fallback
from services.analysis.calls.ports import Judge
from services.analysis.playbooks.domain import Playbook
from services.llm.domain import UNANSWERED, ModelUnavailable
from services.status.domain import Cost, RunId


class Judging:
    """The judge, and `fallback` for calls that it has no judgement of."""

    def __init__(self, judge: Judge, budgets: Budgets, *, fallback: Judge | None = None) -> None:
        self._judge = judge
        self._budgets = budgets
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
        budget = self._budgets.budget(conversation.call.owner, run_id)
        try:
            async with self._budgets.in_time("call"):
                return await analyse(conversation, playbook, self._judge, budget)
        except UNANSWERED as error:
            if self._fallback is None:
                raise
            if isinstance(error, ModelUnavailable) and not last_attempt:
                raise
            analysis = await analyse(conversation, playbook, self._fallback, budget)
            why = Fallback(judge=self._judge.name, reason=reason_of(error), message=str(error))
            return replace(analysis, fallback=why)

    def price(self, playbook: Playbook, duration_seconds: float) -> Cost | None:
        """Return what a call of that length costs at the most; None where it is free, or not known."""
        return self._judge.price(playbook, duration_seconds)
