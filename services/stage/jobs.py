"""The handlers of jobs: each discovers an execution's items, works on some of them, or finishes it."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

import structlog
from pgqueuer import Job, RetryRequested

from services.kernel.outage import why_lacking
from services.kernel.postgres_errors import why_away
from services.stage.adapters.job_queue import Handler, entrypoint, parse_job
from services.stage.discovery import Discovery
from services.stage.domain import (
    DiscoveryFailed,
    DiscoveryWaits,
    Execution,
    Failure,
    Item,
    Limits,
    Outcome,
)
from services.stage.executions import Executions
from services.stage.ports import StageWork
from services.stage.process import Process
from services.stage.repository import execution_rows, item_rows
from services.stage.running import Interrupt, Interrupted
from services.stage.writer import Ended, Writer, backoff
from services.status.domain import ExecutionNumber, Reason

log = structlog.get_logger()

STEPS = 4
"""Discoveries and finishes at a time in one process."""
LONGEST_WAIT = timedelta(days=1)
"""A source that asks to come back later than that is asked again all the same."""
SEE_LOG = "an error in the service; its log has the cause"


class Jobs:
    """The handlers of one process's jobs."""

    def __init__(
        self, process: Process, discovery: Discovery, executions: Executions, writer: Writer
    ) -> None:
        self._process = process
        self._discovery = discovery
        self._executions = executions
        self._writer = writer
        self._slots = {
            stage: asyncio.Semaphore(work.limits.concurrency)
            for stage, work in process.works.items()
        }

    async def run(self) -> None:
        """Take jobs until the queue is stopped, and end when the last one has."""
        steps: dict[str, Handler] = {}
        for stage in self._process.works:
            steps[entrypoint(stage, "discover")] = self._discover
            steps[entrypoint(stage, "finish")] = self._finish
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._process.queue.run(steps, STEPS))
            for stage, work in self._process.works.items():
                handlers: dict[str, Handler] = {entrypoint(stage, "work"): self._work}
                tasks.create_task(self._process.queue.run(handlers, work.limits.concurrency))

    async def _discover(self, job: Job) -> None:
        await self._step(parse_job(job).execution, self._discovery.discover)

    async def _finish(self, job: Job) -> None:
        async def finish(execution: Execution) -> None:
            await self._process.works[execution.stage].finish(execution)
            await self._executions.complete(execution.number)

        await self._step(parse_job(job).execution, finish)

    async def _step(
        self, number: ExecutionNumber, step: Callable[[Execution], Coroutine[Any, Any, None]]
    ) -> None:
        """Do a step of a whole execution: again after an error, failing the execution after the last try.

        One that has to wait is queued anew by the reconciler, when the time has come.
        """
        begun = await execution_rows.begin_step(self._process.pool, number)
        if begun is None:
            return
        execution, tries = begun
        self._process.reporter.touch(number, ())
        limits = self._process.works[execution.stage].limits
        try:
            if tries > limits.attempts:
                raise DiscoveryFailed(
                    Reason.WORKER_DIED,
                    f"the process that worked on it died {limits.attempts} times",
                )
            await self._process.running.run(
                execution,
                [],
                step(execution),
                limits=limits,
                timeout=self._process.settings.step_timeout,
            )
        except DiscoveryFailed as error:
            await self._executions.fail(number, error.reason, str(error))
        except DiscoveryWaits as error:
            log.info("step_waits", execution=number, reason=error.wait.reason.value, why=str(error))
            await execution_rows.postpone_step(self._process.pool, number, error.wait, LONGEST_WAIT)
            self._process.reporter.touch(number, ())
        except Interrupted as error:
            if error.why is Interrupt.STOPPED:
                await execution_rows.spare_step(self._process.pool, number)
                raise RetryRequested from error
            if error.why is Interrupt.TIMEOUT:
                await self._executions.fail(number, Reason.TIMEOUT, "it took too long")
        except Exception as error:
            say("step_failed", error, execution=number, tries=tries)
            await self._step_failed(number, tries, limits, error)

    async def _step_failed(
        self, number: ExecutionNumber, tries: int, limits: Limits, error: Exception
    ) -> None:
        """Have a step done again, or fail its execution after the last try; an outage of the database is none."""
        is_away = why_away(error) is not None
        if is_away:
            await execution_rows.spare_step(self._process.pool, number)
        if is_away or tries < limits.attempts:
            spread = random.uniform(0.75, 1.25)  # noqa: S311
            raise RetryRequested(backoff(limits, tries) * spread) from error
        await self._executions.fail(number, *cause_of(error))

    async def _work(self, job: Job) -> None:
        """Claim the job's items, work on them, and write what became of them."""
        work_job = parse_job(job)
        pool, reporter = self._process.pool, self._process.reporter
        execution = await execution_rows.get_execution(pool, work_job.execution)
        if execution is None or execution.state.ended:
            return
        work = self._process.works[execution.stage]
        async with self._slots[execution.stage]:
            claimed = await item_rows.claim_items(
                pool, execution, work_job.items, work.limits.lease
            )
            if not claimed:
                return
            items = [each.item for each in claimed]
            days = {item.day for item in items}
            reporter.touch(execution.number, days)
            try:
                outcomes = await self._outcomes(work, execution, items)
            except Interrupted as error:
                log.info("work_dropped", execution=execution.number, why=error.why.value)
                if error.why is Interrupt.STOPPED:
                    await item_rows.release_items(pool, execution, items)
                    reporter.touch(execution.number, days)
                    raise RetryRequested from error
                return
            await self._writer.write(
                [
                    Ended(execution=execution, claimed=each, outcome=outcome)
                    for each, outcome in zip(claimed, outcomes, strict=True)
                ]
            )

    async def _outcomes(
        self, work: StageWork, execution: Execution, items: Sequence[Item]
    ) -> Sequence[Outcome]:
        """Return one outcome for each item, in their order; raises Interrupted."""
        limits = work.limits
        try:
            outcomes = await self._process.running.run(
                execution,
                items,
                _awaited(work, execution, items),
                limits=limits,
                timeout=limits.job_timeout,
            )
        except Interrupted as error:
            if error.why is not Interrupt.TIMEOUT:
                raise
            seconds = limits.job_timeout.total_seconds()
            return _all_failed(items, Reason.TIMEOUT, f"it took longer than {seconds:.0f} seconds")
        except Exception as error:
            say("work_failed", error, execution=execution.number, items=len(items))
            return _all_failed(items, *cause_of(error))
        outcome_of = {outcome.item_id: outcome for outcome in outcomes}
        without = [item for item in items if item.item_id not in outcome_of]
        if without:
            log.error("outcomes_missing", execution=execution.number, items=len(without))
            failures = _all_failed(without, Reason.INTERNAL, SEE_LOG)
            outcome_of |= {failure.item_id: failure for failure in failures}
        return [outcome_of[item.item_id] for item in items]


async def _awaited(
    work: StageWork, execution: Execution, items: Sequence[Item]
) -> Sequence[Outcome]:
    return await work.work(execution, items)


def _all_failed(items: Sequence[Item], reason: Reason, message: str) -> list[Outcome]:
    return [Failure(item_id=item.item_id, reason=reason, message=message) for item in items]


def say(event: str, error: Exception, **facts: object) -> None:
    """Log why work failed; with its traceback unless something it needs is away."""
    if (why := why_lacking(error)) is not None:
        log.warning(event, why=why, **facts)
    else:
        log.error(event, exc_info=error, **facts)


def cause_of(error: Exception) -> tuple[Reason, str]:
    """Say why work failed: what is meant for people as it is, anything else without its text."""
    if (why := why_lacking(error)) is not None:
        return Reason.UPSTREAM_UNAVAILABLE, why
    return Reason.INTERNAL, SEE_LOG
