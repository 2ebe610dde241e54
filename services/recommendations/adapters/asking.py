"""What is asked of a language model for one result, within a cap."""

from collections.abc import Sequence

from services.llm.domain import (
    NOTHING_USED,
    A,
    CostLimitReached,
    Message,
    ModelUnavailable,
    NoAnswer,
)
from services.llm.ports import LanguageModel


class Asking:
    """Asks within the cap, and counts what it took."""

    def __init__(self, model: LanguageModel, cost_cap: float | None) -> None:
        self.name = model.name
        self.usage = NOTHING_USED
        self._model = model
        self._cost_cap = cost_cap

    async def ask(self, messages: Sequence[Message], shape: type[A]) -> A:
        """Return the model's answer; raises as the model does."""
        spent = self.usage.cost.amount if self.usage.cost else 0.0
        left = None if self._cost_cap is None else self._cost_cap - spent
        try:
            answer = await self._model.ask(messages, shape, at_most=left)
        except (NoAnswer, CostLimitReached, ModelUnavailable) as error:
            self.usage += error.usage
            raise
        self.usage += answer.usage
        return answer.value
