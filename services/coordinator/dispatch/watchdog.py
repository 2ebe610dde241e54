"""Ends executions that are silent, stuck, or asked to stop: nothing runs for ever."""

from typing import assert_never

import structlog

from services.coordinator.dispatch.domain import Happening, OverdueExecution
from services.coordinator.dispatch.ports import ExecutionChanges, OverdueExecutions
from services.coordinator.settings import Limits
from services.status.domain import Reason

log = structlog.get_logger()


class Watchdog:
    """Looks at the executions under way."""

    def __init__(
        self, executions: OverdueExecutions, changes: ExecutionChanges, limits: Limits
    ) -> None:
        self._executions = executions
        self._changes = changes
        self._limits = limits

    async def look(self) -> None:
        """End or mark every execution that is overdue."""
        for overdue in await self._executions.overdue(self._limits):
            log.warning("overdue", execution=overdue.number, happening=overdue.happening.value)
            await self._settle(overdue)

    async def _settle(self, overdue: OverdueExecution) -> None:
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
