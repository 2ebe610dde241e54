"""Executions, items and outcomes inside a stage service. Nothing here does I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NewType

from services.kernel.errors import InvalidInput
from services.status.domain import (
    ClientSettings,
    Cost,
    DateRange,
    ExecutionNumber,
    ExecutionState,
    ItemState,
    Owner,
    Reason,
    RunId,
    RunMode,
    Stage,
    Wait,
    WaitReason,
)

ItemId = NewType("ItemId", str)

ANY_EXECUTION = ExecutionNumber(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One stage of one run, as its service stores it.

    `bot_id` is the bot whose meeting is its only item, on the only day of its range; empty for calls.
    """

    number: ExecutionNumber
    stage: Stage
    run_id: RunId
    owner: Owner
    mode: RunMode
    range: DateRange
    settings: ClientSettings
    state: ExecutionState
    discovered: bool
    bot_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An item that discovery lists: `upstream` is the execution that produced its input.

    From a source it is a number that grows with each change of the item there, 0 where the source does not tell.
    `duration_seconds` is how long the call is by its source, None where that does not say. `settled` is why there is
    nothing to do for the item by its listing alone.
    """

    item_id: ItemId
    day: date
    upstream: int = 0
    duration_seconds: float | None = None
    settled: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item as its claim returned it; (execution, attempt) is the fence of every write."""

    item_id: ItemId
    day: date
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An item and its tries: `tried` counts attempts, this one included, `postponed` those that came too early."""

    item: Item
    tried: int
    postponed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """Selects items of one owner's stage: without `states` those in any.

    `available`: only those with a readable result.
    """

    owner: Owner
    stage: Stage
    days: DateRange
    states: Sequence[ItemState] = ()
    available: bool = False
    execution: ExecutionNumber = ANY_EXECUTION


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredItem:
    """One item as it is listed."""

    item_id: ItemId
    day: date
    state: ItemState
    reason: Reason | None
    message: str
    execution: ExecutionNumber
    attempt: int
    output: int
    retry_at: datetime | None
    updated_at: datetime
    duration_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """An item of a call that changed, as it is now; `item` is None where the stage has it no more."""

    owner: Owner
    item_id: ItemId
    item: StoredItem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChanges:
    """A page of changed items; without `more`, what was committed before `as_of` has been listed."""

    changes: Sequence[ItemChange]
    cursor: str
    more: bool
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """The item is done; `result` is handed to the stage's `store` in the transaction that says so.

    `message` says what people ought to know of it all the same.
    """

    item_id: ItemId
    result: object = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """There is nothing to do for the item."""

    item_id: ItemId
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The item failed: for good, or until its next attempt when `reason` is retryable.

    `retry_after` is the least back-off an outside system asked for; `wait` says why it waits.
    """

    item_id: ItemId
    reason: Reason
    message: str
    retry_after: timedelta | None = None
    wait: Wait | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """What the item needs is not there yet: it is tried again after each of the delays in turn, then SKIPPED.

    None of these tries counts as an attempt. `wait` says why it waits.
    """

    item_id: ItemId
    reason: Reason
    message: str
    delays: tuple[timedelta, ...]
    wait: Wait | None = None


Outcome = Success | Skip | Failure | Later


class DiscoveryFailed(Exception):
    """Discovery, or the finish of an execution, cannot succeed; fails the execution with the reason."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class DiscoveryWaits(Exception):
    """The source asks discovery, or the finish of an execution, to come back at `wait.until_at`.

    The execution stays open and says for what it waits; then the step begins anew, as often as it has to.
    """

    def __init__(self, reason: WaitReason, until_at: datetime, message: str) -> None:
        super().__init__(message)
        self.wait = Wait(reason=reason, until_at=until_at)


class UnknownStage(InvalidInput):
    """The service does not serve the stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How a stage works: each is a setting of its service."""

    batch: int = 1
    """Items a job."""
    concurrency: int = 2
    """Jobs at a time in one process."""
    attempts: int = 3
    """Tries of an item in one execution."""
    lease: timedelta = timedelta(seconds=30)
    """How long a claim holds without being renewed."""
    job_timeout: timedelta = timedelta(hours=1)
    """How long one job may take at the most."""
    backoff: timedelta = timedelta(seconds=5)
    """Before the second attempt; doubles for each further one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an execution would take, how many items of the range it would leave alone, and what it costs at the most.

    `more`: there are more items than are looked at. `cost` is None where it is nothing or not known.
    """

    taken: Sequence[Found]
    unchanged: int
    unchanged_failed: int
    """Of the unchanged: items that have failed before."""
    more: bool
    cost: Cost | None
