"""Commits the outcomes of all jobs of the process: those that come while one transaction runs share the next."""

import asyncio
import dataclasses
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import assert_never

import structlog

from services.kernel.outage import Outage, go_on_ending
from services.kernel.postgres import Connection
from services.kernel.postgres_errors import why_away
from services.stage.domain import (
    Claimed,
    Execution,
    Failure,
    Later,
    Limits,
    Outcome,
    Skip,
    Success,
)
from services.stage.executions import Executions
from services.stage.process import Process
from services.stage.repository import execution_rows, item_rows
from services.stage.repository.item_rows import EndedItem
from services.status.domain import RETRYABLE, ExecutionNumber, ItemState, Reason, WaitReason

log = structlog.get_logger()

MOST = 1000
"""Outcomes of one transaction, about."""
PAUSE = 0.5
"""Seconds before a transaction is repeated, at the most."""
LONGEST_BACKOFF = timedelta(minutes=15)


class StoreFailed(Exception):
    """A stage could not write its results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One claimed item with its outcome."""

    execution: Execution
    claimed: Claimed
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Batch:
    ended: Sequence[Ended]
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Writer:
    """Takes outcomes in and answers when they are committed."""

    def __init__(self, process: Process, executions: Executions) -> None:
        self._process = process
        self._executions = executions
        self._waiting: asyncio.Queue[_Batch] = asyncio.Queue(maxsize=MOST)
        self._outage = Outage("outcomes")

    async def write(self, ended: Sequence[Ended]) -> None:
        """Return once the outcomes are committed, or known to be overtaken."""
        batch = _Batch(ended=ended)
        await self._waiting.put(batch)
        await batch.done.wait()

    async def run(self) -> None:
        """Commit what comes; runs until cancelled."""
        while True:
            batches = [await self._waiting.get()]
            while not self._waiting.empty() and sum(len(b.ended) for b in batches) < MOST:
                batches.append(self._waiting.get_nowait())
            await self._commit_all([each for batch in batches for each in batch.ended])
            for batch in batches:
                batch.done.set()

    async def _commit_all(self, ended: Sequence[Ended]) -> None:
        """Commit outcomes; one that cannot be committed fails, and holds no other up."""
        while True:
            try:
                await self._commit(ended)
            except Exception as error:
                go_on_ending()
                if (why := why_away(error)) is not None:
                    self._outage.begin(why)
                    await asyncio.sleep(PAUSE * random.random())  # noqa: S311
                    continue
                log.exception("outcomes_refused", outcomes=len(ended))
                if len(ended) > 1:
                    for each in ended:
                        await self._commit_all([each])
                    return
                if isinstance(ended[0].outcome, Failure):
                    return  # its lease runs out
                ended = [_refused(ended[0])]
            else:
                self._outage.end()
                return

    async def _commit(self, ended: Sequence[Ended]) -> None:
        """Write outcomes in one transaction: items by their fence, results of those that held, next attempts."""
        spread = random.uniform(0.75, 1.25)  # noqa: S311  # one for all: what was one job stays one
        async with self._process.pool.acquire() as connection, connection.transaction():
            numbers = await execution_rows.lock_open(
                connection, [each.execution.number for each in ended]
            )
            written = [each for each in ended if each.execution.number in numbers]
            rows = [
                _row(
                    each,
                    self._process.works[each.execution.stage].limits,
                    spread,
                    self._process.settings.revisit,
                )
                for each in written
            ]
            held = await item_rows.end_items(connection, rows)
            await self._store(connection, [(written[n], rows[n]) for n in held])
            retried = await self._queue_retries(connection, [rows[n] for n in held])
        if retried:
            self._process.queue.hint()
        for each in ended:
            self._process.reporter.touch(each.execution.number, [each.claimed.item.day])
        await self._executions.queue_finish(numbers)

    async def _store(self, connection: Connection, held: Sequence[tuple[Ended, EndedItem]]) -> None:
        """Write the results of what succeeded, and delete those that what was skipped had before."""
        groups: dict[ExecutionNumber, list[tuple[Ended, EndedItem]]] = defaultdict(list)
        for each, row in held:
            groups[row.execution.number].append((each, row))
        for group in groups.values():
            execution = group[0][1].execution
            work = self._process.works[execution.stage]
            successes = [each.outcome for each, _ in group if isinstance(each.outcome, Success)]
            skipped = [row.item.item_id for _, row in group if row.state is ItemState.SKIPPED]
            try:
                if successes:
                    await work.store(connection, execution, successes)
                if skipped:
                    await work.discard(connection, execution.owner, skipped)
            except OSError as error:  # not Postgres's, which would be worth a repeat
                raise StoreFailed from error

    async def _queue_retries(self, connection: Connection, rows: Sequence[EndedItem]) -> bool:
        """Queue items that failed together for their next attempt together."""
        groups: dict[tuple[int, timedelta], list[EndedItem]] = defaultdict(list)
        for row in rows:
            if row.delay is not None and row.state is ItemState.PENDING:
                groups[row.execution.number, row.delay].append(row)
        for (_, delay), group in groups.items():
            execution = group[0].execution
            size = self._process.works[execution.stage].limits.batch
            item_ids = [row.item.item_id for row in group]
            jobs = [item_ids[n : n + size] for n in range(0, len(item_ids), size)]
            job_ids = await self._process.queue.enqueue_work(
                connection, execution, jobs, [delay] * len(jobs)
            )
            job_of = {i: job for job, items in zip(job_ids, jobs, strict=True) for i in items}
            await item_rows.set_jobs(connection, execution, job_of)
        return bool(groups)


def backoff(limits: Limits, tried: int) -> timedelta:
    """Return the pause after so many tries; it doubles."""
    doublings: int = 2 ** min(tried - 1, 10)
    return min(limits.backoff * doublings, LONGEST_BACKOFF)


def _row(ended: Ended, limits: Limits, spread: float, revisit: timedelta) -> EndedItem:
    """Decide what becomes of an item; one that always came too early is looked at again after `revisit`."""
    outcome, claimed = ended.outcome, ended.claimed
    row = partial(EndedItem, execution=ended.execution, item=claimed.item)
    match outcome:
        case Success():
            return row(state=ItemState.SUCCESS, message=outcome.message, consumed=True)
        case Skip():
            return row(
                state=ItemState.SKIPPED,
                reason=outcome.reason,
                message=outcome.message,
                delay=revisit if outcome.reason is Reason.NO_RECORDING_YET else None,
                consumed=True,
            )
        case Later():
            again = claimed.postponed < len(outcome.delays)
            looked_at_again = revisit if outcome.reason is Reason.NO_RECORDING_YET else None
            return row(
                state=ItemState.PENDING if again else ItemState.SKIPPED,
                reason=outcome.reason,
                message=outcome.message,
                wait=outcome.wait.reason if again and outcome.wait else None,
                delay=outcome.delays[claimed.postponed] if again else looked_at_again,
                consumed=not again,
                postponed=True,
            )
        case Failure():
            retryable = outcome.reason in RETRYABLE
            again = retryable and claimed.tried < limits.attempts
            pause = max(
                backoff(limits, claimed.tried) * spread, outcome.retry_after or timedelta(0)
            )
            return row(
                state=ItemState.PENDING if again else ItemState.FAILED,
                reason=outcome.reason,
                message=outcome.message,
                wait=_wait_of(outcome) if again else None,
                delay=pause if again else None,
                consumed=not retryable,
            )
        case _:
            assert_never(outcome)


def _wait_of(failure: Failure) -> WaitReason | None:
    """Return what an item waits for that is tried again: nothing waits for the outside without saying so."""
    if failure.wait:
        return failure.wait.reason
    return WaitReason.UPSTREAM if failure.reason is Reason.UPSTREAM_UNAVAILABLE else None


def _refused(ended: Ended) -> Ended:
    failure = Failure(
        item_id=ended.claimed.item.item_id,
        reason=Reason.INTERNAL,
        message="its result could not be stored; the service's log has the cause",
    )
    return dataclasses.replace(ended, outcome=failure)
