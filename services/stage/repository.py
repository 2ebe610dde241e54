"""Rows of executions, items and days as the domain sees them; every function runs in its caller's transaction."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import asyncpg

from services.kernel.postgres import UNREACHABLE, load_queries
from services.stage.domain import Execution, Found, Item, ItemId, Limits, StoredItem
from services.stage.modes import KnownItem
from services.status.domain import (
    ClientSettings,
    DateRange,
    ExecutionNumber,
    ExecutionState,
    ItemState,
    Owner,
    Reason,
    RunId,
    RunMode,
    Stage,
    WaitReason,
)

Q = load_queries(__file__)

AWAY = (*UNREACHABLE, asyncpg.OperatorInterventionError, asyncpg.InterfaceError)
"""What a query raises while Postgres is away or restarts, or when the connection is lost."""

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
Reader = Connection | asyncpg.Pool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EndedItem:
    """What becomes of a claimed item; with a `delay` it is tried again. `consumed`: its input need not be seen again."""

    execution: Execution
    item: Item
    state: ItemState
    consumed: bool
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


def is_transient(error: BaseException) -> bool:
    """Whether the same transaction may succeed when it is repeated."""
    again = (*AWAY, asyncpg.TransactionRollbackError, asyncpg.InsufficientResourcesError)
    # asyncpg's refusal of an argument is an InterfaceError, too.
    return isinstance(error, again) and not isinstance(error, ValueError)


async def insert_execution(connection: Connection, execution: Execution) -> bool:
    """Store a new execution; False where its number is known, be it as a tombstone."""
    inserted = await Q.insert_execution(
        connection,
        execution=execution.number,
        stage=execution.stage.value,
        run_id=execution.run_id,
        owner=execution.owner,
        mode=execution.mode.value,
        start_date=execution.range.start,
        end_date=execution.range.end,
        settings=json.dumps(dataclasses.asdict(execution.settings)),
    )
    return inserted is not None


async def insert_tombstone(connection: Connection, number: ExecutionNumber) -> bool:
    """Remember that an unknown execution was cancelled; False where it is known."""
    return await Q.insert_tombstone(connection, execution=number) is not None


async def report_again(connection: Connection, number: ExecutionNumber) -> ExecutionState:
    """Forget that the end of a known execution was acknowledged; return where it is."""
    return ExecutionState(await Q.report_again(connection, execution=number))


async def get_execution(reader: Reader, number: ExecutionNumber) -> Execution | None:
    """Return an execution; None for unknown ones and tombstones."""
    row = await Q.get_execution(reader, execution=number)
    return None if row is None else _execution(row)


async def begin_step(reader: Reader, number: ExecutionNumber) -> tuple[Execution, int] | None:
    """Count a start of discovery or finish; return the execution and the count, None unless it is open."""
    row = await Q.begin_step(reader, execution=number)
    return None if row is None else (_execution(row), row["tries"])


async def spare_step(reader: Reader, number: ExecutionNumber) -> None:
    """Take a start back that does not count."""
    await Q.spare_step(reader, execution=number)


async def lock_open(
    connection: Connection, numbers: Sequence[ExecutionNumber]
) -> set[ExecutionNumber]:
    """Return which executions are open, and keep them so until the transaction ends."""
    rows = Q.lock_open_executions(connection, executions=sorted(set(numbers)))
    return {row["execution"] async for row in rows}


async def lock_execution(
    connection: Connection, number: ExecutionNumber
) -> tuple[ExecutionState, Execution | None]:
    """Wait until all work on a known execution is committed and keep more of it out; a tombstone is but a state."""
    row = await Q.lock_execution(connection, execution=number)
    return ExecutionState(row["state"]), None if row["stage"] is None else _execution(row)


async def list_open(reader: Reader, numbers: Sequence[ExecutionNumber]) -> set[ExecutionNumber]:
    """Return which of the executions are open at the moment."""
    return {row["execution"] async for row in Q.list_open_executions(reader, executions=numbers)}


async def list_undiscovered(reader: Reader) -> list[tuple[ExecutionNumber, Stage]]:
    """Return the open executions whose items are not all known."""
    return [_numbered(row) async for row in Q.list_undiscovered(reader)]


async def list_finished(
    reader: Reader, numbers: Sequence[ExecutionNumber] | None = None
) -> list[tuple[ExecutionNumber, Stage]]:
    """Return the open executions, among `numbers` or all, that have no open item left."""
    return [_numbered(row) async for row in Q.list_finished(reader, executions=numbers)]


async def end_execution(
    connection: Connection,
    number: ExecutionNumber,
    state: ExecutionState,
    reason: Reason | None,
    message: str,
) -> None:
    """Set how a locked execution ended."""
    await Q.end_execution(
        connection,
        execution=number,
        state=state.value,
        reason=reason and reason.value,
        message=clean(message),
    )


async def fail_open_items(
    connection: Connection, number: ExecutionNumber, reason: Reason, message: str
) -> None:
    """Fail what an ended execution did not finish."""
    await Q.fail_open_items(
        connection, execution=number, reason=reason.value, message=clean(message)
    )


async def count_by_state(
    connection: Connection, number: ExecutionNumber
) -> Mapping[ItemState, int]:
    """Count the items of an execution."""
    rows = Q.count_by_state(connection, execution=number)
    return {ItemState(row["state"]): row["count"] async for row in rows}


async def cover_days(connection: Connection, execution: Execution) -> None:
    """Remember that every item of the range was known."""
    await Q.cover_days(connection, **_range(execution))


async def list_covered_days(reader: Reader, execution: Execution) -> set[date]:
    """Return the days of the range that the stage covered before."""
    return {row["day"] async for row in Q.list_covered_days(reader, **_range(execution))}


async def list_known_items(
    connection: Connection, execution: Execution, item_ids: Sequence[ItemId]
) -> dict[ItemId, KnownItem]:
    """Lock and return those of the items that are stored."""
    rows = Q.list_known_items(connection, **_place(execution), item_ids=item_ids)
    return {
        row["item_id"]: KnownItem(
            day=row["day"],
            execution=row["execution"],
            state=ItemState(row["state"]),
            reason=row["reason"] and Reason(row["reason"]),
            input=row["input"],
            seen=row["seen"],
            created_at=row["created_at"],
        )
        async for row in rows
    }


async def take_items(
    connection: Connection, execution: Execution, found: Sequence[Found], job_ids: Sequence[int]
) -> None:
    """Make items the execution's, PENDING, each with its job; a newer execution's are left alone."""
    await Q.take_items(
        connection,
        **_place(execution),
        execution=execution.number,
        item_ids=[item.item_id for item in found],
        days=[item.day for item in found],
        upstreams=[item.upstream for item in found],
        job_ids=job_ids,
    )


async def see_items(
    connection: Connection, execution: Execution, found: Sequence[Found], unchanged: int
) -> None:
    """Note that discovery listed items that need no work; `unchanged` of them for the first time."""
    await Q.see_items(
        connection,
        **_place(execution),
        execution=execution.number,
        item_ids=[item.item_id for item in found],
        days=[item.day for item in found],
    )
    await Q.add_unchanged(connection, execution=execution.number, unchanged=unchanged)


async def remove_items(connection: Connection, execution: Execution) -> list[ItemId]:
    """Delete the items of the range that discovery did not list; return their ids."""
    rows = Q.remove_items(connection, **_range(execution), execution=execution.number)
    return [row["item_id"] async for row in rows]


async def end_discovery(connection: Connection, execution: Execution) -> None:
    """Note that every item of the range is known."""
    await Q.end_discovery(connection, execution=execution.number)


async def claim_items(
    reader: Reader, execution: Execution, item_ids: Sequence[ItemId], lease: timedelta
) -> list[tuple[Item, int]]:
    """Take due items under a lease; return each with how many of its attempts count, this one included."""
    rows = Q.claim_items(
        reader, **_place(execution), execution=execution.number, item_ids=item_ids, lease=lease
    )
    return [
        (
            Item(item_id=row["item_id"], day=row["day"], attempt=row["attempt"]),
            row["attempt"] - row["spared"],
        )
        async for row in rows
    ]


async def release_items(reader: Reader, execution: Execution, items: Sequence[Item]) -> None:
    """Give claimed items back as if they had not been tried."""
    await Q.release_items(
        reader,
        **_place(execution),
        execution=execution.number,
        item_ids=[item.item_id for item in items],
        attempts=[item.attempt for item in items],
    )


async def end_items(connection: Connection, ended: Sequence[EndedItem]) -> list[int]:
    """Write what became of items whose fence holds; return their positions in `ended`."""
    rows = Q.end_items(
        connection,
        **_fences([(each.execution, each.item) for each in ended]),
        states=[each.state.value for each in ended],
        reasons=[each.reason and each.reason.value for each in ended],
        messages=[clean(each.message) for each in ended],
        waits=[each.wait and each.wait.value for each in ended],
        delays=[each.delay for each in ended],
        consumed=[each.consumed for each in ended],
    )
    return [row["position"] async for row in rows]


async def set_jobs(
    connection: Connection, execution: Execution, jobs: Mapping[ItemId, int]
) -> None:
    """Note the job that each pending item waits for."""
    await Q.set_jobs(
        connection,
        **_place(execution),
        execution=execution.number,
        item_ids=list(jobs),
        job_ids=list(jobs.values()),
    )


async def list_expired(
    reader: Reader, stage: Stage, page_size: int
) -> dict[ExecutionNumber, list[ItemId]]:
    """Return items whose lease is over, by execution."""
    items: dict[ExecutionNumber, list[ItemId]] = {}
    async for row in Q.list_expired(reader, stage=stage.value, page_size=page_size):
        items.setdefault(row["execution"], []).append(row["item_id"])
    return items


async def take_back_items(
    connection: Connection,
    execution: Execution,
    item_ids: Sequence[ItemId],
    limits: Limits,
) -> list[TakenBack]:
    """Make items whose lease is over PENDING again, or FAILED after their last attempt."""
    rows = Q.take_back_items(
        connection,
        **_place(execution),
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
    async for row in Q.list_lost_items(connection, stage=stage.value, page_size=page_size):
        items.setdefault(row["execution"], []).append(row["item_id"])
    return items


async def renew_leases(
    reader: Reader, claims: Sequence[tuple[Execution, Item, timedelta]]
) -> set[tuple[int, str, int]]:
    """Hold claims for another lease each; return (execution, item, attempt) of those that still hold."""
    rows = Q.renew_leases(
        reader,
        **_fences([(execution, item) for execution, item, _ in claims]),
        leases=[lease for _, _, lease in claims],
    )
    return {(row["execution"], row["item_id"], row["attempt"]) async for row in rows}


async def list_items(
    reader: Reader,
    *,
    stage: Stage,
    owner: Owner,
    days: DateRange,
    states: Sequence[ItemState],
    available: bool,
    execution: ExecutionNumber,
    after: tuple[date, str],
    page_size: int,
) -> list[StoredItem]:
    """Return one page of items, by day and id, that come after `after`."""
    rows = Q.list_items(
        reader,
        stage=stage.value,
        owner=owner,
        start_date=days.start,
        end_date=days.end,
        states=[state.value for state in states],
        available=available,
        execution=execution,
        after_day=after[0],
        after_item=after[1],
        page_size=page_size,
    )
    return [_stored_item(row) async for row in rows]


def clean(message: str) -> str:
    """Make a sentence fit a column: of bearable length, without what text in Postgres cannot hold."""
    return message.replace("\x00", "").encode("utf-8", "replace").decode()[:1000]


def _place(execution: Execution) -> dict[str, Any]:
    return {"stage": execution.stage.value, "owner": execution.owner}


def _range(execution: Execution) -> dict[str, Any]:
    return {
        **_place(execution),
        "start_date": execution.range.start,
        "end_date": execution.range.end,
    }


def _fences(items: Sequence[tuple[Execution, Item]]) -> dict[str, Any]:
    return {
        "stages": [execution.stage.value for execution, _ in items],
        "owners": [execution.owner for execution, _ in items],
        "executions": [execution.number for execution, _ in items],
        "item_ids": [item.item_id for _, item in items],
        "attempts": [item.attempt for _, item in items],
    }


def _numbered(row: Any) -> tuple[ExecutionNumber, Stage]:
    return ExecutionNumber(row["execution"]), Stage(row["stage"])


def _execution(row: Any) -> Execution:
    return Execution(
        number=ExecutionNumber(row["execution"]),
        stage=Stage(row["stage"]),
        run_id=RunId(str(row["run_id"])),
        owner=Owner(row["owner"]),
        mode=RunMode(row["mode"]),
        range=DateRange(start=row["start_date"], end=row["end_date"]),
        settings=ClientSettings(**json.loads(row["settings"])),
        state=ExecutionState(row["state"]),
        discovered=row["discovered"],
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
    )
