"""What is read of an endpoint's reply; whatever else it says does not matter."""

from pydantic import BaseModel, Field


class Spoken(BaseModel):
    """The answer, or why there is none."""

    content: str | None = None
    refusal: str | None = None


class Choice(BaseModel):
    """The answer and why it ended."""

    message: Spoken
    finish_reason: str | None = None


class Counted(BaseModel):
    """Tokens as the endpoint counts them."""

    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)


class Completion(BaseModel):
    """The reply to a request for one answer."""

    model: str = ""
    choices: list[Choice] = Field(min_length=1)
    usage: Counted | None = None
