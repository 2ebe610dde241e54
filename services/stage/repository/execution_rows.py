"""Rows of executions and of the days they covered, as the domain sees them."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.kernel.postgres import Connection, load_queries
from services.stage.domain import Execution
from services.stage.repository.database import Reader, clean, range_of
from services.status.domain import (
    ClientSettings,
    DateRange,
    ExecutionNumber,
    ExecutionState,
    Owner,
    Reason,
    RunId,
    RunMode,
    Stage,
    Wait,
)

_QUERIES = load_queries(__file__)


async def insert_execution(connection: Connection, execution: Execution) -> bool:
    """Store a new execution; False where its number is known, even by a tombstone only."""
    inserted = await _QUERIES.insert_execution(
        connection,
        execution=execution.number,
        stage=execution.stage.value,
        run_id=execution.run_id,
        owner=execution.owner,
        bot_id=execution.bot_id,
        mode=execution.mode.value,
        start_date=execution.range.start,
        end_date=execution.range.end,
        settings=json.dumps(dataclasses.asdict(execution.settings)),
    )
    return inserted is not None


async def insert_tombstone(connection: Connection, number: ExecutionNumber) -> bool:
    """Remember that an unknown execution was cancelled; False where it is known."""
    return await _QUERIES.insert_tombstone(connection, execution=number) is not None


async def report_again(connection: Connection, number: ExecutionNumber) -> ExecutionState:
    """Forget that the end of a known execution was acknowledged; return where it is."""
    return ExecutionState(await _QUERIES.report_again(connection, execution=number))


async def get_execution(reader: Reader, number: ExecutionNumber) -> Execution | None:
    """Return an execution; None for unknown ones and tombstones."""
    row = await _QUERIES.get_execution(reader, execution=number)
    return None if row is None else _execution(row)


async def begin_step(reader: Reader, number: ExecutionNumber) -> tuple[Execution, int] | None:
    """Count a start of discovery or finish; return the execution and the count.

    None where there is nothing to start: it has ended, or waits for a later time.
    """
    row = await _QUERIES.begin_step(reader, execution=number)
    return None if row is None else (_execution(row), row["tries"])


async def spare_step(reader: Reader, number: ExecutionNumber) -> None:
    """Take back a start that does not count."""
    await _QUERIES.spare_step(reader, execution=number)


async def postpone_step(
    reader: Reader, number: ExecutionNumber, wait: Wait, longest: timedelta
) -> None:
    """Let discovery or finish wait, no longer than `longest`; the start that had to does not count."""
    await _QUERIES.postpone_step(
        reader,
        execution=number,
        wait=wait.reason.value,
        until_at=wait.until_at,
        longest=longest,
    )


async def state_wait(reader: Reader, number: ExecutionNumber, wait: Wait) -> None:
    """State what an execution that goes on waits for."""
    await _QUERIES.state_wait(
        reader, execution=number, wait=wait.reason.value, until_at=wait.until_at
    )


async def end_wait(connection: Connection, execution: Execution) -> None:
    """Note that discovery gets on."""
    await _QUERIES.end_wait(connection, execution=execution.number)


async def lock_open(
    connection: Connection, numbers: Sequence[ExecutionNumber]
) -> set[ExecutionNumber]:
    """Return which executions are open, and keep them so until the transaction ends."""
    rows = _QUERIES.lock_open_executions(connection, executions=sorted(set(numbers)))
    return {row["execution"] async for row in rows}


async def lock_execution(
    connection: Connection, number: ExecutionNumber
) -> tuple[ExecutionState, Execution | None]:
    """Lock a known execution, once all work on it is committed; of a tombstone there is only the state."""
    row = await _QUERIES.lock_execution(connection, execution=number)
    return ExecutionState(row["state"]), None if row["stage"] is None else _execution(row)


async def list_open(reader: Reader, numbers: Sequence[ExecutionNumber]) -> set[ExecutionNumber]:
    """Return which of the executions are open at the moment."""
    return {
        row["execution"] async for row in _QUERIES.list_open_executions(reader, executions=numbers)
    }


async def list_undiscovered(reader: Reader) -> list[tuple[ExecutionNumber, Stage]]:
    """Return the open executions whose items are not all known, without those that wait for a later time."""
    return [_numbered(row) async for row in _QUERIES.list_undiscovered(reader)]


async def list_finished(
    reader: Reader, numbers: Sequence[ExecutionNumber] | None = None
) -> list[tuple[ExecutionNumber, Stage]]:
    """Return the open executions, among `numbers` or all, that have no open item left and wait for no later time."""
    return [_numbered(row) async for row in _QUERIES.list_finished(reader, executions=numbers)]


async def end_execution(
    connection: Connection,
    number: ExecutionNumber,
    state: ExecutionState,
    reason: Reason | None,
    message: str,
) -> None:
    """Set how a locked execution ended."""
    await _QUERIES.end_execution(
        connection,
        execution=number,
        state=state.value,
        reason=reason and reason.value,
        message=clean(message),
    )


async def cover_days(connection: Connection, execution: Execution) -> None:
    """Remember that every item of the range was known; no bot covers a day, since its meeting is one item of it."""
    if execution.bot_id:
        return
    await _QUERIES.cover_days(connection, **range_of(execution))


async def note_listed(
    connection: Connection, execution: Execution, listed: Mapping[date, int]
) -> None:
    """Remember how many items the source has of each day of the range."""
    await _QUERIES.note_listed(
        connection,
        **range_of(execution),
        days=list(listed),
        counts=list(listed.values()),
    )


async def list_covered_days(reader: Reader, execution: Execution) -> set[date]:
    """Return the days of the range that the stage covered before."""
    return {row["day"] async for row in _QUERIES.list_covered_days(reader, **range_of(execution))}


async def end_discovery(connection: Connection, execution: Execution) -> None:
    """Note that every item of the range is known."""
    await _QUERIES.end_discovery(connection, execution=execution.number)


async def delete_executions(reader: Reader, keep: timedelta, page_size: int) -> int:
    """Delete executions, tombstones too, that ended longer ago than `keep` and have no item; return how many."""
    rows = _QUERIES.delete_executions(reader, keep=keep, page_size=page_size)
    return len([row async for row in rows])


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
        bot_id=row["bot_id"],
    )
