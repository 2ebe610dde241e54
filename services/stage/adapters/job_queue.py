"""The service's queue: pgqueuer in the service's own schema, with fair shares and one hint after a commit.

A job is only a hint that there is something to do; what is to be done stands in the rows of executions and items.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer import AsyncpgDriver, Job, Queries, QueueManager
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)

from services.kernel.postgres import Connection, listen
from services.stage.adapters.queue_driver import PAUSE, Claims, PatientDriver, queue_names
from services.stage.domain import Execution, ItemId
from services.stage.repository import job_rows
from services.stage.repository.database import AWAY
from services.stage.settings import StageSettings
from services.status.domain import ExecutionNumber, Stage

log = structlog.get_logger()

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


class JobQueue:
    """Queues jobs in a caller's transaction, hints at them, and hands them to handlers."""

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
        self._drivers: set[PatientDriver] = set()
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
        for driver in self._drivers:
            driver.wake()

    async def run_hints(self) -> None:
        """Send notifications for hints, and take those of others; runs until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._notify())

    async def run(self, handlers: Mapping[str, Handler], concurrency: int) -> None:
        """Hand jobs to `handlers`, so many at a time, until `stop()` and the last one has ended."""
        while not self._stopping.is_set():
            try:
                async with self._manager(handlers, concurrency) as manager:
                    await manager.run(
                        dequeue_timeout=self._settings.job_poll,
                        batch_size=max(1, concurrency // 2),
                        max_concurrent_tasks=max(2, concurrency),
                        heartbeat_timeout=self._settings.job_heartbeat,
                        log_aggregation_interval=timedelta(0),
                    )
            except Exception:
                log.exception("queue_failed", handlers=sorted(handlers))
                await asyncio.sleep(PAUSE)

    def stop(self) -> None:
        """Take no more jobs."""
        self._stopping.set()

    @contextlib.asynccontextmanager
    async def _manager(
        self, handlers: Mapping[str, Handler], concurrency: int
    ) -> AsyncIterator[QueueManager]:
        driver = PatientDriver(self._pool)
        queries = Claims(driver, *self._builders, concurrency=concurrency)
        manager = QueueManager(queries, channel=self._names.channel)
        for name, handler in handlers.items():
            manager.entrypoint(name, accepts_context=False)(handler)
        stopper = asyncio.create_task(_then(self._stopping, manager.shutdown.set))
        self._drivers.add(driver)
        try:
            yield manager
        finally:
            self._drivers.discard(driver)
            stopper.cancel()

    def _queries(self, driver: AsyncpgDriver) -> Queries:
        return Queries(driver, *self._builders)

    async def _listen(self) -> None:
        def take(payload: str) -> None:
            for driver in self._drivers:
                driver.take(payload)

        await listen(self._settings.database_url.get_secret_value(), str(self._names.channel), take)

    async def _notify(self) -> None:
        while True:
            await self._hint.wait()
            await asyncio.sleep(self._settings.job_hint.total_seconds())
            self._hint.clear()
            with contextlib.suppress(*AWAY):  # other processes look by themselves
                await job_rows.notify(self._pool, str(self._names.channel))


def entrypoint(stage: Stage, step: str) -> str:
    """Name the jobs of a stage's step: discover, work or finish."""
    return f"{stage.value.lower()}.{step}"


async def _then(event: asyncio.Event, action: Callable[[], object]) -> None:
    await event.wait()
    action()
