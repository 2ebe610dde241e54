"""What runs may cost and have cost."""

from dataclasses import dataclass

from services.llm.domain import Usage
from services.status.domain import Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A part of what a run may cost, set apart for one request until it is settled or expires."""

    reservation_id: int
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunUsage:
    """What a run has asked of the language model, and what it may cost; no cap is no limit."""

    usage: Usage
    cap: Cost | None
