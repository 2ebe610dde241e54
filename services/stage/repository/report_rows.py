"""Rows that reports are made of: executions and ledger days, read under the locks that number them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from services.kernel.postgres import Connection, load_queries
from services.stage.domain import ItemId
from services.stage.progress import (
    CallLengths,
    DayCounts,
    ItemAtWork,
    ItemFailure,
    Progress,
    Waiting,
    wait_of,
)
from services.stage.repository.database import Reader
from services.status.domain import (
    RETRYABLE,
    UNDONE,
    DateRange,
    ExecutionNumber,
    ExecutionState,
    ItemCounts,
    ItemState,
    Owner,
    Reason,
    Stage,
    Wait,
    WaitReason,
)

_QUERIES = load_queries(__file__)

_UNDONE = [reason.value for reason in UNDONE]
_RETRYABLE = [reason.value for reason in RETRYABLE]
WHOLE_RANGE: None = None
"""Instead of days: all of the execution's."""


class _DayKey(NamedTuple):
    """One ledger day; their order is the order in which their rows are locked."""

    stage: str
    owner: Owner
    day: date


async def list_reportable(reader: Reader) -> list[tuple[ExecutionNumber, bool]]:
    """Return the executions that the coordinator must hear of, and whether each is open."""
    return [(row["execution"], row["open"]) async for row in _QUERIES.list_reportable(reader)]


async def ack_ended(reader: Reader, numbers: Sequence[ExecutionNumber]) -> None:
    """Note that the coordinator knows how executions ended."""
    await _QUERIES.ack_ended(reader, executions=numbers)


async def read_progress(
    connection: Connection, touched: Mapping[ExecutionNumber, Collection[date] | None]
) -> list[Progress]:
    """Number and read executions, each with the ledger days that were touched; must run in a transaction.

    Every execution's sequence and every day's version is drawn before what it stands for is read, and kept locked
    until the commit, so that a higher number is never older, whichever process drew it.
    """
    numbers = sorted(touched)
    rows = [row async for row in _QUERIES.draw_sequences(connection, executions=numbers)]
    days_of = {row["execution"]: _days(row, touched[row["execution"]]) for row in rows}
    ledger = await _read_days(
        connection, sorted({day for days in days_of.values() for day in days})
    )
    counts = await _count_items(connection, numbers)
    failures = await _last_failures(connection, numbers)
    at_work = await _list_at_work(connection, counts)
    return [
        _progress(
            row,
            counts[row["execution"]],
            failures[row["execution"]],
            at_work[row["execution"]],
            [ledger[day] for day in days_of[row["execution"]]],
        )
        for row in rows
    ]


async def read_figures(connection: Connection, number: ExecutionNumber) -> Progress | None:
    """Read an execution that has ended, without its days; None for a tombstone."""
    row = await _QUERIES.get_execution(connection, execution=number)
    if row is None:
        return None
    counts = await _count_items(connection, [number])
    failures = await _last_failures(connection, [number])
    return _progress(row, counts[number], failures[number], [], [])


async def _last_failures(
    connection: Connection, numbers: Sequence[ExecutionNumber]
) -> dict[int, list[ItemFailure]]:
    failures: dict[int, list[ItemFailure]] = defaultdict(list)
    async for row in _QUERIES.list_last_failures(connection, executions=numbers, undone=_UNDONE):
        failures[row["execution"]].append(
            ItemFailure(
                item_id=ItemId(row["item_id"]), reason=Reason(row["reason"]), message=row["message"]
            )
        )
    return failures


def _days(row: Any, days: Collection[date] | None) -> list[_DayKey]:
    if row["bot_id"]:
        return []  # the ledger counts calls
    if days is WHOLE_RANGE or row["ended_at"] is not None:  # the last word is the whole one
        days = DateRange(start=row["start_date"], end=row["end_date"]).days
    return [_DayKey(stage=row["stage"], owner=Owner(row["owner"]), day=day) for day in sorted(days)]


async def _read_days(connection: Connection, days: Sequence[_DayKey]) -> dict[_DayKey, DayCounts]:
    if not days:
        return {}
    keys: dict[str, Any] = {
        "stages": [each.stage for each in days],
        "owners": [each.owner for each in days],
        "days": [each.day for each in days],
    }
    drawn = {_day_key(row): row async for row in _QUERIES.draw_versions(connection, **keys)}
    return {
        _day_key(row): DayCounts(
            day=row["day"],
            version=drawn[_day_key(row)]["version"],
            items=ItemCounts(
                pending=row["pending"],
                processing=row["processing"],
                success=row["success"],
                failed=row["failed"],
                skipped=row["skipped"],
            ),
            available=row["available"],
            input=row["input"],
            output=row["output"],
            permanent=row["permanent"],
            merged=row["merged"],
            listed=drawn[_day_key(row)]["listed"],
        )
        async for row in _QUERIES.count_days(
            connection, **keys, undone=_UNDONE, retryable=_RETRYABLE
        )
    }


def _day_key(row: Any) -> _DayKey:
    return _DayKey(stage=row["stage"], owner=Owner(row["owner"]), day=row["day"])


async def _count_items(
    connection: Connection, numbers: Sequence[ExecutionNumber]
) -> dict[int, list[Any]]:
    """Return the groups of items, by state, reason and wait, of each execution."""
    groups: dict[int, list[Any]] = defaultdict(list)
    async for row in _QUERIES.count_items(connection, executions=numbers):
        groups[row["execution"]].append(row)
    return groups


async def _list_at_work(
    connection: Connection, counts: Mapping[int, Sequence[Any]]
) -> dict[int, list[ItemAtWork]]:
    """Return the items that workers hold, of those executions that have any."""
    held = [
        number
        for number, groups in counts.items()
        if any(group["state"] == ItemState.PROCESSING.value for group in groups)
    ]
    at_work: dict[int, list[ItemAtWork]] = defaultdict(list)
    if held:
        async for row in _QUERIES.list_at_work(connection, executions=held):
            at_work[row["execution"]].append(
                ItemAtWork(
                    item_id=ItemId(row["item_id"]),
                    begun_at=row["updated_at"],
                    duration_seconds=row["duration_seconds"],
                )
            )
    return at_work


def _progress(
    row: Any,
    groups: list[Any],
    failures: list[ItemFailure],
    at_work: list[ItemAtWork],
    days: list[DayCounts],
) -> Progress:
    by_state = dict.fromkeys(ItemState, 0)
    reasons: dict[Reason, int] = defaultdict(int)
    for group in groups:
        state = ItemState(group["state"])
        by_state[state] += group["count"]
        if state in (ItemState.FAILED, ItemState.SKIPPED):
            reasons[Reason(group["reason"])] += group["count"]
    items = ItemCounts(
        pending=by_state[ItemState.PENDING],
        processing=by_state[ItemState.PROCESSING],
        success=by_state[ItemState.SUCCESS],
        failed=by_state[ItemState.FAILED],
        skipped=by_state[ItemState.SKIPPED],
    )
    return Progress(
        execution=ExecutionNumber(row["execution"]),
        stage=Stage(row["stage"]),
        sequence=row["sequence"],
        state=ExecutionState(row["state"]),
        items=items,
        unchanged=row["unchanged"],
        unchanged_failed=row["unchanged_failed"],
        discovered=row["discovered"],
        reasons=reasons,
        failures=failures,
        lengths=_lengths(groups),
        at_work=at_work,
        wait=wait_of(
            items,
            _waiting(groups),
            begun=row["state"] != ExecutionState.DISPATCHED.value,
            step=_step_wait(row),
        ),
        reason=row["reason"] and Reason(row["reason"]),
        message=row["message"],
        days=days,
    )


def _lengths(groups: list[Any]) -> CallLengths | None:
    """Add up how long the calls are; those of unknown length are taken for as long as the others are in the mean."""
    known = sum(group["lengths"] for group in groups)
    if not known:
        return None
    mean = sum(group["length"] for group in groups) / known
    seconds = {"PENDING": 0.0, "PROCESSING": 0.0, "ended": 0.0}
    for group in groups:
        state = group["state"] if group["state"] in seconds else "ended"
        seconds[state] += group["length"] + mean * (group["count"] - group["lengths"])
    return CallLengths(
        ended=seconds["ended"], processing=seconds["PROCESSING"], pending=seconds["PENDING"]
    )


def _step_wait(row: Any) -> Wait | None:
    if row["wait_reason"] is None:
        return None
    return Wait(reason=WaitReason(row["wait_reason"]), until_at=row["run_after"])


def _waiting(groups: list[Any]) -> Waiting:
    """Sum up the groups that wait for a time; the one that ends first says for what."""
    waiting = [group for group in groups if group["waiting"]]
    stated = [group for group in waiting if group["wait_reason"]]
    first = min(stated, key=lambda group: group["until_at"], default=None)
    return Waiting(
        count=sum(group["waiting"] for group in waiting),
        reason=first and WaitReason(first["wait_reason"]),
        until_at=first and first["until_at"],
    )
