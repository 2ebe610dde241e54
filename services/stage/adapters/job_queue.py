"""The service's queue: pgqueuer in the service's own schema, with fair shares and one hint after a commit.

A job is only a hint that there is something to do; what is to be done stands in the rows of executions and items.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import asyncpg
from pgqueuer import AsyncpgDriver, Job, Queries, RetryRequested
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)

from services.kernel.outage import Outage
from services.kernel.postgres import Connection, listen
from services.kernel.postgres_errors import why_away
from services.stage.adapters.queue_driver import (
    PAUSE,
    Claims,
    PatientDriver,
    RestingManager,
    queue_names,
)
from services.stage.domain import Execution, ItemId
from services.stage.repository import job_rows
from services.stage.settings import StageSettings
from services.status.domain import ExecutionNumber, Stage

COST = 100
"""Virtual time of one item of a client of weight 1; weights go up to 100."""
LAST = 2**31 - 1
"""The end of virtual time: what a priority column can hold."""

Handler = Callable[[Job], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkJob:
    """The payload of a job: items of one execution; none for discovery and finish."""

    execution: ExecutionNumber
    items: Sequence[ItemId] = ()

    def to_bytes(self) -> bytes:
        """Write the payload."""
        return json.dumps({"execution": self.execution, "items": list(self.items)}).encode()


def parse_job(job: Job) -> WorkJob:
    """Read the payload."""
    payload = json.loads(job.payload or b"{}")
    return WorkJob(execution=payload["execution"], items=payload["items"])


def shares(front: int | None, own: int | None, costs: Sequence[int], weight: int) -> list[int]:
    """Return the priorities of an owner's next jobs: start-time fair queueing.

    Virtual time starts at the later of the queue's front and the owner's last job, and each job moves it on by its
    cost over the owner's weight. The priority is its negative, so that the owner who has had least is next.
    """
    time = max(front or 0, own or 0)
    priorities = []
    for cost in costs:
        time = min(time + -(-cost * COST // weight), LAST)
        priorities.append(-time)
    return priorities


@dataclass(slots=True, eq=False)
class _Worker:
    """Takes the jobs of some entrypoints: by a manager while there are any, at rest otherwise."""

    entrypoints: Sequence[str]
    due: asyncio.Event = field(default_factory=asyncio.Event)
    driver: PatientDriver | None = None
    """That of its manager; None at rest."""
    outage: Outage = field(default_factory=lambda: Outage("queue"))

    def take(self, payload: str) -> None:
        """Pass a notification on; an empty one is a hint, others are of managers to themselves.

        A manager that is about to rest does not take it any more: then the look that follows finds the job.
        """
        if self.driver is not None:
            self.driver.take(payload)
        elif not payload:
            self.due.set()

    async def handle(self, handler: Handler, job: Job) -> None:
        """Have a job handled; where Postgres is away, it is queued again once that is back."""
        try:
            await handler(job)
        except Exception as error:
            why = why_away(error)
            if why is None:
                raise
            if self.driver is not None and self.driver.impatient:
                return  # others find it
            self.outage.begin(why)
            raise RetryRequested(timedelta(seconds=PAUSE)) from error
        self.outage.end()


class JobQueue:
    """Queues jobs in a caller's transaction, hints at them, and hands them to handlers.

    pgqueuer's manager wakes ten times a second whether there are jobs or not. So there is one only while there are:
    after `job_rest` without any it ends, and one look for all workers at rest, each `job_poll`, finds the next job.
    """

    def __init__(self, pool: asyncpg.Pool, service: str, settings: StageSettings) -> None:
        self._pool = pool
        self._settings = settings
        self._names = queue_names(service)
        self._builders = (
            QueryBuilderEnvironment(self._names),
            QueryQueueBuilder(self._names),
            QuerySchedulerBuilder(self._names),
        )
        self._hint = asyncio.Event()
        self._workers: set[_Worker] = set()
        self._rested = asyncio.Event()
        self._stopping = asyncio.Event()

    async def enqueue_step(
        self, connection: Connection, stage: Stage, step: str, number: ExecutionNumber
    ) -> None:
        """Queue the discovery or the finish of an execution, unless it is queued or under way."""
        await self._queries(AsyncpgDriver(connection)).enqueue(  # type: ignore[arg-type]
            entrypoint(stage, step),
            WorkJob(execution=number).to_bytes(),
            dedupe_key=f"{entrypoint(stage, step)}:{number}",
            on_conflict="skip",
        )

    async def enqueue_work(
        self,
        connection: Connection,
        execution: Execution,
        jobs: Sequence[Sequence[ItemId]],
        delays: Sequence[timedelta] | None = None,
    ) -> list[int]:
        """Queue one job for each group of items, each in its owner's fair turn; return the jobs' ids."""
        if not jobs:
            return []
        name = entrypoint(execution.stage, "work")
        front, own = await job_rows.get_queue_tail(connection, name, execution.owner)
        costs = [len(items) for items in jobs]
        ids = await self._queries(AsyncpgDriver(connection)).enqueue(  # type: ignore[arg-type]
            [name] * len(jobs),
            [WorkJob(execution=execution.number, items=items).to_bytes() for items in jobs],
            shares(front, own, costs, execution.settings.weight),
            list(delays) if delays else None,
            headers=[{"owner": execution.owner}] * len(jobs),
        )
        return [int(each) for each in ids]

    def hint(self) -> None:
        """Say that jobs were committed: here at once, to other processes by one notification a moment later."""
        self._hint.set()
        self._take("")

    async def run_hints(self) -> None:
        """Send notifications for hints, take those of others, and look for jobs; runs until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._notify())
            tasks.create_task(self._look())

    async def run(self, handlers: Mapping[str, Handler], concurrency: int) -> None:
        """Hand jobs to `handlers`, so many at a time, until `stop()` and the last one has ended."""
        worker = _Worker(list(handlers))
        self._workers.add(worker)
        try:
            while not self._stopping.is_set():
                self._rested.set()
                await worker.due.wait()
                worker.due.clear()
                if not self._stopping.is_set():
                    await self._work(worker, handlers, concurrency)
        finally:
            self._workers.discard(worker)

    def stop(self) -> None:
        """Take no more jobs."""
        self._stopping.set()
        self._take("")

    def give_up(self) -> None:
        """Wait for Postgres no longer, since the process ends: its connections are closed."""
        for worker in self._workers:
            if worker.driver is not None:
                worker.driver.impatient = True
        self._pool.terminate()

    async def _work(
        self, worker: _Worker, handlers: Mapping[str, Handler], concurrency: int
    ) -> None:
        """Hand jobs to `handlers` until there have been none for a while; after an error the worker is due again."""
        rested = False
        worker.driver = PatientDriver(self._pool)
        queries = Claims(worker.driver, *self._builders, concurrency=concurrency)
        manager = RestingManager(
            queries,
            channel=self._names.channel,
            rest_after=self._settings.job_rest.total_seconds(),
        )
        for name, handler in handlers.items():
            manager.entrypoint(name, accepts_context=False)(partial(worker.handle, handler))
        stopper = asyncio.create_task(_then(self._stopping, manager.shutdown.set))
        try:
            with worker.outage.outlived():
                await manager.run(
                    dequeue_timeout=self._settings.job_poll,
                    batch_size=max(1, concurrency // 2),
                    max_concurrent_tasks=max(2, concurrency),
                    heartbeat_timeout=self._settings.job_heartbeat,
                    log_aggregation_interval=timedelta(0),
                )
                rested = True
        finally:
            worker.driver = None
            stopper.cancel()
        if not rested:
            worker.due.set()
            await asyncio.sleep(PAUSE)

    def _take(self, payload: str) -> None:
        for worker in self._workers:
            worker.take(payload)

    def _queries(self, driver: AsyncpgDriver) -> Queries:
        return Queries(driver, *self._builders)

    async def _listen(self) -> None:
        if (url := self._settings.listen_url) is not None:
            await listen(url, str(self._names.channel), self._take)

    async def _notify(self) -> None:
        outage = Outage("hints")
        while True:
            await self._hint.wait()
            await asyncio.sleep(self._settings.job_hint.total_seconds())
            self._hint.clear()
            with outage.outlived():  # other processes look by themselves
                await job_rows.notify(self._pool, str(self._names.channel))

    async def _look(self) -> None:
        """Wake the workers at rest that have a job: one nobody hinted at, whose time has come, or whose worker died."""
        outage = Outage("looks for jobs")
        while True:
            pause = self._settings.job_poll.total_seconds()
            self._rested.clear()
            resting = [worker for worker in self._workers if worker.driver is None]
            names = [name for worker in resting for name in worker.entrypoints]
            if names:
                with outage.outlived():
                    seconds = await job_rows.list_due(
                        self._pool, names, self._settings.job_heartbeat
                    )
                    for worker in resting:
                        if any(seconds.get(name, 1) <= 0 for name in worker.entrypoints):
                            worker.due.set()
                    pause = min([pause, *(each for each in seconds.values() if each > 0)])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._rested.wait(), pause)


def entrypoint(stage: Stage, step: str) -> str:
    """Name the jobs of a stage's step: discover, work or finish."""
    return f"{stage.value.lower()}.{step}"


async def _then(event: asyncio.Event, action: Callable[[], object]) -> None:
    await event.wait()
    action()
