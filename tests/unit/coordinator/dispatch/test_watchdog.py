"""What the watchdog makes of an execution whose time is over."""

import pytest

from services.coordinator.dispatch.domain import Happening, OverdueExecution
from services.coordinator.dispatch.watchdog import Watchdog
from services.coordinator.settings import Limits
from services.status.domain import ExecutionNumber, Owner, Reason

OWNER, NUMBER = Owner("client:demo"), ExecutionNumber(7)


class Executions:
    """One execution that is overdue, and what happens to it."""

    def __init__(self, happening: Happening) -> None:
        self._happening = happening
        self.happened: list[tuple[object, ...]] = []

    async def overdue(self, _limits: Limits) -> list[OverdueExecution]:
        return [OverdueExecution(owner=OWNER, number=NUMBER, happening=self._happening)]

    async def dispatched(self, owner: Owner, number: ExecutionNumber) -> None:
        self.happened.append(("dispatched", owner, number))

    async def unreachable(self, owner: Owner, number: ExecutionNumber) -> None:
        self.happened.append(("unreachable", owner, number))

    async def stalled(self, owner: Owner, number: ExecutionNumber) -> None:
        self.happened.append(("stalled", owner, number))

    async def cancelled(
        self, owner: Owner, number: ExecutionNumber, _progress: bytes = b""
    ) -> None:
        self.happened.append(("cancelled", owner, number))

    async def fail(
        self, owner: Owner, number: ExecutionNumber, reason: Reason, message: str
    ) -> None:
        self.happened.append(("fail", owner, number, reason, message))


async def what_happens(happening: Happening) -> list[tuple[object, ...]]:
    executions = Executions(happening)
    await Watchdog(executions, executions, Limits()).look()
    return executions.happened


async def test_a_silent_execution_is_stalled_before_it_is_given_up() -> None:
    assert await what_happens(Happening.STALLED) == [("stalled", OWNER, NUMBER)]


async def test_a_cancel_that_nobody_confirms_ends_the_execution() -> None:
    assert await what_happens(Happening.CANCELLED) == [("cancelled", OWNER, NUMBER)]


@pytest.mark.parametrize(
    ("happening", "reason", "message"),
    [
        (
            Happening.SILENT,
            Reason.STAGE_SILENT,
            "the service of the stage said nothing for 0:30:00",
        ),
        (
            Happening.UNREACHABLE,
            Reason.STAGE_UNREACHABLE,
            "the service of the stage could not be reached for 0:30:00",
        ),
        (Happening.NO_PROGRESS, Reason.NO_PROGRESS, "no item moved for 1:00:00"),
        (Happening.WAIT_LIMIT, Reason.WAIT_LIMIT, "it waited for longer than 1 day, 0:00:00"),
    ],
)
async def test_what_will_not_go_on_fails_with_the_reason_and_the_limit(
    happening: Happening, reason: Reason, message: str
) -> None:
    assert await what_happens(happening) == [("fail", OWNER, NUMBER, reason, message)]
