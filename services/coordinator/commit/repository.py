"""The rows that the lanes change: read into memory for a group of changes, and written with it in one transaction."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import asyncpg

from services.coordinator.commit.group import Group, Remembered
from services.coordinator.commit.rows import (
    bot_from_row,
    bot_to_row,
    day_from_row,
    earlier_from_row,
    execution_from_row,
    execution_to_row,
    run_from_row,
    run_to_row,
)
from services.coordinator.state.bot import Bot, BotId
from services.coordinator.state.days import Day, DayFigures
from services.coordinator.state.domain import DeliveryKind, Execution, Run
from services.coordinator.state.pace import EARLIER_EXECUTIONS
from services.coordinator.state.tenant import EarlierExecution, Tenant
from services.kernel.postgres import (
    COMMAND_SECONDS,
    CONNECT_SECONDS,
    Connection,
    ConnectionOrPool,
    load_queries,
    session,
)
from services.status.domain import AuditEntry, ExecutionNumber, ExecutionState, Owner, RunId, Stage

_QUERIES = load_queries(__file__)

Outdated = asyncpg.SerializationError
"""Raised by `commit_group` where the rows of an owner have changed since they were read."""
Violation = asyncpg.IntegrityConstraintViolationError
"""Raised where a row breaks a constraint, because of what it holds or in a race with another replica."""
Unwritable = asyncpg.DataError
"""Raised where Postgres does not take a value."""
Refused = asyncpg.PostgresError
"""Raised where Postgres does not do what it is asked for, of which those above are cases."""


async def connect(dsn: str, *, pooled: bool) -> Connection:
    """Open a connection for a lane; `pooled` is that of `session`."""
    connection: Connection = await asyncpg.connect(
        dsn,
        timeout=CONNECT_SECONDS,
        command_timeout=COMMAND_SECONDS,
        **session(pooled=pooled, plan_cache_mode="force_generic_plan", lock_timeout="5s"),
    )
    return connection


async def load_owners(
    connection: ConnectionOrPool, owners: Collection[Owner]
) -> dict[Owner, Tenant]:
    """Read the versions of owners; must come before everything else of them is read."""
    rows = _QUERIES.load_owners(connection, owners=list(owners))
    return {
        Owner(row["owner"]): Tenant(owner=Owner(row["owner"]), version=row["version"])
        async for row in rows
    }


async def load_runs(
    connection: ConnectionOrPool,
    owners: Collection[Owner],
    executions: Collection[ExecutionNumber] = (),
) -> list[Run]:
    """Read the runs under way of `owners`, and those of `executions`."""
    rows = _QUERIES.load_runs(connection, owners=list(owners), executions=list(executions))
    return [run_from_row(row) async for row in rows]


async def list_executions(
    connection: ConnectionOrPool, run_ids: Collection[RunId]
) -> list[Execution]:
    """Read the executions of runs, in their order."""
    rows = _QUERIES.list_executions(connection, run_ids=list(run_ids))
    return [execution_from_row(row) async for row in rows]


async def load_earlier(
    connection: ConnectionOrPool, owners: Collection[Owner]
) -> list[tuple[Owner, Stage, EarlierExecution]]:
    """Read how long the last executions of owners took, the newest first."""
    rows = _QUERIES.load_earlier(
        connection,
        owners=list(owners),
        stages=[stage.value for stage in Stage],
        count=EARLIER_EXECUTIONS,
    )
    return [
        (Owner(row["owner"]), Stage(row["stage"]), earlier)
        async for row in rows
        if (earlier := earlier_from_row(row)) is not None
    ]


async def load_bots(connection: ConnectionOrPool, bot_ids: Collection[BotId]) -> list[Bot]:
    """Read bots, whosever they are."""
    rows = _QUERIES.load_bots(connection, bot_ids=list(bot_ids))
    return [bot_from_row(row) async for row in rows]


async def load_days(
    connection: ConnectionOrPool, owners: Collection[Owner], days: Collection[date]
) -> list[Day]:
    """Read ledger days, all stages."""
    rows = _QUERIES.load_days(connection, owners=list(owners), days=list(days))
    return [day_from_row(row) async for row in rows]


async def owners_of(
    connection: ConnectionOrPool, executions: Collection[ExecutionNumber]
) -> Mapping[ExecutionNumber, Owner]:
    """Return whose executions these are; unknown ones are left out."""
    rows = _QUERIES.owners_of(connection, executions=list(executions))
    return {ExecutionNumber(row["execution"]): Owner(row["owner"]) async for row in rows}


async def draw_numbers(connection: ConnectionOrPool, count: int) -> list[ExecutionNumber]:
    """Draw numbers for new executions."""
    rows = _QUERIES.draw_numbers(connection, count=count)
    return [ExecutionNumber(row["number"]) async for row in rows]


async def heartbeat(
    connection: ConnectionOrPool, executions: Collection[int], least: timedelta
) -> None:
    """Note that executions were heard of now; one that was within `least` is not written again."""
    await _QUERIES.heartbeat(connection, executions=list(executions), least=least)


async def add_delivery(
    connection: ConnectionOrPool, execution: ExecutionNumber, kind: DeliveryKind
) -> None:
    """Have a stage service told."""
    await _QUERIES.add_delivery(connection, execution=execution, kind=kind.value)


async def drop_delivery(
    connection: ConnectionOrPool, execution: ExecutionNumber, kind: DeliveryKind
) -> None:
    """Have a stage service told no longer."""
    await _QUERIES.drop_delivery(connection, execution=execution, kind=kind.value)


async def commit_group(connection: Connection, group: Group) -> int:
    """Write the group; returns the revision of its last entry.

    Raises Outdated where an owner has changed since it was read.
    """
    if group.only_progress:
        return await _commit_group(connection, group)
    async with connection.transaction():
        await _write_rows(connection, group)
        return await _commit_group(connection, group)


async def _write_rows(connection: Connection, group: Group) -> None:
    """Write what a group seldom has, a statement each."""
    for run in group.runs:
        await _QUERIES.write_run(connection, **run_to_row(run))
    for execution in group.executions:
        await _QUERIES.write_execution(connection, **execution_to_row(execution))
    for bot in group.bots:
        await _write_bot(connection, bot)
    if group.forgotten:
        await _QUERIES.delete_bots(connection, bot_ids=group.forgotten)
    for delivery in group.deliveries:
        change = add_delivery if delivery.add else drop_delivery
        await change(connection, delivery.execution, delivery.kind)
    for request in group.requests:
        await _insert_request(connection, request)
    if group.rejected:
        await _insert_rejected_reports(connection, group)
    if group.audit:
        await insert_audit_entries(connection, group.audit)


async def _write_bot(connection: Connection, bot: Bot) -> None:
    """Write the row of a bot; raises Violation where another owner has a bot of that id."""
    row = bot_to_row(bot)
    if bot.stored:
        await _QUERIES.update_bot(connection, **row)
        return
    await _QUERIES.insert_bot(connection, owner=bot.owner, created_at=bot.created_at, **row)
    bot.stored = True


async def _insert_request(connection: Connection, request: Remembered) -> None:
    await _QUERIES.insert_request(
        connection,
        caller=request.caller,
        method=request.method,
        request_id=request.request_id,
        parameters=request.parameters,
        run_id=request.run_id,
    )


async def insert_audit_entries(
    connection: ConnectionOrPool, entries: Collection[AuditEntry]
) -> None:
    """Keep what people did, in the transaction of what it changed."""
    await _QUERIES.insert_audit_entries(
        connection,
        owners=[entry.owner for entry in entries],
        actors=[entry.actor for entry in entries],
        actions=[entry.action.value for entry in entries],
        subjects=[entry.subject for entry in entries],
        details=[entry.detail for entry in entries],
        at=[entry.at for entry in entries],
    )


async def insert_unknown_reports(
    connection: ConnectionOrPool, reports: Collection[tuple[ExecutionNumber, int, ExecutionState]]
) -> None:
    """Keep reports of executions that nobody knows."""
    await _QUERIES.insert_unknown_reports(
        connection,
        executions=[execution for execution, _, _ in reports],
        sequences=[sequence for _, sequence, _ in reports],
        states=[state.value for _, _, state in reports],
    )


async def _insert_rejected_reports(connection: Connection, group: Group) -> None:
    rejected = group.rejected
    await _QUERIES.insert_rejected_reports(
        connection,
        run_ids=[one.execution.run_id for one in rejected],
        owners=[one.execution.owner for one in rejected],
        executions=[one.execution.number for one in rejected],
        sequences=[one.report.sequence for one in rejected],
        states=[one.report.state.value for one in rejected],
        verdicts=[one.verdict.value for one in rejected],
        messages=[one.message for one in rejected],
    )


async def _commit_group(connection: Connection, group: Group) -> int:
    tenants = sorted(group.tenants.values(), key=lambda tenant: tenant.owner)
    reported = list(group.reported - group.executions)
    days, entries = list(group.days), group.entries
    # In the order in which the statement names them first.
    revision: Any = await connection.fetchval(
        _QUERIES.commit_group.sql,
        _texts([t.owner for t in tenants]),
        _numbers([t.version for t in tenants]),
        _numbers([e.number for e in reported]),
        _texts([e.state.value for e in reported]),
        _numbers([e.sequence for e in reported]),
        [e.progress for e in reported],
        [e.waiting for e in reported],
        [e.items_per_second for e in reported],
        [e.progressed_at for e in reported],
        [e.reported_at for e in reported],
        [e.expected_end_at for e in reported],
        [e.run_expected_end_at for e in reported],
        _texts([d.owner for d in days]),
        _texts([d.stage.value for d in days]),
        _texts([d.day for d in days]),
        _numbers([d.version for d in days]),
        _numbers([d.seen_version for d in days]),
        *(_numbers(column) for column in _columns([d.figures for d in days])),
        [d.covered_at for d in days],
        [e.body for e in entries],
        group.now,
        _texts([e.owner for e in entries]),
        _texts([e.topic for e in entries]),
        _texts([e.actor for e in entries]),
    )
    for tenant in tenants:
        tenant.version += 1
    return int(revision)


def _texts(values: Sequence[str]) -> str:
    """Join texts as the statement splits them; owners, topics, actors, states and days hold no control characters."""
    return "\x1f".join(values)


def _numbers(values: Iterable[int]) -> str:
    """Write numbers as an array literal of Postgres."""
    return "{" + ",".join(map(str, values)) + "}"


def _columns(figures: Sequence[DayFigures]) -> Iterable[Sequence[int]]:
    return zip(*figures, strict=True) if figures else ((),) * len(DayFigures._fields)
