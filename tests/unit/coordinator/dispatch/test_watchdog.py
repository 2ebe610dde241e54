"""What the watchdog makes of an execution whose time is over."""

from datetime import datetime, timedelta

import pytest

from services.coordinator.dispatch.domain import Happening, OverdueExecution
from services.coordinator.dispatch.watchdog import Watchdog
from services.coordinator.settings import Limits
from services.status.domain import ExecutionNumber, Owner, Reason
from tests.builders.coordinator import NOON

LIMITS = Limits()
OWNER, NUMBER = Owner("client:demo"), ExecutionNumber(7)


class Executions:
    """One execution that is overdue, and what happens to it."""

    def __init__(self, happening: Happening, *answers: bool) -> None:
        self._happening = happening
        self._answers = list(answers)
        self.seen_at: datetime | None = NOON
        self.happened: list[tuple[object, ...]] = []

    async def overdue(self, _limits: Limits) -> list[OverdueExecution]:
        return [
            OverdueExecution(
                owner=OWNER, number=NUMBER, happening=self._happening, seen_at=self.seen_at
            )
        ]

    async def answers(self, execution: ExecutionNumber) -> bool:
        self.happened.append(("asked", execution))
        return self._answers.pop(0)

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


async def what_happens(
    executions: Executions, looks: int = 1, limits: Limits = LIMITS
) -> list[tuple[object, ...]]:
    watchdog = Watchdog(executions, executions, executions, limits)
    for _ in range(looks):
        await watchdog.look()
    return executions.happened


async def test_a_silent_execution_is_stalled_where_its_service_does_not_answer() -> None:
    assert await what_happens(Executions(Happening.STALLED, False)) == [
        ("asked", NUMBER),
        ("stalled", OWNER, NUMBER),
    ]


@pytest.mark.parametrize("looks", [1, 2, 9])
async def test_one_whose_service_answers_has_the_time_to_report(looks: int) -> None:
    assert await what_happens(Executions(Happening.STALLED, True), looks) == [("asked", NUMBER)]


@pytest.mark.parametrize("looks", [2, 3])
async def test_one_whose_service_answers_and_never_reports_is_stalled(looks: int) -> None:
    at_once = LIMITS.model_copy(update={"silent": timedelta(0)})
    happened = await what_happens(Executions(Happening.STALLED, True), looks, at_once)
    assert happened == [("asked", NUMBER), *[("stalled", OWNER, NUMBER)] * looks]


async def test_one_that_was_heard_of_meanwhile_is_asked_again() -> None:
    executions = Executions(Happening.STALLED, True, True)
    watchdog = Watchdog(executions, executions, executions, LIMITS)
    await watchdog.look()
    executions.seen_at = NOON + timedelta(seconds=30)
    await watchdog.look()
    assert executions.happened == [("asked", NUMBER)] * 2


async def test_one_that_was_never_heard_of_is_asked() -> None:
    executions = Executions(Happening.STALLED, True)
    executions.seen_at = None
    assert await what_happens(executions, looks=3) == [("asked", NUMBER)]


async def test_a_cancel_that_nobody_confirms_ends_the_execution() -> None:
    assert await what_happens(Executions(Happening.CANCELLED)) == [("cancelled", OWNER, NUMBER)]


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
    assert await what_happens(Executions(happening)) == [("fail", OWNER, NUMBER, reason, message)]
