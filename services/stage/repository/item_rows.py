"""Rows of items as the domain sees them."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from services.kernel.postgres import Connection, load_queries
from services.stage.domain import (
    Claimed,
    Execution,
    Found,
    Item,
    ItemChange,
    ItemFilter,
    ItemId,
    Limits,
    StoredItem,
)
from services.stage.modes import KnownItem, failed_among
from services.stage.repository.database import Reader, clean, range_of, stage_and_owner
from services.status.domain import (
    ExecutionNumber,
    ItemState,
    Owner,
    Reason,
    Stage,
    WaitReason,
)

_QUERIES = load_queries(__file__)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EndedItem:
    """What becomes of a claimed item; with a `delay` it is tried again.

    `consumed`: its input need not be worked on again. `postponed`: it was tried too early, which does not count.
    """

    execution: Execution
    item: Item
    state: ItemState
    consumed: bool
    postponed: bool = False
    reason: Reason | None = None
    message: str = ""
    wait: WaitReason | None = None
    delay: timedelta | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """An item whose worker died; `delay` until its next attempt, None where that was the last."""

    item_id: ItemId
    day: date
    delay: timedelta | None


async def fail_open_items(
    connection: Connection, number: ExecutionNumber, reason: Reason, message: str
) -> None:
    """Fail what an ended execution did not finish."""
    await _QUERIES.fail_open_items(
        connection, execution=number, reason=reason.value, message=clean(message)
    )


async def count_by_state(
    connection: Connection, number: ExecutionNumber
) -> Mapping[ItemState, int]:
    """Count the items of an execution."""
    rows = _QUERIES.count_by_state(connection, execution=number)
    return {ItemState(row["state"]): row["count"] async for row in rows}


async def list_known_items(
    connection: Connection, execution: Execution, item_ids: Sequence[ItemId]
) -> dict[ItemId, KnownItem]:
    """Lock and return those of the items that are stored."""
    rows = _QUERIES.list_known_items(connection, **stage_and_owner(execution), item_ids=item_ids)
    return {row["item_id"]: _known_item(row) async for row in rows}


async def get_known_items(
    reader: Reader, execution: Execution, item_ids: Sequence[ItemId]
) -> dict[ItemId, KnownItem]:
    """Return those of the items that are stored."""
    rows = _QUERIES.get_known_items(reader, **stage_and_owner(execution), item_ids=item_ids)
    return {row["item_id"]: _known_item(row) async for row in rows}


async def take_items(
    connection: Connection, execution: Execution, found: Sequence[Found], job_ids: Sequence[int]
) -> None:
    """Make items the execution's, PENDING, each with its job; a newer execution's are left alone."""
    await _QUERIES.take_items(
        connection,
        **stage_and_owner(execution),
        execution=execution.number,
        item_ids=[item.item_id for item in found],
        days=[item.day for item in found],
        upstreams=[item.upstream for item in found],
        durations=[item.duration_seconds for item in found],
        job_ids=job_ids,
    )


async def see_items(
    connection: Connection,
    execution: Execution,
    found: Sequence[Found],
    unchanged: Sequence[KnownItem],
) -> None:
    """Note that discovery listed items that need no work; `unchanged` of them for the first time."""
    await _QUERIES.see_items(
        connection,
        **stage_and_owner(execution),
        execution=execution.number,
        item_ids=[item.item_id for item in found],
        days=[item.day for item in found],
        upstreams=[item.upstream for item in found],
        durations=[item.duration_seconds for item in found],
    )
    await _QUERIES.add_unchanged(
        connection,
        execution=execution.number,
        unchanged=len(unchanged),
        failed=failed_among(unchanged),
    )


async def remove_items(connection: Connection, execution: Execution) -> list[ItemId]:
    """Delete the items of the range that discovery did not list, of a bot only its own; return their ids."""
    rows = _QUERIES.remove_items(
        connection, **range_of(execution), execution=execution.number, bot_id=execution.bot_id
    )
    return [row["item_id"] async for row in rows]


async def prune_removed_items(reader: Reader, keep: timedelta, page_size: int) -> int:
    """Forget the first items that were removed longer ago than `keep`; return how many."""
    rows = _QUERIES.prune_removed_items(reader, keep=keep, page_size=page_size)
    return len([row async for row in rows])


async def claim_items(
    reader: Reader, execution: Execution, item_ids: Sequence[ItemId], lease: timedelta
) -> list[Claimed]:
    """Take due items under a lease."""
    rows = _QUERIES.claim_items(
        reader,
        **stage_and_owner(execution),
        execution=execution.number,
        item_ids=item_ids,
        lease=lease,
    )
    return [
        Claimed(
            item=Item(item_id=row["item_id"], day=row["day"], attempt=row["attempt"]),
            tried=row["attempt"] - row["spared"],
            postponed=row["postponed"],
        )
        async for row in rows
    ]


async def release_items(reader: Reader, execution: Execution, items: Sequence[Item]) -> None:
    """Give claimed items back as if they had not been tried."""
    await _QUERIES.release_items(
        reader,
        **stage_and_owner(execution),
        execution=execution.number,
        item_ids=[item.item_id for item in items],
        attempts=[item.attempt for item in items],
    )


async def end_items(connection: Connection, ended: Sequence[EndedItem]) -> list[int]:
    """Write what became of items whose fence holds; return their positions in `ended`."""
    rows = _QUERIES.end_items(
        connection,
        **_fences([(each.execution, each.item) for each in ended]),
        states=[each.state.value for each in ended],
        reasons=[each.reason and each.reason.value for each in ended],
        messages=[clean(each.message) for each in ended],
        waits=[each.wait and each.wait.value for each in ended],
        delays=[each.delay for each in ended],
        consumed=[each.consumed for each in ended],
        postponed=[each.postponed for each in ended],
    )
    return [row["position"] async for row in rows]


async def set_jobs(
    connection: Connection, execution: Execution, jobs: Mapping[ItemId, int]
) -> None:
    """Note the job that each pending item waits for."""
    await _QUERIES.set_jobs(
        connection,
        **stage_and_owner(execution),
        execution=execution.number,
        item_ids=list(jobs),
        job_ids=list(jobs.values()),
    )


async def list_expired(
    reader: Reader, stage: Stage, page_size: int
) -> dict[ExecutionNumber, list[ItemId]]:
    """Return items whose lease is over, by execution."""
    items: dict[ExecutionNumber, list[ItemId]] = {}
    async for row in _QUERIES.list_expired(reader, stage=stage.value, page_size=page_size):
        items.setdefault(row["execution"], []).append(row["item_id"])
    return items


async def take_back_items(
    connection: Connection,
    execution: Execution,
    item_ids: Sequence[ItemId],
    limits: Limits,
) -> list[TakenBack]:
    """Make items whose lease is over PENDING again, or FAILED after their last attempt."""
    rows = _QUERIES.take_back_items(
        connection,
        **stage_and_owner(execution),
        execution=execution.number,
        item_ids=item_ids,
        attempts=limits.attempts,
        backoff=limits.backoff,
        message=f"the process that worked on it died {limits.attempts} times",
    )
    return [
        TakenBack(item_id=row["item_id"], day=row["day"], delay=row["delay"]) async for row in rows
    ]


async def list_lost_items(
    connection: Connection, stage: Stage, page_size: int
) -> dict[ExecutionNumber, list[ItemId]]:
    """Lock due items that no job is queued for; return them by execution."""
    items: dict[ExecutionNumber, list[ItemId]] = {}
    async for row in _QUERIES.list_lost_items(connection, stage=stage.value, page_size=page_size):
        items.setdefault(row["execution"], []).append(row["item_id"])
    return items


async def renew_leases(
    reader: Reader, claims: Sequence[tuple[Execution, Item, timedelta]]
) -> set[tuple[int, str, int]]:
    """Hold claims for another lease each; return (execution, item, attempt) of those that still hold."""
    rows = _QUERIES.renew_leases(
        reader,
        **_fences([(execution, item) for execution, item, _ in claims]),
        leases=[lease for _, _, lease in claims],
    )
    return {(row["execution"], row["item_id"], row["attempt"]) async for row in rows}


async def list_items(
    reader: Reader, item_filter: ItemFilter, after: tuple[date, str], page_size: int
) -> list[StoredItem]:
    """Return at most `page_size` items by day and id, those that come after a day and id."""
    rows = _QUERIES.list_items(
        reader,
        stage=item_filter.stage.value,
        owner=item_filter.owner,
        start_date=item_filter.days.start,
        end_date=item_filter.days.end,
        states=[state.value for state in item_filter.states],
        available=item_filter.available,
        execution=item_filter.execution,
        after_day=after[0],
        after_item=after[1],
        page_size=page_size,
    )
    return [_stored_item(row) async for row in rows]


class ChangePosition(NamedTuple):
    """Where a page of changed items ended: the number of a transaction, and the item."""

    change: int
    owner: str
    item_id: str


async def get_complete_until(reader: Reader, stage: Stage) -> tuple[datetime, int]:
    """Return until when a listing of changes that begins now is complete, and the highest number a position may have."""
    row = await _QUERIES.get_complete_until(reader, stage=stage.value)
    return row["complete_until"], row["newest"]


async def list_item_changes(
    reader: Reader, stage: Stage, after: ChangePosition, page_size: int
) -> list[tuple[ChangePosition, ItemChange]]:
    """Return at most `page_size` changed items of calls after a position, each with its own."""
    rows = _QUERIES.list_item_changes(
        reader,
        stage=stage.value,
        after_change=after.change,
        after_owner=after.owner,
        after_item=after.item_id,
        page_size=page_size,
    )
    return [
        (
            ChangePosition(row["change"], row["owner"], row["item_id"]),
            ItemChange(
                owner=Owner(row["owner"]),
                item_id=ItemId(row["item_id"]),
                item=None if row["removed"] else _stored_item(row),
            ),
        )
        async for row in rows
    ]


def _fences(items: Sequence[tuple[Execution, Item]]) -> dict[str, Any]:
    return {
        "stages": [execution.stage.value for execution, _ in items],
        "owners": [execution.owner for execution, _ in items],
        "executions": [execution.number for execution, _ in items],
        "item_ids": [item.item_id for _, item in items],
        "attempts": [item.attempt for _, item in items],
    }


def _known_item(row: Any) -> KnownItem:
    return KnownItem(
        day=row["day"],
        execution=row["execution"],
        state=ItemState(row["state"]),
        reason=row["reason"] and Reason(row["reason"]),
        input=row["input"],
        seen=row["seen"],
    )


def _stored_item(row: Any) -> StoredItem:
    return StoredItem(
        item_id=ItemId(row["item_id"]),
        day=row["day"],
        state=ItemState(row["state"]),
        reason=row["reason"] and Reason(row["reason"]),
        message=row["message"],
        execution=ExecutionNumber(row["execution"]),
        attempt=row["attempt"],
        output=row["output"],
        retry_at=row["run_after"],
        updated_at=row["updated_at"],
        duration_seconds=row["duration_seconds"],
    )
