"""What a lane has to read before it can apply a group of changes: what they need and its memory lacks."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.coordinator.commit import repository
from services.coordinator.commit.changes import Change, Part
from services.coordinator.state.bot import BotId
from services.coordinator.state.tenant import Tenant
from services.kernel.postgres import Connection
from services.status.domain import ExecutionNumber, ExecutionState, Owner
from services.status.mapping import EXECUTION_STATE_TO_PB

_RUNNING = EXECUTION_STATE_TO_PB[ExecutionState.RUNNING]


@dataclass(slots=True)
class Missing:
    """What has to be read, and how many execution numbers to draw."""

    owners: set[Owner] = field(default_factory=set)
    executions: set[ExecutionNumber] = field(default_factory=set)
    days: dict[Owner, set[str]] = field(default_factory=dict)
    bots: dict[Owner, set[BotId]] = field(default_factory=dict)
    numbers: int = 0
    ending: list[tuple[Owner, ExecutionNumber]] = field(default_factory=list)
    """Executions that end, or may: their whole range is needed."""


async def load(
    connection: Connection, changes: Sequence[Change], tenants: dict[Owner, Tenant]
) -> deque[ExecutionNumber]:
    """Read into `tenants` what the changes need; returns numbers for new executions."""
    missing = find_missing(changes, tenants)
    if missing.owners:
        tenants |= await repository.load_owners(connection, missing.owners)
    if missing.owners or missing.executions:
        concerned = {o: tenants[o] for change in changes for o in owners_of_change(change)}
        await _read_runs(connection, concerned, missing)
    if missing.bots:
        await _read_bots(connection, tenants, missing.bots)
    _add_missing_ranges(missing, tenants)
    if missing.days:
        await _read_days(connection, tenants, missing.days)
    if missing.numbers:
        return deque(await repository.draw_numbers(connection, missing.numbers))
    return deque()


def find_missing(changes: Iterable[Change], tenants: Mapping[Owner, Tenant]) -> Missing:
    """Return what `tenants` lacks for the changes."""
    missing = Missing()
    for change in changes:
        if isinstance(change, Part):
            for owner, raw in change.reports:
                tenant = tenants.get(owner)
                if (
                    tenant is None
                    or raw.execution not in tenant.executions
                    or not tenant.loaded_days.issuperset([day.day for day in raw.days])
                ):
                    days = [day.day for day in raw.days]
                    _add_missing(missing, tenants, owner, (raw.execution,), days)
                if raw.state != _RUNNING:
                    missing.numbers += 1
                    missing.ending.append((owner, raw.execution))
        else:
            command = change.command
            _add_missing(missing, tenants, command.owner, command.executions, command.days)
            missing.numbers += command.numbers
            missing.ending += [(command.owner, number) for number in command.executions]
            if command.bots:
                _add_missing_bots(missing, tenants, command.owner, command.bots)
    return missing


def _add_missing(
    missing: Missing,
    tenants: Mapping[Owner, Tenant],
    owner: Owner,
    executions: Iterable[ExecutionNumber],
    days: Iterable[str],
) -> None:
    tenant = tenants.get(owner)
    if tenant is None:
        missing.owners.add(owner)
        missing.executions.update(executions)
        missing.days.setdefault(owner, set()).update(days)
        return
    for number in executions:
        if number not in tenant.executions:
            missing.executions.add(number)
    for day in days:
        if day not in tenant.loaded_days:
            missing.days.setdefault(owner, set()).add(day)


def _add_missing_bots(
    missing: Missing, tenants: Mapping[Owner, Tenant], owner: Owner, bots: Iterable[BotId]
) -> None:
    tenant = tenants.get(owner)
    unknown = set(bots) - tenant.loaded_bots if tenant else set(bots)
    if unknown:
        missing.bots.setdefault(owner, set()).update(unknown)


def _add_missing_ranges(missing: Missing, tenants: Mapping[Owner, Tenant]) -> None:
    """Add the ledger days of ending executions, whose runs must be in memory by now. Meetings have no days."""
    for owner, number in missing.ending:
        tenant = tenants[owner]
        run = tenant.runs[tenant.executions[number].run_id]
        if not run.bot_id:
            _add_missing(missing, tenants, owner, (), [day.isoformat() for day in run.range.days])


def owners_of_change(change: Change) -> Sequence[Owner]:
    """Return whose rows a change needs; a report's owner once for each report."""
    if isinstance(change, Part):
        return [report.owner for report in change.reports]
    return (change.command.owner,)


async def _read_runs(
    connection: Connection, tenants: Mapping[Owner, Tenant], missing: Missing
) -> None:
    """Read the runs under way of missing owners, those of missing executions, and the bots that follow them.

    Raises Outdated where a run in memory lacks an execution: another replica has begun it.
    """
    known = {run_id for tenant in tenants.values() for run_id in tenant.runs}
    fresh = []
    followers: dict[Owner, set[BotId]] = {}
    for run in await repository.load_runs(connection, missing.owners, missing.executions):
        if run.run_id in known:
            raise repository.Outdated(f"run {run.run_id} has gone on elsewhere")
        tenant = tenants[run.owner]
        tenant.runs[run.run_id] = run
        if run.ended_at is None and not run.bot_id:
            tenant.run = run
        if run.bot_id:
            followers.setdefault(run.owner, set()).add(run.bot_id)
        fresh.append(run.run_id)
    for execution in await repository.list_executions(connection, fresh):
        tenants[execution.owner].executions[execution.number] = execution
    if followers:
        await _read_bots(connection, tenants, followers)
    for owner, stage, earlier in await repository.load_earlier(connection, missing.owners):
        tenants[owner].earlier.setdefault(stage, []).append(earlier)


async def _read_bots(
    connection: Connection, tenants: Mapping[Owner, Tenant], bots: Mapping[Owner, set[BotId]]
) -> None:
    """Read bots into tenants that lack them; a bot of that id that another owner has is left out."""
    named = {bot_id for of_owner in bots.values() for bot_id in of_owner}
    for bot in await repository.load_bots(connection, named):
        if bot.bot_id in bots.get(bot.owner, ()):
            tenants[bot.owner].bots.setdefault(bot.bot_id, bot)
    for owner, of_owner in bots.items():
        tenants[owner].loaded_bots |= of_owner


async def _read_days(
    connection: Connection, tenants: Mapping[Owner, Tenant], days: Mapping[Owner, set[str]]
) -> None:
    """Read ledger days, all stages, into tenants that lack them."""
    named = {date.fromisoformat(day) for of_owner in days.values() for day in of_owner}
    for day in await repository.load_days(connection, days.keys(), named):
        if day.day in days[day.owner]:
            tenants[day.owner].days[day.stage, day.day] = day
    for owner, of_owner in days.items():
        tenants[owner].loaded_days |= of_owner
