"""Ends executions that are silent, stuck, or asked to stop: nothing runs for ever."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

import structlog

from services.coordinator.dispatch.domain import Happening, OverdueExecution
from services.coordinator.dispatch.ports import ExecutionChanges, OverdueExecutions, Questions
from services.coordinator.settings import Limits
from services.status.domain import ExecutionNumber, Reason

log = structlog.get_logger()


class Watchdog:
    """Looks at the executions under way."""

    def __init__(
        self,
        executions: OverdueExecutions,
        changes: ExecutionChanges,
        questions: Questions,
        limits: Limits,
    ) -> None:
        self._executions = executions
        self._changes = changes
        self._questions = questions
        self._limits = limits
        self._asked: dict[ExecutionNumber, tuple[datetime | None, float]] = {}
        """Of those whose service answered though it is silent: since when it is, and when it was asked."""

    async def look(self) -> None:
        """End or mark every execution that is overdue."""
        overdue = await self._executions.overdue(self._limits)
        silent = [each for each in overdue if each.happening is Happening.STALLED]
        for each in overdue:
            if each.happening is not Happening.STALLED:
                await self._settle(each)
        answering = await self._answering(silent)
        for each in silent:
            if each.number not in answering:
                await self._settle(each)

    async def _answering(self, silent: Sequence[OverdueExecution]) -> set[ExecutionNumber]:
        """Return those whose service answers and has not had the time to report since it was asked.

        A service on a loaded machine is late and not silent; one that answers and still says nothing is.
        """
        loop, patience = asyncio.get_running_loop(), self._limits.silent.total_seconds()
        asked = self._asked
        new = [each for each in silent if asked.get(each.number, (0, 0))[0] != each.seen_at]
        answers = await asyncio.gather(*(self._questions.answers(each.number) for each in new))
        now, answered = loop.time(), {each.number for each in silent}
        for each, answer in zip(new, answers, strict=True):
            if answer:
                asked[each.number] = (each.seen_at, now)
            else:
                answered.discard(each.number)
        self._asked = {
            number: (seen_at, at)
            for number, (seen_at, at) in asked.items()
            if number in answered or now - at < 2 * patience
        }
        return {number for number in answered if now - asked[number][1] < patience}

    async def _settle(self, overdue: OverdueExecution) -> None:
        log.warning("overdue", execution=overdue.number, happening=overdue.happening.value)
        limits = self._limits
        match overdue.happening:
            case Happening.STALLED:
                await self._changes.stalled(overdue.owner, overdue.number)
            case Happening.CANCELLED:
                await self._changes.cancelled(overdue.owner, overdue.number)
            case Happening.SILENT:
                message = f"the service of the stage said nothing for {limits.stall_limit}"
                await self._fail(overdue, Reason.STAGE_SILENT, message)
            case Happening.UNREACHABLE:
                message = f"the service of the stage could not be reached for {limits.stall_limit}"
                await self._fail(overdue, Reason.STAGE_UNREACHABLE, message)
            case Happening.NO_PROGRESS:
                message = f"no item moved for {limits.progress_limit}"
                await self._fail(overdue, Reason.NO_PROGRESS, message)
            case Happening.WAIT_LIMIT:
                message = f"it waited for longer than {limits.wait_limit}"
                await self._fail(overdue, Reason.WAIT_LIMIT, message)
            case unknown:
                assert_never(unknown)

    async def _fail(self, overdue: OverdueExecution, reason: Reason, message: str) -> None:
        await self._changes.fail(overdue.owner, overdue.number, reason, message)
