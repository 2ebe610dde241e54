"""What the services of the stages report, and the verdict on it."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.coordinator.state.days import DayFigures
from services.coordinator.state.estimate import NO_DETAILS, Details
from services.status.domain import ExecutionNumber, ExecutionState, FastEnum, ItemCounts, Reason


class Verdict(FastEnum):
    """What became of a report."""

    APPLIED = "APPLIED"
    DUPLICATE = "DUPLICATE"
    STALE = "STALE"
    ILLEGAL = "ILLEGAL"


class DayReport(NamedTuple):
    """The reported counts of one day: the fields of DayCounts, and its bytes."""

    day: str
    version: int
    figures: DayFigures
    raw: bytes


class ItemFailure(NamedTuple):
    """Why an item failed."""

    reason: Reason | None
    message: str


class StageReport(NamedTuple):
    """A report as the state machine sees it; `progress` stays the bytes that came."""

    execution: ExecutionNumber
    sequence: int
    state: ExecutionState
    progress: bytes
    counts: ItemCounts
    discovered: bool
    waiting: bool
    reason: Reason | None
    message: str
    days: tuple[DayReport, ...]
    failure: ItemFailure | None = None
    """The last item that failed."""
    unchanged_failed: int = 0
    """Items that had failed before and were left alone."""
    details: Details = NO_DETAILS


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedReport:
    """A report that was not applied, as it is kept for people."""

    execution: ExecutionNumber
    sequence: int
    state: ExecutionState
    verdict: Verdict
    message: str
    at: datetime
