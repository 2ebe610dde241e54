"""Finds what was lost or is due: leases of dead workers, items and executions without a job, ends nobody noticed."""

from datetime import timedelta

import structlog

from services.stage.changes import KEPT
from services.stage.domain import ItemId
from services.stage.executions import Executions
from services.stage.process import Process
from services.stage.repository import execution_rows, item_rows, job_rows
from services.status.domain import ExecutionNumber, Stage

log = structlog.get_logger()

PAGE = 1000
"""Items of one stage that one turn mends; executions and removed items that one statement deletes."""
KEEP_LOG = timedelta(hours=1)
"""How long pgqueuer's log of jobs is kept; nothing reads it but people."""
LOG_PAGE = 10_000


class Reconciler:
    """Takes turns with those of the other processes."""

    def __init__(self, process: Process, executions: Executions) -> None:
        self._process = process
        self._pool = process.pool
        self._queue = process.queue
        self._executions = executions

    async def turn(self) -> None:
        """Mend what is found, unless another process has just done so."""
        pause = self._process.settings.reconcile * 0.9
        if not await job_rows.take_turn(self._pool, pause):
            return
        for stage in self._process.works:
            expired = await item_rows.list_expired(self._pool, stage, PAGE)
            for number, item_ids in expired.items():
                await self._take_back(number, item_ids)
            await self._queue_lost_items(stage)
        await self._queue_lost_steps()
        await job_rows.prune_job_log(self._pool, KEEP_LOG, LOG_PAGE)

    async def clean_up(self) -> None:
        """Delete executions that nothing refers to any more, and what is known of items removed long ago."""
        keep = self._process.settings.keep_executions
        while await execution_rows.delete_executions(self._pool, keep, PAGE) == PAGE:
            pass
        while await item_rows.prune_removed_items(self._pool, KEPT, PAGE) == PAGE:
            pass

    async def _take_back(self, number: ExecutionNumber, item_ids: list[ItemId]) -> None:
        """Give items whose worker died to another, each in a job of its own; or give them up."""
        async with self._pool.acquire() as connection, connection.transaction():
            execution = await execution_rows.get_execution(connection, number)
            if execution is None or not await execution_rows.lock_open(connection, [number]):
                return
            limits = self._process.works[execution.stage].limits
            taken = await item_rows.take_back_items(connection, execution, item_ids, limits)
            again = [(item.item_id, item.delay) for item in taken if item.delay is not None]
            job_ids = await self._queue.enqueue_work(
                connection,
                execution,
                [[item_id] for item_id, _ in again],
                [delay for _, delay in again],
            )
            jobs = {item_id: job for (item_id, _), job in zip(again, job_ids, strict=True)}
            await item_rows.set_jobs(connection, execution, jobs)
        if not taken:  # whoever held them was only late
            return
        failed = len(taken) - len(again)
        log.warning("leases_expired", execution=number, again=len(again), failed=failed)
        self._queue.hint()
        self._process.reporter.touch(number, {item.day for item in taken})
        await self._executions.queue_finish([number])

    async def _queue_lost_items(self, stage: Stage) -> None:
        """Queue due items again that no job is queued for."""
        size = self._process.works[stage].limits.batch
        async with self._pool.acquire() as connection, connection.transaction():
            lost = await item_rows.list_lost_items(connection, stage, PAGE)
            for number, item_ids in lost.items():
                execution = await execution_rows.get_execution(connection, number)
                assert execution is not None, "its row was joined"
                groups = [item_ids[n : n + size] for n in range(0, len(item_ids), size)]
                job_ids = await self._queue.enqueue_work(connection, execution, groups)
                jobs = {i: job for job, group in zip(job_ids, groups, strict=True) for i in group}
                await item_rows.set_jobs(connection, execution, jobs)
                log.warning("jobs_lost", execution=number, items=len(item_ids))
        if lost:
            self._queue.hint()

    async def _queue_lost_steps(self) -> None:
        """Queue discoveries and finishes that are neither queued nor under way, also those that have waited."""
        undiscovered = await execution_rows.list_undiscovered(self._pool)
        if undiscovered:
            async with self._pool.acquire() as connection, connection.transaction():
                for number, stage in undiscovered:
                    await self._queue.enqueue_step(connection, stage, "discover", number)
        await self._executions.queue_finish()
