"""What a service needs of a language model."""

from collections.abc import Sequence
from typing import Protocol

from services.llm.domain import A, Message, ModelAnswer
from services.status.domain import Cost


class LanguageModel(Protocol):
    """A model that answers in a given shape."""

    @property
    def name(self) -> str:
        """Name the model as its endpoint knows it."""

    def price(self, prompt_characters: int) -> Cost | None:
        """Return what one request with so long a prompt costs at the most; None where no prices are set."""

    async def ask(
        self, messages: Sequence[Message], shape: type[A], *, at_most: float | None = None
    ) -> ModelAnswer[A]:
        """Return an answer of the shape.

        `at_most` is what may be spent, in the currency of the prices; it is checked before each request.
        Raises ModelUnavailable, ModelRefused, AnswerTruncated, BadAnswer, CostLimitReached.
        """
