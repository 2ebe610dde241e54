"""What callers change of runs, as commands for the lanes. Decisions are the sequence's."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.coordinator.commit.group import Group, Remembered
from services.coordinator.commit.lanes import Lanes
from services.coordinator.state import order, sequence
from services.coordinator.state.bot import BotId
from services.coordinator.state.domain import (
    AcceptedStart,
    Run,
    Start,
)
from services.coordinator.state.sequence import NextNumber
from services.coordinator.state.tenant import (
    Tenant,
)
from services.status.domain import AuditAction, ExecutionNumber, Owner, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRun:
    """Begin a run. Repeatable: after a commit of unknown outcome it finds its own run."""

    start: Start
    accepted: AcceptedStart
    method: str
    request_id: str
    executions: Sequence[ExecutionNumber] = ()
    bots: Sequence[BotId] = ()
    numbers: int = 1

    @property
    def owner(self) -> Owner:
        return self.start.client.owner

    @property
    def days(self) -> Sequence[str]:
        first, _ = order.consecutive(self.start.stages)
        if order.stage_before(first) is None:
            return ()
        return [day.isoformat() for day in self.start.range.days]

    def apply(self, tenant: Tenant, group: Group, next_number: NextNumber) -> None:
        run_id = self.accepted.run_id
        if run_id in tenant.runs:
            return
        run, touched = sequence.start_run(tenant, self.start, run_id, next_number(), group.now)
        group.note(tenant, touched, run.run_id, self.start.actor)
        group.note_done(run.owner, run.actor, *_what_was_started(run))
        if self.request_id:
            group.requests.append(
                Remembered(
                    caller=self.start.actor,
                    method=self.method,
                    request_id=self.request_id,
                    parameters=self.accepted.parameters,
                    run_id=run_id,
                )
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRun:
    """Ask the run under way to stop, if it is still this one."""

    owner: Owner
    run_id: RunId
    actor: str
    executions: Sequence[ExecutionNumber] = ()
    days: Sequence[str] = ()
    bots: Sequence[BotId] = ()
    numbers: int = 0

    def apply(self, tenant: Tenant, group: Group, next_number: NextNumber) -> None:  # noqa: ARG002
        run = tenant.runs.get(self.run_id)
        touched = sequence.cancel_run(tenant, run, self.actor, group.now) if run else []
        if run and touched:
            group.note(tenant, touched, run.topic, self.actor)
            group.note_done(
                run.owner, self.actor, AuditAction.CANCEL_RUN, run.run_id, f"in {run.stage.value}"
            )


def _what_was_started(run: Run) -> tuple[AuditAction, str, str]:
    """Return what is kept of a start: the action, the run, and what it does."""
    first, last = run.first_stage.value, run.last_stage.value
    detail = f"{run.range.start} to {run.range.end}, {first}" + (
        f" to {last}" if last != first else ""
    )
    if run.retry_of:
        return AuditAction.RETRY_RUN, run.run_id, f"{detail}, of run {run.retry_of}"
    return AuditAction.START_RUN, run.run_id, f"{detail}, mode {run.mode.value}"


class LaneRunChanges:
    """Implements RunChanges through the lanes."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    async def start_run(
        self, start: Start, accepted: AcceptedStart, method: str, request_id: str
    ) -> None:
        await self._lanes.ask(
            StartRun(start=start, accepted=accepted, method=method, request_id=request_id)
        )

    async def cancel_run(self, owner: Owner, run_id: RunId, actor: str) -> None:
        await self._lanes.ask(CancelRun(owner=owner, run_id=run_id, actor=actor))
