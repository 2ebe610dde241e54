"""What goes through a lane: the reports of a message, or a command; and how each is applied to the rows in memory."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from services.coordinator.commit.group import ACTORS, Group, KeptRejection
from services.coordinator.state.bot import BotId
from services.coordinator.state.domain import Execution
from services.coordinator.state.pace import update_rate
from services.coordinator.state.reports import Verdict
from services.coordinator.state.sequence import NextNumber, take_day, take_progress, take_report
from services.coordinator.state.tenant import Tenant
from services.coordinator.wire.events import update_pace
from services.coordinator.wire.reports import RawReport, Rejection, read_progress, read_report
from services.kernel.errors import DomainError
from services.status.domain import ExecutionNumber, ExecutionState, Owner
from services.status.mapping import EXECUTION_STATE_FROM_PB, EXECUTION_STATE_TO_PB

_RUNNING = EXECUTION_STATE_TO_PB[ExecutionState.RUNNING]


@dataclass(slots=True, eq=False)
class Batch:
    """The reports of one message, settled when every lane has committed its part; `open` are not durable yet."""

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
    """One report and whose execution it is about."""

    owner: Owner
    raw: RawReport


@dataclass(slots=True, eq=False)
class Part:
    """The reports of one message that belong to one lane."""

    batch: Batch
    reports: list[Reported]
    size: int
    """Bytes, roughly: its share of the message by its number of reports."""
    rejections: list[Rejection] = field(default_factory=list)
    """Those of the last try to commit it: a group that failed is applied again."""

    def reject(self, raw: RawReport, verdict: Verdict) -> None:
        """Note the verdict on a report that is not applied."""
        self.rejections.append(Rejection(raw.execution, raw.sequence, verdict))


class Command(Protocol):
    """A change that a caller or a timer asks for; `apply` runs again when its group failed."""

    @property
    def owner(self) -> Owner:
        """Whose rows it needs."""

    @property
    def executions(self) -> Sequence[ExecutionNumber]:
        """Executions it needs beside those under way, with the days of their runs, since it may end them."""

    @property
    def days(self) -> Sequence[str]:
        """Ledger days it needs."""

    @property
    def bots(self) -> Sequence[BotId]:
        """Bots it needs beside those of runs under way."""

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
    """The answer or the refusal of the last try to commit it."""


Change = Part | Asked


def apply(
    changes: Sequence[Change],
    tenants: Mapping[Owner, Tenant],
    group: Group,
    next_number: NextNumber,
) -> None:
    """Apply the changes in their order."""
    last = _last_progress(changes)
    for change in changes:
        if isinstance(change, Part):
            change.rejections = []
            for owner, raw in change.reports:
                tenant = tenants[owner]
                if raw.state == _RUNNING:
                    execution = tenant.executions[raw.execution]
                    if execution.state is ExecutionState.RUNNING:
                        is_last = id(raw) in last
                        verdict = _take_progress(raw, tenant, execution, group, is_last=is_last)
                        if verdict is not Verdict.APPLIED:
                            change.reject(raw, verdict)
                        continue
                verdict = _take_whole(raw, tenant, group, next_number)
                if verdict is not Verdict.APPLIED:
                    change.reject(raw, verdict)
        else:
            try:
                change.outcome = change.command.apply(
                    tenants[change.command.owner], group, next_number
                )
            except DomainError as refusal:
                change.outcome = refusal


def _last_progress(changes: Sequence[Change]) -> set[int]:
    """Return, by identity, the last reports of progress before each change of another kind, and before the end."""
    last: set[int] = set()
    known: set[ExecutionNumber] = set()
    for change in reversed(changes):
        if isinstance(change, Part):
            for _, raw in reversed(change.reports):
                if raw.state != _RUNNING:
                    known.discard(raw.execution)
                elif raw.execution not in known:
                    known.add(raw.execution)
                    last.add(id(raw))
        else:
            known.clear()  # it may touch any of them
    return last


def _take_progress(
    raw: RawReport, tenant: Tenant, execution: Execution, group: Group, *, is_last: bool
) -> Verdict:
    """Apply progress of a RUNNING execution, the frequent case, without decoding it.

    Rate and counts are decoded once, at the last report of an execution before anything else happens in the group;
    the events before it carry the rate of before.
    """
    verdict = take_progress(execution, raw.sequence, raw.progress)
    group.tenants[tenant.owner] = tenant
    group.reported.add(execution)
    changed = []
    for report in raw.days:
        day = tenant.day(execution.stage, report.day)
        group.days.add(day)
        if take_day(day, report):
            changed.append(day)
    told = bool(changed) or verdict is Verdict.APPLIED
    news = told
    if is_last:
        counts, discovered, waiting, details = read_progress(execution.progress)
        # One before it in the group was applied: its event could not say what is expected by now.
        news = told or (counts, discovered) != (execution.counts, execution.discovered)
        if news:
            update_rate(
                tenant,
                execution,
                counts,
                group.now,
                discovered=discovered,
                waiting=waiting,
                details=details,
            )
            update_pace(execution)
    if news:
        group.add_progress(tenant, execution, changed)
    return Verdict.APPLIED if told else verdict


def _take_whole(raw: RawReport, tenant: Tenant, group: Group, next_number: NextNumber) -> Verdict:
    if raw.state not in EXECUTION_STATE_FROM_PB:
        return Verdict.ILLEGAL
    execution = tenant.executions[raw.execution]
    report = read_report(raw)
    judged = take_report(tenant, execution, report, next_number, group.now)
    if raw.days or raw.sequence == execution.sequence:
        days = [tenant.day(execution.stage, day.day) for day in raw.days]
        group.keep_quietly(tenant, execution, *days)
    if judged.touched:
        group.note(tenant, judged.touched, execution.topic, ACTORS[execution.stage])
    if judged.verdict in (Verdict.STALE, Verdict.ILLEGAL):
        group.rejected.append(KeptRejection(execution, report, judged.verdict, judged.message))
    return judged.verdict
