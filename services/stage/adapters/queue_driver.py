"""pgqueuer as this library needs it: it outlives Postgres being away, and takes no name from the environment."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg
from pgqueuer import AsyncpgPoolDriver, Job, Queries, QueueManager
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel, QueueManagerId
from pgqueuer.models import TableChangedEvent
from pgqueuer.ports.driver import NotifyCallback

from services.kernel.clock import utc_now
from services.kernel.outage import Outage, go_on_ending
from services.kernel.postgres_errors import why_away

PAUSE = 0.5
"""Seconds before Postgres is tried again."""

T = TypeVar("T")


class PatientDriver(AsyncpgPoolDriver):
    """A driver that outlives Postgres being away; its notifications come from one listener that does, too."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(pool)
        self.losses = 0
        self.impatient = False
        """The process ends: what fails now is found again by others."""
        self._outage = Outage("queue")
        self._callbacks: list[NotifyCallback] = []

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        return await self._patiently(lambda: super(PatientDriver, self).fetch(query, *args))

    async def execute(self, query: str, *args: object) -> str:
        return await self._patiently(lambda: super(PatientDriver, self).execute(query, *args))

    async def _patiently(self, query: Callable[[], Awaitable[T]]) -> T:
        """Repeat a query until Postgres answers; every statement of a queue manager may be repeated."""
        while True:
            try:
                answer = await query()
            except Exception as error:
                go_on_ending()
                if self.impatient or (why := why_away(error)) is None:
                    raise
                self.losses += 1
                self._outage.begin(why)
                await asyncio.sleep(PAUSE)
            else:
                self._outage.end()
                return answer

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:  # noqa: ARG002
        self._callbacks.append(callback)

    def wake(self) -> None:
        """Make the queue manager look for jobs."""
        event = TableChangedEvent(
            channel=Channel("hint"),
            sent_at=utc_now(),
            type="table_changed_event",
            operation="insert",
            table="pgqueuer",
        )
        self.take(event.model_dump_json())

    def take(self, payload: str) -> None:
        """Pass a notification on; an empty one is a hint."""
        if not payload:
            self.wake()
            return
        for callback in self._callbacks:
            callback(payload)


@dataclass
class Claims(Queries):
    """Claims under an id of its own, which a claim of unknown outcome ends.

    Jobs that were claimed by a lost answer count against the claimant's limit for ever; a new id has the whole limit,
    and the old one's jobs are handed out again when their heartbeat is too old.
    """

    concurrency: int = 1
    claimant: QueueManagerId = field(default_factory=lambda: QueueManagerId(uuid4()))

    async def dequeue(self, *args: Any, **kwargs: Any) -> list[Job]:
        assert isinstance(self.driver, PatientDriver)
        losses = self.driver.losses
        kwargs |= {"queue_manager_id": self.claimant, "global_concurrency_limit": self.concurrency}
        jobs = await super().dequeue(*args, **kwargs)
        if self.driver.losses != losses:
            self.claimant = QueueManagerId(uuid4())
        return jobs

    async def log_jobs(self, *args: Any, **kwargs: Any) -> None:
        """Note that jobs have ended, and look for others at once: there is room again."""
        await super().log_jobs(*args, **kwargs)
        assert isinstance(self.driver, PatientDriver)
        self.driver.wake()


@dataclass(kw_only=True)
class RestingManager(QueueManager):
    """A manager that ends by itself `rest_after` seconds after its last job."""

    rest_after: float
    _last_job: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    async def fetch_jobs(self, *args: Any, **kwargs: Any) -> AsyncGenerator[Job, None]:
        """Yield the jobs that are ready; end the manager where there have been none for a while."""
        now = asyncio.get_running_loop().time
        async for job in super().fetch_jobs(*args, **kwargs):
            self._last_job = now()
            yield job
        if self.job_context:
            self._last_job = now()
        elif now() - self._last_job >= self.rest_after:
            self.shutdown.set()

    async def verify_structure(self) -> None:
        """Do without: the migrations made the tables, and a manager begins with every job after a rest."""


def queue_names(service: str) -> DBSettings:
    """Name every object of the queue here, since pgqueuer takes each missing name from the environment."""
    return DBSettings(
        prefix="",
        db_schema=service,
        channel=Channel(f"{service}_jobs"),
        function="fn_pgqueuer_changed",
        statistics_table="pgqueuer_statistics",
        queue_status_type="pgqueuer_status",
        queue_table="pgqueuer",
        queue_table_log="pgqueuer_log",
        trigger="tg_pgqueuer_changed",
        schedules_table="pgqueuer_schedules",
        durability=Durability.balanced,
        widen_id=False,
    )
