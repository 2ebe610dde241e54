"""The jobs that run in this process: their leases are renewed, and they end when their execution does."""

import asyncio
import enum
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import structlog

from services.stage.domain import Execution, Item, Limits
from services.stage.repository import execution_rows, item_rows
from services.stage.repository.database import Pool
from services.status.domain import ExecutionNumber

log = structlog.get_logger()

T = TypeVar("T")

GRACE = timedelta(seconds=10)
"""How long cancelled work may take to end its children."""


class Interrupt(enum.Enum):
    """Why a job was ended from outside."""

    CLOSED = "its execution has ended"
    LOST = "its leases are gone"
    TIMEOUT = "it took too long"
    STOPPED = "the process stops"


class Interrupted(Exception):
    """The job was ended from outside; its outcome does not count."""

    def __init__(self, why: Interrupt) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(slots=True, kw_only=True, eq=False)
class _Job:
    execution: Execution
    items: Sequence[Item]
    lease: timedelta
    task: asyncio.Task[Any]
    why: Interrupt | None = None
    interrupted: asyncio.Event = field(default_factory=asyncio.Event)

    def interrupt(self, why: Interrupt) -> None:
        if self.why is None and not self.task.done():
            self.why = why
            self.interrupted.set()
            self.task.cancel()


class Running:
    """Registers jobs while they run."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._jobs: set[_Job] = set()
        self._stopped = False

    async def run(
        self,
        execution: Execution,
        items: Sequence[Item],
        work: Coroutine[Any, Any, T],
        *,
        limits: Limits,
        timeout: timedelta,  # noqa: ASYNC109
    ) -> T:
        """Run `work` to its end; raises Interrupted when it was ended from outside."""
        job = _Job(
            execution=execution, items=items, lease=limits.lease, task=asyncio.create_task(work)
        )
        clock = asyncio.get_running_loop().call_later(
            timeout.total_seconds(), job.interrupt, Interrupt.TIMEOUT
        )
        self._jobs.add(job)
        if self._stopped:
            job.interrupt(Interrupt.STOPPED)
        try:
            await self._until_ended(job)
        finally:
            self._jobs.discard(job)
            clock.cancel()
            job.task.cancel()
        if job.why is not None:
            raise Interrupted(job.why)
        result: T = job.task.result()
        return result

    def close(self, number: ExecutionNumber) -> None:
        """End the jobs of an execution that has ended."""
        for job in list(self._jobs):
            if job.execution.number == number:
                job.interrupt(Interrupt.CLOSED)

    def stop(self) -> None:
        """End all jobs, and every later one at its start."""
        self._stopped = True
        for job in list(self._jobs):
            job.interrupt(Interrupt.STOPPED)

    async def watch(self) -> None:
        """Look once which executions have ended elsewhere, and end their jobs."""
        numbers = {job.execution.number for job in self._jobs}
        if not numbers:
            return
        for number in numbers - await execution_rows.list_open(self._pool, sorted(numbers)):
            self.close(number)

    async def renew(self) -> None:
        """Renew all leases once; a job that lost every one of them is ended, since others work on its items."""
        jobs = [job for job in self._jobs if job.items]
        if not jobs:
            return
        held = await item_rows.renew_leases(
            self._pool, [(job.execution, item, job.lease) for job in jobs for item in job.items]
        )
        for job in jobs:
            if not any((job.execution.number, i.item_id, i.attempt) in held for i in job.items):
                job.interrupt(Interrupt.LOST)

    async def _until_ended(self, job: _Job) -> None:
        interrupted = asyncio.create_task(job.interrupted.wait())
        try:
            await asyncio.wait({job.task, interrupted}, return_when=asyncio.FIRST_COMPLETED)
            if not job.task.done():
                await asyncio.wait({job.task}, timeout=GRACE.total_seconds())
            if not job.task.done():
                log.error("work_does_not_end", execution=job.execution.number)
        finally:
            interrupted.cancel()
