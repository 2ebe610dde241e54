"""Looks again at items that were SKIPPED because their recording was not there yet, long after their execution ended."""

import asyncio
from typing import assert_never

import structlog

from services.kernel.outage import Outage
from services.kernel.postgres_errors import why_away
from services.stage.domain import (
    Execution,
    Failure,
    Item,
    Later,
    Outcome,
    Skip,
    Success,
)
from services.stage.jobs import cause_of, say
from services.stage.ports import StageWork
from services.stage.process import Process
from services.stage.repository import execution_rows, skipped_rows
from services.stage.repository.skipped_rows import Conclusion, SkippedItem
from services.status.domain import RETRYABLE, ItemState, Reason

log = structlog.get_logger()


class Revisits:
    """Shares the items with those of the other processes.

    A claim raises the attempt, which is the fence, and sets the time of the next look: whoever dies with an item has
    only missed one, and a run that takes the item meanwhile wins.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self._pool = process.pool
        self._settings = process.settings
        self._outage = Outage("looks at late recordings")

    async def turn(self) -> None:
        """Look at all items that are due, as many at a time as the stage works on jobs."""
        for stage, work in self._process.works.items():
            while due := await skipped_rows.claim_skipped(
                self._pool,
                stage,
                pause=self._settings.revisit,
                age=self._settings.revisit_age,
                page_size=work.limits.concurrency,
            ):
                await asyncio.gather(*(self._look(work, skipped) for skipped in due))

    async def _look(self, work: StageWork, skipped: SkippedItem) -> None:
        # The next look is set, also after one that came to nothing.
        with self._outage.outlived(execution=skipped.execution, item_id=skipped.item.item_id):
            execution = await execution_rows.get_execution(self._pool, skipped.execution)
            assert execution is not None, "it is kept as long as an item names it"
            outcome = await self._outcome(work, execution, skipped.item)
            conclusion = conclude(outcome, last=skipped.last)
            if conclusion is not None:
                await self._end(work, execution, skipped.item, outcome, conclusion)

    async def _outcome(self, work: StageWork, execution: Execution, item: Item) -> Outcome:
        """Return what a look came to; raises what says that the database is away, since then nothing was looked at."""
        longest = min(work.limits.job_timeout, self._settings.revisit).total_seconds()
        limit = asyncio.timeout(longest)
        try:
            async with limit:
                (outcome,) = await work.work(execution, [item])
        except Exception as error:
            if limit.expired():
                reason, message = Reason.TIMEOUT, f"it took longer than {longest:.0f} seconds"
            elif why_away(error) is not None:
                raise
            else:
                say("revisit_failed", error, execution=execution.number, item_id=item.item_id)
                reason, message = cause_of(error)
            return Failure(item_id=item.item_id, reason=reason, message=message)
        return outcome

    async def _end(
        self,
        work: StageWork,
        execution: Execution,
        item: Item,
        outcome: Outcome,
        conclusion: Conclusion,
    ) -> None:
        """Write the item with its result, and have its day reported, also after a crash."""
        async with self._pool.acquire() as connection, connection.transaction():
            await execution_rows.report_again(connection, execution.number)
            held = await skipped_rows.end_skipped(connection, execution, item, conclusion)
            if held and isinstance(outcome, Success):
                await work.store(connection, execution, [outcome])
        if held:
            log.info(
                "revisited",
                execution=execution.number,
                item_id=item.item_id,
                state=conclusion.state.value,
            )
        self._process.reporter.touch(execution.number, [item.day])


def conclude(outcome: Outcome, *, last: bool) -> Conclusion | None:
    """Decide what becomes of an item; None: it is looked at again, unless this was the `last` time."""
    match outcome:
        case Success():
            return Conclusion(state=ItemState.SUCCESS)
        case Skip() if outcome.reason is not Reason.NO_RECORDING_YET:
            return Conclusion(
                state=ItemState.SKIPPED, reason=outcome.reason, message=outcome.message
            )
        case Failure() if outcome.reason not in RETRYABLE:
            return Conclusion(
                state=ItemState.FAILED, reason=outcome.reason, message=outcome.message
            )
        case Skip() | Failure() | Later():
            if not last:
                return None
            return Conclusion(
                state=ItemState.SKIPPED,
                reason=Reason.NO_RECORDING,
                message=f"given up: {outcome.message}",
            )
        case _:
            assert_never(outcome)
