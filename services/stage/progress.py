"""Where an execution is, in absolute figures: what a report says. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.stage.domain import ItemId
from services.status.domain import (
    ExecutionNumber,
    ExecutionState,
    ItemCounts,
    Reason,
    Stage,
    Wait,
    WaitReason,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCounts:
    """One ledger day: counts over all its items, whichever execution touched them."""

    day: date
    version: int
    items: ItemCounts
    available: int
    input: int
    output: int
    permanent: int
    merged: int = 0
    listed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFailure:
    """One failed item, as people want to see it."""

    item_id: ItemId
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLengths:
    """How long the calls of an execution are, in seconds of sound, by the state of their items."""

    ended: float
    processing: float
    pending: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAtWork:
    """An item that a worker holds, and since when."""

    item_id: ItemId
    begun_at: datetime
    duration_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The pending items of an execution that wait for a time: how many, for what, until when at the earliest."""

    count: int = 0
    reason: WaitReason | None = None
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """All that a report says of one execution."""

    execution: ExecutionNumber
    stage: Stage
    sequence: int
    state: ExecutionState
    items: ItemCounts
    unchanged: int
    unchanged_failed: int
    discovered: bool
    reasons: Mapping[Reason, int]
    failures: Sequence[ItemFailure]
    lengths: CallLengths | None
    at_work: Sequence[ItemAtWork]
    wait: Wait | None
    reason: Reason | None
    message: str
    days: Sequence[DayCounts]


def wait_of(
    items: ItemCounts, waiting: Waiting, *, begun: bool, step: Wait | None = None
) -> Wait | None:
    """Say why an execution with these items stands still; None while it moves.

    What is due without a worker waits in the queue, behind others: items, and a discovery that has not `begun`. What
    a `step` of the whole execution, discovery or finish, waits for comes first: whatever its items do, it cannot end.
    """
    if not begun:
        return Wait(reason=WaitReason.QUEUE)
    if step:
        return step
    if items.processing or not items.pending:
        return None
    if waiting.count < items.pending:
        return Wait(reason=WaitReason.QUEUE)
    if waiting.reason is None:
        return None
    return Wait(reason=waiting.reason, until_at=waiting.until_at)
