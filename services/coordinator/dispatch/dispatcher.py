"""Tells stage services what to run and what to stop, until they have accepted; a crash loses nothing."""

import asyncio
import contextlib
from datetime import timedelta
from typing import assert_never

import structlog

from services.coordinator.dispatch.domain import Assignment, DueDelivery
from services.coordinator.dispatch.ports import Deliveries, ExecutionChanges, StageServices
from services.coordinator.state.domain import (
    DeliveryKind,
)
from services.kernel.errors import DomainError
from services.kernel.outage import Outage
from services.kernel.postgres_errors import why_away
from services.status.domain import ExecutionNumber, ExecutionState

log = structlog.get_logger()

AT_ONCE = 16
LEASE = timedelta(seconds=15)
"""Lease of a delivery, longer than a call may take: nobody else delivers meanwhile."""
MOST_DELAY = timedelta(seconds=5)
FIRST_DELAY = timedelta(milliseconds=200)
NOW = timedelta(0)


class Dispatcher:
    """Delivers RunStage and CancelStage, at least once."""

    def __init__(
        self, deliveries: Deliveries, changes: ExecutionChanges, stages: StageServices
    ) -> None:
        self._deliveries = deliveries
        self._changes = changes
        self._stages = stages
        self._due = asyncio.Event()

    def hint(self) -> None:
        """Look at the deliveries soon."""
        self._due.set()

    async def run(self, interval: timedelta) -> None:
        """Deliver what is due until cancelled: at every hint, when the next delivery is due, and each `interval`."""
        outage = Outage("dispatch")
        while True:
            self._due.clear()
            pause = interval
            with outage.outlived():
                wait = await self._deliveries.next_delivery()
                if wait == NOW and await self._deliver_due():
                    continue
                pause = min(interval, wait or interval)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause.total_seconds()):
                    await self._due.wait()

    async def answers(self, execution: ExecutionNumber) -> bool:
        """Have a service that knows an execution report it once more; return whether it answers."""
        try:
            await self._stages.run_stage(await self._deliveries.get_assignment(execution))
        except DomainError as error:
            log.warning("no_answer", execution=execution, error=str(error))
            return False
        return True

    async def _deliver_due(self) -> int:
        due = await self._deliveries.claim_deliveries(AT_ONCE, LEASE)
        for error in await asyncio.gather(*map(self._deliver, due), return_exceptions=True):
            if isinstance(error, BaseException):
                # Its lease runs out, then it is tried again.
                if (why := why_away(error)) is not None:
                    log.warning("delivery_waits", why=why)
                else:
                    log.error("delivery_broken", exc_info=error)
        return len(due)

    async def _deliver(self, due: DueDelivery) -> None:
        number, kind = due.execution, due.kind
        assignment = await self._deliveries.get_assignment(number)
        try:
            match kind:
                case DeliveryKind.RUN:
                    await self._run_stage(assignment)
                case DeliveryKind.CANCEL:
                    await self._cancel_stage(assignment)
                case unknown:
                    assert_never(unknown)
        except DomainError as error:
            delay = min(FIRST_DELAY * 2 ** min(due.tries, 10), MOST_DELAY)
            log.warning("delivery_failed", execution=number, kind=kind.value, error=str(error))
            await self._deliveries.delay_delivery(number, kind, delay)
            if kind is DeliveryKind.RUN:
                await self._changes.unreachable(assignment.owner, number)
        else:
            await self._deliveries.drop_delivery(number, kind)

    async def _run_stage(self, assignment: Assignment) -> None:
        await self._stages.run_stage(assignment)
        await self._deliveries.heartbeat([assignment.execution])
        await self._changes.dispatched(assignment.owner, assignment.execution)

    async def _cancel_stage(self, assignment: Assignment) -> None:
        number = assignment.execution
        stopped = await self._stages.cancel_stage(assignment.stage, number)
        if stopped.state is ExecutionState.CANCELLED:
            await self._changes.cancelled(assignment.owner, number, stopped.progress)
