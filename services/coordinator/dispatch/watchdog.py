"""Nothing for ever: ends what is silent, stuck or asked to stop, and clears away what is kept for a time only."""

from datetime import timedelta

import asyncpg
import structlog

from services.coordinator.runs.commands import LaneChanges
from services.coordinator.runs.repository import QUERIES
from services.coordinator.settings import Limits
from services.coordinator.watch.repository import compact, delete_compacted
from services.status.domain import ExecutionNumber, Owner, Reason

log = structlog.get_logger()

LOCK = 0x706F746F6B
"""Advisory lock: one replica at a time looks."""
COMPACTED_AT_ONCE = 5_000
REJECTED_REPORTS_A_RUN = 1_000


class Watchdog:
    """Looks at the executions under way by the time of the database."""

    def __init__(self, pool: asyncpg.Pool, changes: LaneChanges, limits: Limits) -> None:
        self._pool = pool
        self._changes = changes
        self._limits = limits

    async def look(self) -> None:
        """End or mark every execution that is overdue."""
        limits = self._limits
        async with self._pool.acquire() as connection, connection.transaction():
            if not await QUERIES.try_lock(connection, key=LOCK):
                return
            rows = QUERIES.overdue(
                connection,
                silent=limits.silent,
                stall_limit=limits.stall_limit,
                progress_limit=limits.progress_limit,
                wait_limit=limits.wait_limit,
                cancel_grace=limits.cancel_grace,
            )
            overdue = [(row["owner"], row["execution"], row["happening"]) async for row in rows]
        for owner, number, happening in overdue:
            log.warning("overdue", execution=number, happening=happening)
            await self._settle(Owner(owner), ExecutionNumber(number), happening)

    async def _settle(self, owner: Owner, number: ExecutionNumber, happening: str) -> None:
        match happening:
            case "STALLED":
                await self._changes.stalled(owner, number)
            case "CANCELLED":
                await self._changes.cancelled(owner, number)
            case _:
                reason, message = self._why(happening)
                await self._changes.fail(owner, number, reason, message)

    def _why(self, happening: str) -> tuple[Reason, str]:
        limits = self._limits
        match happening:
            case "SILENT":
                return (
                    Reason.STAGE_SILENT,
                    f"the service of the stage said nothing for {limits.stall_limit}",
                )
            case "UNREACHABLE":
                return (
                    Reason.STAGE_UNREACHABLE,
                    f"the service of the stage could not be reached for {limits.stall_limit}",
                )
            case "WAIT_LIMIT":
                return Reason.WAIT_LIMIT, f"it waited for longer than {limits.wait_limit}"
            case "NO_PROGRESS":
                return Reason.NO_PROGRESS, f"no item moved for {limits.progress_limit}"
        raise AssertionError(happening)

    async def compact(self) -> None:
        """Raise the mark of the log, then delete what lies behind it in small batches."""
        await compact(self._pool, self._limits.log_retention)
        while await delete_compacted(self._pool, COMPACTED_AT_ONCE) == COMPACTED_AT_ONCE:
            pass

    async def clean_up(self) -> None:
        """Forget old starts and old rejected reports."""
        await QUERIES.delete_old_requests(self._pool)
        await QUERIES.delete_old_rejected_reports(self._pool, keep=REJECTED_REPORTS_A_RUN)


COMPACT = timedelta(minutes=1)
CLEAN_UP = timedelta(hours=1)
