"""Discovery: what the range holds becomes the execution's items, page by page, each page in one transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from services.kernel.postgres import Connection
from services.stage.domain import Execution, Found
from services.stage.executions import Executions
from services.stage.modes import KnownItem, takes
from services.stage.process import Process
from services.stage.repository import execution_rows, item_rows
from services.stage.running import Interrupt, Interrupted
from services.status.domain import Stage, Wait

_OF_THE_SOURCE = Stage.CALL_SYNC
"""The stage whose items are counted against what their source has."""


class Discovery:
    """Adds items to executions; safe to repeat from the start at any moment."""

    def __init__(self, process: Process, executions: Executions) -> None:
        self._process = process
        self._pool = process.pool
        self._executions = executions

    async def discover(self, execution: Execution) -> None:
        """Add all items of the range; raises Interrupted when the execution has ended meanwhile."""
        if not execution.discovered:
            work = self._process.works[execution.stage]
            covered = await execution_rows.list_covered_days(self._pool, execution)
            listed: Counter[date] = Counter()
            async for page in work.discover(execution):
                if isinstance(page, Wait):
                    await execution_rows.state_wait(self._pool, execution.number, page)
                    self._process.reporter.touch(execution.number, ())
                    continue
                listed.update(item.day for item in page)
                await self._add(execution, page, covered)
            await self._end(execution, listed)
        await self._executions.queue_finish([execution.number])

    async def _add(self, execution: Execution, page: Sequence[Found], covered: set[date]) -> None:
        found = {item.item_id: item for item in page}
        days = {item.day for item in found.values()}
        taken: list[Found] = []
        left: list[Found] = []
        unchanged: list[KnownItem] = []
        async with self._pool.acquire() as connection, connection.transaction():
            await _hold_open(connection, execution)
            await execution_rows.end_wait(connection, execution)
            known = await item_rows.list_known_items(connection, execution, list(found))
            for item_id, item in found.items():
                row = known.get(item_id)
                if takes(
                    execution.mode,
                    row,
                    item,
                    execution=execution.number,
                    covered=item.day in covered,
                ):
                    taken.append(item)
                else:
                    left.append(item)
                    if row is not None and row.seen < execution.number:
                        unchanged.append(row)
            await self._take(connection, execution, taken)
            await item_rows.see_items(connection, execution, left, unchanged)
        if taken:
            self._process.queue.hint()
        days.update(row.day for row in known.values())
        self._process.reporter.touch(execution.number, days)

    async def _take(
        self, connection: Connection, execution: Execution, taken: Sequence[Found]
    ) -> None:
        """Make items the execution's, each with its job."""
        size = self._process.works[execution.stage].limits.batch
        jobs = [taken[n : n + size] for n in range(0, len(taken), size)]
        job_ids = await self._process.queue.enqueue_work(
            connection, execution, [[item.item_id for item in job] for job in jobs]
        )
        await item_rows.take_items(
            connection,
            execution,
            taken,
            [job_id for job_id, job in zip(job_ids, jobs, strict=True) for _ in job],
        )

    async def _end(self, execution: Execution, listed: Mapping[date, int]) -> None:
        """Remove what is gone upstream, with its results, and note that every item is known, and how many were listed."""
        async with self._pool.acquire() as connection, connection.transaction():
            await _hold_open(connection, execution)
            gone = await item_rows.remove_items(connection, execution)
            if gone:
                work = self._process.works[execution.stage]
                await work.forget(connection, execution.owner, gone)
            await execution_rows.end_discovery(connection, execution)
            if (
                execution.stage is _OF_THE_SOURCE
            ):  # days after their execution, as whoever reports locks them
                await execution_rows.note_listed(connection, execution, listed)
        self._process.reporter.touch(execution.number)


async def _hold_open(connection: Connection, execution: Execution) -> None:
    if not await execution_rows.lock_open(connection, [execution.number]):
        raise Interrupted(Interrupt.CLOSED)
