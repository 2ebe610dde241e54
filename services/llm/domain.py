"""What is asked of a language model and what may come back. Nothing here does I/O."""

import enum
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from pydantic import BaseModel

from services.kernel.errors import UpstreamUnavailable
from services.status.domain import Cost

A = TypeVar("A", bound=BaseModel)


class ModelUnavailable(UpstreamUnavailable):
    """The model does not answer, or not now; `retry_after` is the least back-off it asked for."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NoAnswer(Exception):
    """The model gave no usable answer; the text is for people, `usage` what was spent all the same."""

    def __init__(self, message: str, usage: "Usage") -> None:
        super().__init__(message)
        self.usage = usage


class Refused(NoAnswer):
    """The model will not answer this."""


class Truncated(NoAnswer):
    """The answer did not fit into the limit of tokens."""


class BadAnswer(NoAnswer):
    """What came never had the shape that was asked for, after all re-asks."""


class CostLimitReached(Exception):
    """The request might cost more than is left; it was not sent."""


class Role(enum.Enum):
    """Who speaks to the model."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the conversation with the model."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What was used, over all re-asks; `cost` is None where no prices are set."""

    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost: Cost | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[A]):
    """A valid answer, the model that gave it by its own name, and what it took."""

    value: A
    model: str
    usage: Usage
