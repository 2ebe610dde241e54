"""What may be spent on one result, over all that is asked for it."""

from collections.abc import Sequence

from services.llm.domain import NOTHING_USED, UNANSWERED, A, Message
from services.llm.ports import LanguageModel


class OwnBudget:
    """Asks within a cap, in the currency of the model's prices, and counts what was used; None is no limit."""

    def __init__(self, cap: float | None) -> None:
        self.usage = NOTHING_USED
        self._cap = cap

    async def ask(self, model: LanguageModel, messages: Sequence[Message], shape: type[A]) -> A:
        """Return the model's answer; raises as the model does."""
        spent = self.usage.cost.amount if self.usage.cost else 0.0
        left = None if self._cap is None else self._cap - spent
        try:
            answer = await model.ask(messages, shape, at_most=left)
        except UNANSWERED as error:
            self.usage += error.usage
            raise
        self.usage += answer.usage
        return answer.value
