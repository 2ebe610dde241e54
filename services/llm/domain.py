"""What is asked of a language model and what may come back. Nothing here does I/O."""

import enum
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Generic, TypeVar

from pydantic import BaseModel

from services.kernel.errors import UpstreamUnavailable
from services.status.domain import Cost

A = TypeVar("A", bound=BaseModel)


MOST_REQUESTS = 3
"""The most requests for one answer: one without the shape that was asked for is asked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What was used, over all re-asks; `cost` is None where no prices are set."""

    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost: Cost | None

    def __add__(self, other: "Usage") -> "Usage":
        """Return both together; their currency is the same."""
        costs = [cost for cost in (self.cost, other.cost) if cost]
        return Usage(
            requests=self.requests + other.requests,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost=replace(costs[0], amount=sum(cost.amount for cost in costs)) if costs else None,
        )


NOTHING_USED = Usage(requests=0, prompt_tokens=0, completion_tokens=0, cost=None)


class ModelUnavailable(UpstreamUnavailable):
    """The model does not answer, or not now; `retry_after` is the least back-off it asked for."""

    def __init__(
        self, message: str, retry_after: timedelta | None = None, usage: Usage = NOTHING_USED
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.usage = usage


class NoAnswer(Exception):
    """The model gave no usable answer; the text is for people, `usage` what was spent all the same."""

    def __init__(self, message: str, usage: Usage) -> None:
        super().__init__(message)
        self.usage = usage


class ModelRefused(NoAnswer):
    """The model will not answer this."""


class AnswerTruncated(NoAnswer):
    """The answer did not fit into the limit of tokens."""


class BadAnswer(NoAnswer):
    """What came never had the shape that was asked for, after all re-asks."""


class CostLimitReached(Exception):
    """The request might cost more than is left, and was not sent; `usage` is what was spent before it."""

    def __init__(self, message: str, usage: Usage = NOTHING_USED) -> None:
        super().__init__(message)
        self.usage = usage


UNANSWERED = (NoAnswer, CostLimitReached, ModelUnavailable)
"""The errors of a model that was asked; each has its `usage`."""


class MessageRole(enum.Enum):
    """Who speaks to the model."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the conversation with the model."""

    role: MessageRole
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a million tokens cost."""

    prompt: float
    completion: float
    currency: str

    def of(self, prompt_tokens: int, completion_tokens: int) -> Cost:
        """Return what so many tokens cost."""
        amount = (self.prompt * prompt_tokens + self.completion * completion_tokens) / 1_000_000
        return Cost(amount=amount, currency=self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer(Generic[A]):
    """A valid answer, the model that gave it by its own name, and what it took."""

    value: A
    model: str
    usage: Usage


def prompt_characters(messages: Sequence[Message], shape: type[BaseModel]) -> int:
    """Return how many characters the model is told: the messages, and the shape it is to answer in."""
    schema = json.dumps(shape.model_json_schema(), ensure_ascii=False)
    return sum(len(message.text) for message in messages) + len(schema)
