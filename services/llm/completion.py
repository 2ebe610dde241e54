"""What is read of an endpoint's reply; whatever else it says does not matter."""

from pydantic import BaseModel, Field


class CompletionMessage(BaseModel):
    """The message of a choice: the answer, or why there is none."""

    content: str | None = None
    refusal: str | None = None


class CompletionChoice(BaseModel):
    """One choice of a completion: its message, and why it ended."""

    message: CompletionMessage
    finish_reason: str | None = None


class CompletionUsage(BaseModel):
    """Tokens as the endpoint counts them."""

    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)


class Completion(BaseModel):
    """The reply to a request for one answer."""

    model: str = ""
    choices: list[CompletionChoice] = Field(min_length=1)
    usage: CompletionUsage | None = None
