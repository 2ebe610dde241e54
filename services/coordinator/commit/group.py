"""One group of changes on its way into Postgres: what is read for it, what it writes, in one transaction."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import asyncpg

from services.coordinator.commit.rows import (
    bot_from_row,
    bot_to_row,
    day_from_row,
    execution_from_row,
    execution_to_row,
    run_from_row,
    run_to_row,
)
from services.coordinator.runs.repository import QUERIES
from services.coordinator.state.bot import Bot, BotId
from services.coordinator.state.domain import (
    Day,
    DayFigures,
    Execution,
    Run,
    StageReport,
    Subject,
    Tenant,
    Verdict,
)
from services.coordinator.wire.events import change_tail, event, progress_change
from services.status.domain import ExecutionNumber, ExecutionState, Owner, RunId, Stage

ACTORS = {stage: stage.value.lower() for stage in Stage}
"""Who reports on a stage: its service."""


class Entry(NamedTuple):
    """One change as the log holds it; `body` is a Change without its revision."""

    owner: Owner
    subject: str
    """The run it is about, or the bot."""
    body: bytes
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """An accepted start, so that its repeat finds the run."""

    caller: str
    method: str
    request_id: str
    parameters: str
    run_id: RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something a stage service has to be told (`add`), or no longer."""

    execution: ExecutionNumber
    kind: str
    add: bool


@dataclass(slots=True)
class Group:
    """Collects what a group of changes touched, encoded as each left it."""

    now: datetime
    tenants: dict[Owner, Tenant] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    reported: set[Execution] = field(default_factory=set)
    """Changed in nothing but what a report of a RUNNING execution changes."""
    executions: set[Execution] = field(default_factory=set)
    runs: set[Run] = field(default_factory=set)
    days: set[Day] = field(default_factory=set)
    bots: set[Bot] = field(default_factory=set)
    forgotten: list[BotId] = field(default_factory=list)
    """Bots whose records are deleted."""
    deliveries: list[Delivery] = field(default_factory=list)
    requests: list[Remembered] = field(default_factory=list)
    rejected: list[tuple[Execution, StageReport, Verdict, str]] = field(default_factory=list)
    _tails: dict[str, bytes] = field(default_factory=dict)

    def note(self, tenant: Tenant, touched: Iterable[Subject], subject: str, actor: str) -> None:
        """Add one change: its events as the subjects are now, and their rows."""
        parts = []
        for one in touched:
            parts.append(event(one))
            self.keep(one)
        parts.append(self._tail(actor))
        self.tenants[tenant.owner] = tenant
        self.entries.append(Entry(tenant.owner, subject, b"".join(parts), actor))

    def note_progress(self, tenant: Tenant, execution: Execution, days: list[Day]) -> None:
        """Add one report of a RUNNING execution: what `note` does, for the one change that is frequent."""
        actor = ACTORS[execution.stage]
        body = progress_change(execution, days, self._tail(actor))
        subject = execution.bot_id or execution.run_id
        self.entries.append(Entry(tenant.owner, subject, body, actor))

    def _tail(self, actor: str) -> bytes:
        tail = self._tails.get(actor)
        if tail is None:
            tail = self._tails[actor] = change_tail(actor, self.now)
        return tail

    def keep(self, subject: Subject) -> None:
        """Write the row of a subject with the group."""
        if type(subject) is Execution:
            if subject.state is ExecutionState.RUNNING and subject.written is not None:
                subject.written = ExecutionState.RUNNING
                self.reported.add(subject)
            else:
                self.executions.add(subject)
                self._deliver(subject)
        elif type(subject) is Day:
            self.days.add(subject)
        elif type(subject) is Bot:
            self.bots.add(subject)
        else:
            assert isinstance(subject, Run)
            self.runs.add(subject)

    def _deliver(self, execution: Execution) -> None:
        """Say what follows for the service of the stage from the state that the execution has now."""
        state, number = execution.state, execution.number
        if state is execution.written:
            return
        execution.written = state
        if state in (ExecutionState.QUEUED, ExecutionState.STALLED):
            self.deliveries.append(Delivery(execution=number, kind="RUN", add=True))
        elif state is ExecutionState.CANCELLING or state.ended:
            self.deliveries.append(Delivery(execution=number, kind="RUN", add=False))
        if state is ExecutionState.CANCELLING:
            self.deliveries.append(Delivery(execution=number, kind="CANCEL", add=True))

    def stop(self, execution: Execution) -> None:
        """Tell the service of the stage to stop, because the coordinator ended the execution without it."""
        self.deliveries.append(Delivery(execution=execution.number, kind="CANCEL", add=True))

    def keep_quietly(self, tenant: Tenant, *subjects: Subject) -> None:
        """Write rows that nobody is told about: a sequence or version moved, the state did not."""
        self.tenants[tenant.owner] = tenant
        for one in subjects:
            self.keep(one)

    def forget(self, tenant: Tenant, bot_id: BotId) -> None:
        """Delete the record of a bot; replicas that know it find the owner's version changed."""
        self.tenants[tenant.owner] = tenant
        self.forgotten.append(bot_id)

    @property
    def empty(self) -> bool:
        """True where there is nothing to write."""
        return not (self.tenants or self.rejected)


async def load_tenants(
    connection: asyncpg.Connection, owners: Collection[Owner]
) -> dict[Owner, Tenant]:
    """Read the versions of owners; must come before everything else of them is read."""
    rows = QUERIES.load_owners(connection, owners=list(owners))
    return {
        Owner(row["owner"]): Tenant(owner=Owner(row["owner"]), version=row["version"])
        async for row in rows
    }


async def load_runs(
    connection: asyncpg.Connection,
    tenants: dict[Owner, Tenant],
    owners: Collection[Owner],
    executions: Collection[ExecutionNumber],
) -> None:
    """Add the runs under way of `owners`, those of `executions`, and the bots that follow them."""
    known = {run_id for tenant in tenants.values() for run_id in tenant.runs}
    rows = QUERIES.load_runs(connection, owners=list(owners), executions=list(executions))
    fresh = []
    followers: dict[Owner, set[BotId]] = {}
    async for row in rows:
        run = run_from_row(row)
        if run.run_id in known:
            continue
        tenant = tenants[run.owner]
        tenant.runs[run.run_id] = run
        if run.ended_at is None and not run.bot_id:
            tenant.run = run
        if run.bot_id:
            followers.setdefault(run.owner, set()).add(run.bot_id)
        fresh.append(run.run_id)
    async for row in QUERIES.list_executions(connection, run_ids=fresh):
        execution = execution_from_row(row)
        tenants[execution.owner].executions[execution.number] = execution
    if followers:
        await load_bots(connection, tenants, followers)


async def load_bots(
    connection: asyncpg.Connection, tenants: dict[Owner, Tenant], bots: dict[Owner, set[BotId]]
) -> None:
    """Read bots into tenants that lack them."""
    wanted = {bot_id for named in bots.values() for bot_id in named}
    async for row in QUERIES.load_bots(connection, bot_ids=list(wanted)):
        bot = bot_from_row(row)
        if bot.bot_id in bots.get(bot.owner, ()):
            tenants[bot.owner].bots.setdefault(bot.bot_id, bot)
    for owner, named in bots.items():
        tenants[owner].loaded_bots |= named


async def load_days(
    connection: asyncpg.Connection, tenants: dict[Owner, Tenant], days: dict[Owner, set[str]]
) -> None:
    """Read ledger days, all stages, into tenants that lack them."""
    wanted = {day for named in days.values() for day in named}
    rows = QUERIES.load_days(
        connection, owners=list(days), days=[date.fromisoformat(day) for day in wanted]
    )
    async for row in rows:
        day = day_from_row(row)
        if day.day in days[day.owner]:
            tenants[day.owner].days[day.stage, day.day] = day
    for owner, named in days.items():
        tenants[owner].loaded_days |= named


async def commit(connection: asyncpg.Connection, group: Group) -> int:
    """Write the group; returns the revision of its last entry.

    Raises asyncpg's SerializationError where a tenant has changed since it was read.
    """
    structural = (
        group.runs
        or group.executions
        or group.bots
        or group.forgotten
        or group.deliveries
        or group.requests
        or group.rejected
    )
    if not structural:
        return await _commit_group(connection, group)
    async with connection.transaction():
        await _write_structure(connection, group)
        return await _commit_group(connection, group)


async def _write_structure(connection: asyncpg.Connection, group: Group) -> None:
    for run in group.runs:
        await QUERIES.write_run(connection, **run_to_row(run))
    for execution in group.executions:
        await QUERIES.write_execution(connection, **execution_to_row(execution))
    for bot in group.bots:
        await _write_bot(connection, bot)
    if group.forgotten:
        await QUERIES.delete_bots(connection, bot_ids=group.forgotten)
    for delivery in group.deliveries:
        query = QUERIES.add_delivery if delivery.add else QUERIES.drop_delivery
        await query(connection, execution=delivery.execution, kind=delivery.kind)
    for request in group.requests:
        await QUERIES.insert_request(
            connection,
            caller=request.caller,
            method=request.method,
            request_id=request.request_id,
            parameters=request.parameters,
            run_id=request.run_id,
        )
    if group.rejected:
        await QUERIES.insert_rejected_reports(
            connection,
            run_ids=[e.run_id for e, _, _, _ in group.rejected],
            owners=[e.owner for e, _, _, _ in group.rejected],
            executions=[e.number for e, _, _, _ in group.rejected],
            sequences=[r.sequence for _, r, _, _ in group.rejected],
            states=[r.state.value for _, r, _, _ in group.rejected],
            verdicts=[v.value for _, _, v, _ in group.rejected],
            messages=[m for _, _, _, m in group.rejected],
        )


async def _write_bot(connection: asyncpg.Connection, bot: Bot) -> None:
    """Write the row of a bot; raises UniqueViolationError where another owner has a bot of that id."""
    row = bot_to_row(bot)
    if bot.stored:
        await QUERIES.update_bot(connection, **row)
        return
    await QUERIES.insert_bot(connection, owner=bot.owner, created_at=bot.created_at, **row)
    bot.stored = True


async def _commit_group(connection: asyncpg.Connection, group: Group) -> int:
    tenants = sorted(group.tenants.values(), key=lambda tenant: tenant.owner)
    reported = list(group.reported - group.executions)
    days, entries = list(group.days), group.entries
    # In the order in which the statement names them first.
    revision: Any = await connection.fetchval(
        QUERIES.commit_group.sql,
        _texts([t.owner for t in tenants]),
        _numbers([t.version for t in tenants]),
        _numbers([e.number for e in reported]),
        _texts([e.state.value for e in reported]),
        _numbers([e.sequence for e in reported]),
        [e.progress for e in reported],
        [e.waiting for e in reported],
        [e.items_per_second for e in reported],
        [e.progressed_at for e in reported],
        _texts([d.owner for d in days]),
        _texts([d.stage.value for d in days]),
        _texts([d.day for d in days]),
        _numbers([d.version for d in days]),
        *(_numbers(column) for column in _columns([d.figures for d in days])),
        [d.covered_at for d in days],
        [e.body for e in entries],
        group.now,
        _texts([e.owner for e in entries]),
        _texts([e.subject for e in entries]),
        _texts([e.actor for e in entries]),
    )
    for tenant in tenants:
        tenant.version += 1
    return int(revision)


def _texts(values: Sequence[str]) -> str:
    """Join texts as the statement splits them; owners, subjects, actors, states and days hold no control characters."""
    return "\x1f".join(values)


def _numbers(values: Iterable[int]) -> str:
    """Write numbers as an array literal of Postgres."""
    return "{" + ",".join(map(str, values)) + "}"


def _columns(figures: Sequence[DayFigures]) -> Iterable[Sequence[int]]:
    return zip(*figures, strict=True) if figures else ((),) * len(DayFigures._fields)
