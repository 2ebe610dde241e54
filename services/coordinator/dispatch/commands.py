"""What happens to executions, as commands for the lanes. Decisions are the sequence's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.coordinator.commit.group import Group
from services.coordinator.commit.lanes import Lanes
from services.coordinator.state import sequence
from services.coordinator.state.actors import COORDINATOR
from services.coordinator.state.bot import BotId
from services.coordinator.state.domain import (
    Execution,
)
from services.coordinator.state.sequence import NextNumber
from services.coordinator.state.tenant import (
    Subject,
    Tenant,
)
from services.coordinator.wire.reports import end_progress
from services.status.domain import ExecutionNumber, ExecutionState, Owner, Reason

Decide = Callable[[Tenant, Execution, Group], list[Subject]]
"""A step of the sequence: changes the execution and returns what it touched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnExecution:
    """Something that happens to an execution."""

    owner: Owner
    number: ExecutionNumber
    decide: Decide
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
            group.note(tenant, touched, execution.topic, COORDINATOR)


class LaneExecutionChanges:
    """Implements ExecutionChanges through the lanes."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    async def dispatched(self, owner: Owner, number: ExecutionNumber) -> None:
        await self._happen(owner, number, lambda _, e, __: sequence.dispatched(e))

    async def unreachable(self, owner: Owner, number: ExecutionNumber) -> None:
        await self._happen(owner, number, lambda _, e, __: sequence.unreachable(e))

    async def stalled(self, owner: Owner, number: ExecutionNumber) -> None:
        await self._happen(owner, number, lambda _, e, __: sequence.stalled(e))

    async def cancelled(self, owner: Owner, number: ExecutionNumber, progress: bytes = b"") -> None:
        def decide(tenant: Tenant, execution: Execution, group: Group) -> list[Subject]:
            if execution.state is ExecutionState.CANCELLING:
                end_progress(execution, progress)
            return sequence.cancelled(tenant, execution, group.now)

        await self._happen(owner, number, decide)

    async def fail(
        self, owner: Owner, number: ExecutionNumber, reason: Reason, message: str
    ) -> None:
        def decide(tenant: Tenant, execution: Execution, group: Group) -> list[Subject]:
            if execution.state.ended:
                return []
            end_progress(execution)
            group.stop(execution)
            return sequence.fail_execution(tenant, execution, reason, message, group.now)

        await self._happen(owner, number, decide)

    async def _happen(self, owner: Owner, number: ExecutionNumber, decide: Decide) -> None:
        await self._lanes.ask(OnExecution(owner=owner, number=number, decide=decide))
