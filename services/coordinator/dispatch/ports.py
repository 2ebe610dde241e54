"""What the dispatcher and the watchdog need from the outside."""

from collections.abc import Collection
from datetime import timedelta
from typing import Protocol

from services.coordinator.dispatch.domain import (
    Assignment,
    DueDelivery,
    OverdueExecution,
    Stopped,
)
from services.coordinator.settings import Limits
from services.coordinator.state.domain import (
    DeliveryKind,
)
from services.status.domain import ExecutionNumber, Owner, Reason, Stage


class Deliveries(Protocol):
    """What services still have to be told."""

    async def claim_deliveries(self, count: int, lease: timedelta) -> list[DueDelivery]:
        """Take what is due, so that no other replica takes it before the lease has run out."""

    async def next_delivery(self) -> timedelta | None:
        """Return how long it is until the next delivery is due; None without one."""

    async def get_assignment(self, execution: ExecutionNumber) -> Assignment: ...

    async def delay_delivery(
        self, execution: ExecutionNumber, kind: DeliveryKind, delay: timedelta
    ) -> None: ...

    async def drop_delivery(self, execution: ExecutionNumber, kind: DeliveryKind) -> None: ...

    async def heartbeat(self, executions: Collection[ExecutionNumber]) -> None:
        """Note that the services of the executions were heard of now."""


class OverdueExecutions(Protocol):
    """The executions under way, by the time of the database."""

    async def overdue(self, limits: Limits) -> list[OverdueExecution]:
        """Return the executions that something must happen to; none while another replica looks."""


class Questions(Protocol):
    """What a service is asked out of turn."""

    async def answers(self, execution: ExecutionNumber) -> bool:
        """Have a service that knows an execution report it once more; return whether it answers."""


class ExecutionChanges(Protocol):
    """What happens to executions: decided by the sequence, durable when these return."""

    async def dispatched(self, owner: Owner, number: ExecutionNumber) -> None:
        """Note that the service has stored the execution."""

    async def unreachable(self, owner: Owner, number: ExecutionNumber) -> None:
        """Note that the service does not answer."""

    async def stalled(self, owner: Owner, number: ExecutionNumber) -> None:
        """Note that the service has fallen silent."""

    async def cancelled(self, owner: Owner, number: ExecutionNumber, progress: bytes = b"") -> None:
        """End an execution that was asked to stop, with the figures its service named where it did."""

    async def fail(
        self, owner: Owner, number: ExecutionNumber, reason: Reason, message: str
    ) -> None:
        """End an execution that is given up on; its service is told until it accepts."""


class StageServices(Protocol):
    """The services of the stages; these raise DomainError where one did not accept."""

    async def run_stage(self, assignment: Assignment) -> None:
        """Have an execution stored, which then runs."""

    async def cancel_stage(self, stage: Stage, execution: ExecutionNumber) -> Stopped:
        """Have an execution end; returns how it did."""
