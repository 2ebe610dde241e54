"""The changes that callers and timers want, as commands for the lanes. Decisions are the sequence's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.coordinator.commit.group import Group, Remembered
from services.coordinator.commit.lanes import Lanes
from services.coordinator.state import order, sequence
from services.coordinator.state.bot import BotId
from services.coordinator.state.domain import AcceptedStart, Execution, Start, Subject, Tenant
from services.coordinator.state.sequence import NextNumber
from services.status.domain import ExecutionNumber, Owner, Reason, RunId

COORDINATOR = "coordinator"
"""The actor of what timers and the dispatcher do."""


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
        touched = sequence.cancel_run(tenant, run, group.now) if run else []
        if run and touched:
            group.note(tenant, touched, run.subject, self.actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnExecution:
    """Something that happens to an execution; `decide` is one of the sequence's steps."""

    owner: Owner
    number: ExecutionNumber
    decide: Callable[[Tenant, Execution, Group], list[Subject]]
    days: Sequence[str] = ()
    bots: Sequence[BotId] = ()
    numbers: int = 0

    @property
    def executions(self) -> Sequence[ExecutionNumber]:
        return (self.number,)

    def apply(self, tenant: Tenant, group: Group, next_number: NextNumber) -> None:  # noqa: ARG002
        execution = tenant.executions[self.number]
        touched = self.decide(tenant, execution, group)
        if touched:
            group.note(tenant, touched, execution.subject, COORDINATOR)


class LaneChanges:
    """Implements Changes, and what dispatcher and watchdog need, through the lanes."""

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

    async def dispatched(self, owner: Owner, number: ExecutionNumber) -> None:
        """Note that the service has stored the execution."""
        await self._happen(owner, number, lambda _, e, __: sequence.dispatched(e))

    async def unreachable(self, owner: Owner, number: ExecutionNumber) -> None:
        """Note that the service does not answer."""
        await self._happen(owner, number, lambda _, e, __: sequence.unreachable(e))

    async def stalled(self, owner: Owner, number: ExecutionNumber) -> None:
        """Note that the service has fallen silent."""
        await self._happen(owner, number, lambda _, e, __: sequence.stalled(e))

    async def cancelled(self, owner: Owner, number: ExecutionNumber) -> None:
        """End an execution that was asked to stop."""
        await self._happen(owner, number, lambda t, e, g: sequence.cancelled(t, e, g.now))

    async def fail(
        self, owner: Owner, number: ExecutionNumber, reason: Reason, message: str
    ) -> None:
        """End an execution that is given up on; its service is told until it accepts."""

        def decide(tenant: Tenant, execution: Execution, group: Group) -> list[Subject]:
            touched = sequence.fail_execution(tenant, execution, reason, message, group.now)
            if touched:
                group.stop(execution)
            return touched

        await self._happen(owner, number, decide)

    async def _happen(
        self,
        owner: Owner,
        number: ExecutionNumber,
        decide: Callable[[Tenant, Execution, Group], list[Subject]],
    ) -> None:
        await self._lanes.ask(OnExecution(owner=owner, number=number, decide=decide))
