"""What requests to a language model cost a run; valid, with defaults."""

from services.llm.domain import (
    Usage,
)
from services.status.domain import Cost, RunId

RUN = RunId("r")
SPENT = Usage(
    requests=2, prompt_tokens=10, completion_tokens=1, cost=Cost(amount=0.25, currency="USD")
)


def dollars(amount: float) -> Cost:
    return Cost(amount=amount, currency="USD")
