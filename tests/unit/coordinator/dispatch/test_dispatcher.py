"""What the dispatcher tells the services of the stages, and what becomes of a delivery."""

import asyncio
import contextlib
from collections.abc import Collection
from datetime import date, timedelta

from services.coordinator.dispatch.dispatcher import FIRST_DELAY, MOST_DELAY, Dispatcher
from services.coordinator.dispatch.domain import Assignment, DueDelivery, Stopped
from services.coordinator.state.domain import (
    DeliveryKind,
)
from services.kernel.errors import UpstreamUnavailable
from services.status.domain import (
    DateRange,
    ExecutionNumber,
    ExecutionState,
    Owner,
    Reason,
    RunId,
    RunMode,
    Stage,
)
from tests.builders.coordinator import a_client

OWNER, NUMBER = Owner("client:demo"), ExecutionNumber(7)


class World:
    """One due delivery, the service it is for, and what happens."""

    def __init__(
        self, kind: DeliveryKind, tries: int = 1, state: ExecutionState | None = None
    ) -> None:
        self._due = [DueDelivery(execution=NUMBER, kind=kind, tries=tries)]
        self._state = state
        self.reachable = True
        self.happened: list[str] = []
        self.delay: timedelta | None = None
        self.settled = asyncio.Event()

    async def claim_deliveries(self, _count: int, _lease: timedelta) -> list[DueDelivery]:
        due, self._due = self._due, []
        return due

    async def next_delivery(self) -> timedelta | None:
        return timedelta(0) if self._due else None

    async def get_assignment(self, execution: ExecutionNumber) -> Assignment:
        return Assignment(
            execution=execution,
            run_id=RunId("r"),
            owner=OWNER,
            stage=Stage.CALL_SYNC,
            mode=RunMode.PENDING,
            range=DateRange(start=date(2026, 11, 20), end=date(2026, 11, 20)),
            settings=a_client().settings,
            bot_id="",
        )

    async def delay_delivery(
        self, _execution: ExecutionNumber, _kind: DeliveryKind, delay: timedelta
    ) -> None:
        self.delay = delay
        self.happened.append("delayed")
        self.settled.set()

    async def drop_delivery(self, _execution: ExecutionNumber, _kind: DeliveryKind) -> None:
        self.happened.append("dropped")
        self.settled.set()

    async def heartbeat(self, _executions: Collection[ExecutionNumber]) -> None:
        self.happened.append("seen alive")

    async def run_stage(self, _assignment: Assignment) -> None:
        self._reach()
        self.happened.append("told to run")

    async def cancel_stage(self, _stage: Stage, _execution: ExecutionNumber) -> Stopped:
        self._reach()
        self.happened.append("told to stop")
        return Stopped(state=self._state, progress=b"")

    def _reach(self) -> None:
        if not self.reachable:
            raise UpstreamUnavailable("the service is away")

    async def dispatched(self, _owner: Owner, _number: ExecutionNumber) -> None:
        self.happened.append("dispatched")

    async def unreachable(self, _owner: Owner, _number: ExecutionNumber) -> None:
        self.happened.append("unreachable")

    async def stalled(self, _owner: Owner, _number: ExecutionNumber) -> None:
        self.happened.append("stalled")

    async def cancelled(
        self, _owner: Owner, _number: ExecutionNumber, _progress: bytes = b""
    ) -> None:
        self.happened.append("cancelled")

    async def fail(
        self, _owner: Owner, _number: ExecutionNumber, _reason: Reason, _message: str
    ) -> None:
        self.happened.append("failed")


async def deliver(world: World) -> list[str]:
    """Run a dispatcher until the delivery of the world is settled."""
    task = asyncio.create_task(Dispatcher(world, world, world).run(timedelta(milliseconds=1)))
    async with asyncio.timeout(10):
        await world.settled.wait()
        await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return world.happened


async def test_an_accepted_run_is_told_once_and_dispatched() -> None:
    happened = await deliver(World(DeliveryKind.RUN))

    assert happened == ["told to run", "seen alive", "dispatched", "dropped"]


async def test_a_service_that_is_away_is_tried_again_and_said_to_be() -> None:
    world = World(DeliveryKind.RUN)
    world.reachable = False

    assert await deliver(world) == ["delayed", "unreachable"]
    assert world.delay == 2 * FIRST_DELAY


async def test_tries_lie_no_further_apart_than_the_longest_delay() -> None:
    world = World(DeliveryKind.CANCEL, tries=1_000)
    world.reachable = False

    assert await deliver(world) == ["delayed"]
    assert world.delay == MOST_DELAY


async def test_a_cancel_that_is_confirmed_at_once_ends_the_execution() -> None:
    world = World(DeliveryKind.CANCEL, state=ExecutionState.CANCELLED)

    assert await deliver(world) == ["told to stop", "cancelled", "dropped"]


async def test_a_cancel_of_what_ended_otherwise_waits_for_its_report() -> None:
    world = World(DeliveryKind.CANCEL, state=ExecutionState.SUCCEEDED)

    assert await deliver(world) == ["told to stop", "dropped"]
