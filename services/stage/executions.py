"""How an execution begins and ends; each in one transaction that keeps every other change of it out."""

from collections.abc import Collection

import structlog

from services.kernel.postgres import Connection
from services.stage.domain import Execution
from services.stage.process import Process
from services.stage.progress import Progress
from services.stage.repository import execution_rows, item_rows, report_rows
from services.status.domain import ExecutionNumber, ExecutionState, ItemState, Reason, Stage

log = structlog.get_logger()


class Executions:
    """The executions of one service."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._pool = process.pool
        self._queue = process.queue

    def check_served(self, stage: Stage) -> None:
        """Raise UnknownStage for a stage that is not served here."""
        self._process.work_of(stage)

    async def run_stage(self, execution: Execution) -> ExecutionState:
        """Store an execution and queue its discovery; a known one is reported once more.

        Raises UnknownStage.
        """
        self._process.work_of(execution.stage)
        async with self._pool.acquire() as connection, connection.transaction():
            if await execution_rows.insert_execution(connection, execution):
                state = execution.state
                await self._queue.enqueue_step(
                    connection, execution.stage, "discover", execution.number
                )
            else:
                state = await execution_rows.report_again(connection, execution.number)
        self._queue.hint()
        self._process.reporter.touch(execution.number)
        return state

    async def cancel(self, number: ExecutionNumber) -> tuple[ExecutionState, Progress | None]:
        """Cancel an execution, also one that has not come yet; an ended one stays as it is.

        Returns how it ended, and its last figures where it had come.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if await execution_rows.insert_tombstone(connection, number):
                return ExecutionState.CANCELLED, None
            state = await _end(
                connection, number, ExecutionState.CANCELLED, Reason.CANCELLED, "its run ended"
            )
            progress = await report_rows.read_figures(connection, number)
        self._ended(number)
        return state, progress

    async def fail(self, number: ExecutionNumber, reason: Reason, message: str) -> None:
        """End an execution that cannot go on."""
        log.warning("execution_failed", execution=number, reason=reason.value, message=message)
        async with self._pool.acquire() as connection, connection.transaction():
            await _end(connection, number, ExecutionState.FAILED, reason, message)
        self._ended(number)

    async def complete(self, number: ExecutionNumber) -> None:
        """End an execution whose work is done; it goes on where an item is still open."""
        async with self._pool.acquire() as connection, connection.transaction():
            state, execution = await execution_rows.lock_execution(connection, number)
            if state.ended or execution is None:
                return
            counts = await item_rows.count_by_state(connection, number)
            if ItemState.PENDING in counts or ItemState.PROCESSING in counts:
                return
            partial = ItemState.FAILED in counts
            state = ExecutionState.PARTIAL if partial else ExecutionState.SUCCEEDED
            await execution_rows.end_execution(connection, number, state, None, "")
            await execution_rows.cover_days(connection, execution)
        self._ended(number)

    async def queue_finish(self, numbers: Collection[ExecutionNumber] | None = None) -> None:
        """Queue the finish of executions, of `numbers` or of all, that have no open item left."""
        finished = await execution_rows.list_finished(
            self._pool, None if numbers is None else sorted(numbers)
        )
        if not finished:
            return
        async with self._pool.acquire() as connection, connection.transaction():
            for number, stage in finished:
                await self._queue.enqueue_step(connection, stage, "finish", number)
        self._queue.hint()

    def _ended(self, number: ExecutionNumber) -> None:
        self._process.running.close(number)
        self._process.reporter.touch(number)


async def _end(
    connection: Connection,
    number: ExecutionNumber,
    state: ExecutionState,
    reason: Reason,
    message: str,
) -> ExecutionState:
    """End a known execution that is open, then its open items; return how it ended."""
    before, execution = await execution_rows.lock_execution(connection, number)
    if before.ended or execution is None:
        return before
    if state is ExecutionState.CANCELLED:
        await execution_rows.end_execution(connection, number, state, None, "")
        await item_rows.fail_open_items(connection, number, reason, message)
    else:
        await execution_rows.end_execution(connection, number, state, reason, message)
        await item_rows.fail_open_items(connection, number, Reason.EXECUTION_FAILED, message)
    if execution.discovered:
        await execution_rows.cover_days(connection, execution)
    return state
