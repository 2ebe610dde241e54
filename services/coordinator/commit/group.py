"""What a group of changes touched, collected on its way into Postgres."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, assert_never

from services.coordinator.state.bot import Bot, BotId
from services.coordinator.state.days import Day
from services.coordinator.state.domain import DeliveryKind, Execution, Run
from services.coordinator.state.reports import StageReport, Verdict
from services.coordinator.state.tenant import Subject, Tenant
from services.coordinator.wire.events import event, progress_change
from services.coordinator.wire.frames import change_tail
from services.status.domain import (
    AuditAction,
    AuditEntry,
    ExecutionNumber,
    ExecutionState,
    Owner,
    RunId,
    Stage,
)

ACTORS = {stage: stage.value.lower() for stage in Stage}
"""Who reports on a stage: its service."""


class Entry(NamedTuple):
    """One change as the log holds it; `body` is a Change without its revision."""

    owner: Owner
    topic: str
    """The id of the run or bot under which the log keeps it."""
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
    """Something that a stage service has to be told, or where `add` is false has to be told no longer."""

    execution: ExecutionNumber
    kind: DeliveryKind
    add: bool


class KeptRejection(NamedTuple):
    """A report that was not applied, to be kept for the people who look after its service."""

    execution: Execution
    report: StageReport
    verdict: Verdict
    message: str


@dataclass(slots=True)
class Group:
    """Collects what a group of changes touched, encoded as each left it."""

    now: datetime
    tenants: dict[Owner, Tenant] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    reported: set[Execution] = field(default_factory=set)
    """Executions changed in nothing but what a report of a RUNNING one changes."""
    executions: set[Execution] = field(default_factory=set)
    runs: set[Run] = field(default_factory=set)
    days: set[Day] = field(default_factory=set)
    bots: set[Bot] = field(default_factory=set)
    forgotten: list[BotId] = field(default_factory=list)
    """Bots whose records are deleted."""
    deliveries: list[Delivery] = field(default_factory=list)
    requests: list[Remembered] = field(default_factory=list)
    rejected: list[KeptRejection] = field(default_factory=list)
    audit: list[AuditEntry] = field(default_factory=list)
    """What people did."""
    _tails: dict[str, bytes] = field(default_factory=dict)

    def note(self, tenant: Tenant, touched: Iterable[Subject], topic: str, actor: str) -> None:
        """Add one change: its events as the subjects are now, their rows, and what their services are told."""
        parts = []
        for subject in touched:
            parts.append(event(subject))
            self._write(subject)
            if type(subject) is Execution:
                self._tell_service(subject)
        parts.append(self._tail(actor))
        self.tenants[tenant.owner] = tenant
        self.entries.append(Entry(tenant.owner, topic, b"".join(parts), actor))

    def add_progress(self, tenant: Tenant, execution: Execution, days: list[Day]) -> None:
        """Add one report of a RUNNING execution: what `note` does, for the one change that is frequent."""
        actor = ACTORS[execution.stage]
        body = progress_change(execution, days, self._tail(actor))
        topic = execution.bot_id or execution.run_id
        self.entries.append(Entry(tenant.owner, topic, body, actor))

    def keep_quietly(self, tenant: Tenant, *subjects: Subject) -> None:
        """Write rows that nobody is told about: a sequence or version moved, the state did not."""
        self.tenants[tenant.owner] = tenant
        for subject in subjects:
            self._write(subject)

    def stop(self, execution: Execution) -> None:
        """Tell the service of the stage to stop, because the coordinator ended the execution without it."""
        self._deliver(execution, DeliveryKind.CANCEL)

    def _tail(self, actor: str) -> bytes:
        tail = self._tails.get(actor)
        if tail is None:
            tail = self._tails[actor] = change_tail(actor, self.now)
        return tail

    def _write(self, subject: Subject) -> None:
        """Write the row of a subject with the group."""
        if type(subject) is Execution:
            stored = subject.written is not None
            if stored and subject.state is ExecutionState.RUNNING:
                self.reported.add(subject)
            else:
                self.executions.add(subject)
        elif type(subject) is Day:
            self.days.add(subject)
        elif type(subject) is Bot:
            self.bots.add(subject)
        else:
            assert isinstance(subject, Run)
            self.runs.add(subject)

    def _tell_service(self, execution: Execution) -> None:
        """Add, once for each state that an execution reaches, what the service of its stage is to be told by then."""
        state, before = execution.state, execution.written
        if state is before:
            return
        execution.written = state
        match state:
            case ExecutionState.QUEUED | ExecutionState.STALLED:
                self._deliver(execution, DeliveryKind.RUN)
            case ExecutionState.CANCELLING:
                self._deliver(execution, DeliveryKind.RUN, add=False)
                self._deliver(execution, DeliveryKind.CANCEL)
            case (
                ExecutionState.SUCCEEDED
                | ExecutionState.PARTIAL
                | ExecutionState.FAILED
                | ExecutionState.CANCELLED
            ):
                self._deliver(execution, DeliveryKind.RUN, add=False)
            case ExecutionState.DISPATCHED | ExecutionState.RUNNING:
                pass
            case _:
                assert_never(state)

    def _deliver(self, execution: Execution, kind: DeliveryKind, *, add: bool = True) -> None:
        self.deliveries.append(Delivery(execution=execution.number, kind=kind, add=add))

    def forget(self, tenant: Tenant, bot_id: BotId) -> None:
        """Delete the record of a bot; replicas that know it find the owner's version changed."""
        self.tenants[tenant.owner] = tenant
        self.forgotten.append(bot_id)

    def note_done(
        self, owner: Owner, actor: str, action: AuditAction, subject: str, detail: str = ""
    ) -> None:
        """Keep for people who did what."""
        entry = AuditEntry(
            actor=actor, action=action, owner=owner, subject=subject, detail=detail, at=self.now
        )
        self.audit.append(entry)

    @property
    def empty(self) -> bool:
        """True where there is nothing to write."""
        return not (self.tenants or self.rejected)

    @property
    def only_progress(self) -> bool:
        """True where nothing but reports of RUNNING executions is to be written: one statement is enough then."""
        return not (
            self.runs
            or self.executions
            or self.bots
            or self.forgotten
            or self.deliveries
            or self.requests
            or self.rejected
            or self.audit
        )
