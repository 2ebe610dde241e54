"""What goes through a lane: the reports of a message, or a command; and how each is applied to the rows in memory."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from potok.coordinator.wire.v1 import raw_report_pb2

from services.coordinator import wire
from services.coordinator.domain import Execution, Tenant
from services.coordinator.group import Group
from services.coordinator.sequence import (
    DayReport,
    Verdict,
    note_progress,
    take_day,
    take_progress,
    take_report,
)
from services.kernel.errors import DomainError
from services.status.domain import ExecutionNumber, ExecutionState, Owner
from services.status.mapping import EXECUTION_STATE_FROM_PB, EXECUTION_STATE_TO_PB

NextNumber = Callable[[], ExecutionNumber]

_RUNNING = EXECUTION_STATE_TO_PB[ExecutionState.RUNNING]


class Rejection(NamedTuple):
    """The verdict on a report that was not applied."""

    execution: ExecutionNumber
    sequence: int
    verdict: Verdict


@dataclass(slots=True, eq=False)
class Batch:
    """The reports of one message: settled when every lane has committed its part."""

    number: int
    open: int
    settled: asyncio.Future[None]
    rejections: list[Rejection] = field(default_factory=list)

    def settle(self, count: int, rejections: Iterable[Rejection]) -> None:
        """Note that `count` reports are durable, all but `rejections` applied."""
        self.open -= count
        self.rejections.extend(rejections)
        if self.open == 0 and not self.settled.done():
            self.settled.set_result(None)


class Reported(NamedTuple):
    """One report, decoded as far as most need."""

    owner: Owner
    raw: raw_report_pb2.RawReport
    days: list[DayReport]


@dataclass(slots=True, eq=False)
class Part:
    """The reports of one message that belong to one lane."""

    batch: Batch
    reports: list[Reported]
    rejections: list[Rejection] = field(default_factory=list)
    """As of the last try to commit it."""


class Command(Protocol):
    """A change that somebody or a timer wants; `apply` runs again when its group failed."""

    @property
    def owner(self) -> Owner:
        """Whose rows it needs."""

    @property
    def executions(self) -> Sequence[ExecutionNumber]:
        """Executions it needs beside those under way."""

    @property
    def days(self) -> Sequence[str]:
        """Ledger days it needs."""

    @property
    def numbers(self) -> int:
        """How many new execution numbers it may use."""

    def apply(self, tenant: Tenant, group: Group, next_number: NextNumber) -> object:
        """Change the tenant, note it in the group, return the answer; raises DomainError to refuse."""


@dataclass(slots=True, eq=False)
class Asked:
    """A command and who waits for its answer."""

    command: Command
    answer: asyncio.Future[object]
    outcome: object = None
    """As of the last try to commit it."""


Change = Part | Asked


@dataclass(slots=True)
class Needs:
    """What a group of changes needs in memory before it is applied."""

    owners: set[Owner] = field(default_factory=set)
    executions: set[ExecutionNumber] = field(default_factory=set)
    days: dict[Owner, set[str]] = field(default_factory=dict)
    numbers: int = 0
    ending: list[tuple[Owner, ExecutionNumber]] = field(default_factory=list)
    """Executions that end: their whole range is needed."""


def needs(changes: Iterable[Change], tenants: Mapping[Owner, Tenant]) -> Needs:
    """Return what `tenants` lacks for the changes."""
    found = Needs()
    for change in changes:
        if isinstance(change, Part):
            for owner, raw, days in change.reports:
                _need(found, tenants, owner, (raw.execution,), [day.day for day in days])
                if raw.state != _RUNNING:
                    found.numbers += 1
                    found.ending.append((owner, ExecutionNumber(raw.execution)))
        else:
            command = change.command
            _need(found, tenants, command.owner, command.executions, command.days)
            found.numbers += command.numbers
    return found


def _need(
    found: Needs,
    tenants: Mapping[Owner, Tenant],
    owner: Owner,
    executions: Iterable[int],
    days: Iterable[str],
) -> None:
    tenant = tenants.get(owner)
    if tenant is None:
        found.owners.add(owner)
        found.executions.update(map(ExecutionNumber, executions))
        found.days.setdefault(owner, set()).update(days)
        return
    for number in executions:
        if number not in tenant.executions:
            found.executions.add(ExecutionNumber(number))
    for day in days:
        if day not in tenant.loaded_days:
            found.days.setdefault(owner, set()).add(day)


def need_ranges(found: Needs, tenants: Mapping[Owner, Tenant]) -> None:
    """Add the ledger days that ending executions need; their runs must be in memory."""
    for owner, number in found.ending:
        tenant = tenants[owner]
        run = tenant.runs[tenant.executions[number].run_id]
        _need(found, tenants, owner, (), [day.isoformat() for day in run.range.days])


def apply(
    changes: Sequence[Change],
    tenants: Mapping[Owner, Tenant],
    group: Group,
    next_number: NextNumber,
) -> None:
    """Apply the changes in their order."""
    last = {
        raw.execution: raw
        for change in changes
        if isinstance(change, Part)
        for _, raw, _ in change.reports
    }
    for change in changes:
        if isinstance(change, Part):
            change.rejections = []
            for report in change.reports:
                tenant = tenants[report.owner]
                rejection = _take(report, tenant, group, next_number, last)
                if rejection is not None:
                    change.rejections.append(rejection)
        else:
            try:
                change.outcome = change.command.apply(
                    tenants[change.command.owner], group, next_number
                )
            except DomainError as refusal:
                change.outcome = refusal


def _take(
    report: Reported,
    tenant: Tenant,
    group: Group,
    next_number: NextNumber,
    last: Mapping[int, raw_report_pb2.RawReport],
) -> Rejection | None:
    """Apply one report. The frequent case, progress of a RUNNING execution, goes without decoding.

    Rate and counts are decoded from the last report of an execution in the group; the events before it carry the
    rate of before.
    """
    owner, raw, day_reports = report
    execution = tenant.executions[ExecutionNumber(raw.execution)]
    verdict = None
    if raw.state == _RUNNING:
        verdict = take_progress(execution, raw.sequence, raw.progress)
    if verdict is None:
        return _take_whole(report, tenant, execution, group, next_number)
    group.tenants[owner] = tenant
    group.reported.add(execution)
    changed = []
    for day_report in day_reports:
        day = tenant.day(execution.stage, day_report.day)
        group.days.add(day)
        if take_day(day, day_report):
            changed.append(day)
    if last[raw.execution] is raw:
        counts, discovered, waiting = wire.read_progress(execution.progress)
        note_progress(execution, counts, group.now, discovered=discovered, waiting=waiting)
        execution.pace = wire.pace(execution)
    if verdict is Verdict.APPLIED or changed:
        group.note_progress(tenant, execution, changed)
        return None
    return Rejection(execution.number, raw.sequence, verdict)


def _take_whole(
    report: Reported, tenant: Tenant, execution: Execution, group: Group, next_number: NextNumber
) -> Rejection | None:
    raw = report.raw
    if raw.state not in EXECUTION_STATE_FROM_PB:
        return Rejection(execution.number, raw.sequence, Verdict.ILLEGAL)
    whole = wire.read_report(raw, tuple(report.days))
    judged = take_report(tenant, execution, whole, next_number, group.now)
    if report.days or raw.sequence == execution.sequence:
        days = [tenant.day(execution.stage, day.day) for day in report.days]
        group.keep_quietly(tenant, execution, *days)
    if judged.touched:
        group.note(tenant, judged.touched, execution.run_id, execution.stage.value.lower())
    if judged.verdict is Verdict.APPLIED:
        return None
    if judged.verdict is not Verdict.DUPLICATE:
        group.rejected.append((execution, whole, judged.verdict, judged.message))
    return Rejection(execution.number, raw.sequence, judged.verdict)
