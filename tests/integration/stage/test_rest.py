"""A queue without jobs has no manager, and takes the next job all the same: hinted at, found, or come due."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from asyncpg import exceptions
from pgqueuer import Job

from services.stage.adapters.job_queue import JobQueue, parse_job
from services.stage.domain import ItemId
from services.stage.mapping import execution_from_pb
from tests.conftest import Database
from tests.fakes.stage_work import a_run_request, quick_settings
from tests.waiting import until

ROLE = "transcription_system"
WORK = "transcription.work"
EXECUTION = execution_from_pb(a_run_request())


class Restful:
    """A queue that rests after every job, and the items that were handed out."""

    def __init__(self, queue: JobQueue, pool: asyncpg.Pool) -> None:
        self.queue = queue
        self._pool = pool
        self.taken: list[ItemId] = []
        self.errors: list[Exception] = []
        """What the next jobs raise."""

    async def put(self, item: str, *, delay: float = 0, hint: bool = False) -> None:
        """Queue a job."""
        async with self._pool.acquire() as connection, connection.transaction():
            await self.queue.enqueue_work(
                connection, EXECUTION, [[ItemId(item)]], [timedelta(seconds=delay)]
            )
        if hint:
            self.queue.hint()

    async def take(self, job: Job) -> None:
        assert managers()
        if self.errors:
            raise self.errors.pop()
        self.taken.extend(parse_job(job).items)

    async def until_taken(self, item: str) -> None:
        """Wait until an item was handed out."""
        await until(lambda: item in self.taken, f"the job of {item} is taken")

    async def until_rested(self) -> None:
        """Wait until no manager is left."""
        await until(lambda: not managers(), "the queue rests")


def managers() -> list[str]:
    """Return the flushes of managers, which wake ten times a second."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith("TimedOverflowBuffer.")]


@contextlib.asynccontextmanager
async def resting(
    database: Database, poll: timedelta = timedelta(milliseconds=20)
) -> AsyncIterator[Restful]:
    """Run a queue that looks each `poll` and rests at once."""
    settings = quick_settings(database.dsn(ROLE), "", job_poll=poll, job_rest=timedelta(0))
    async with database.pool(ROLE) as pool:
        queue = JobQueue(pool, "transcription", settings)
        restful = Restful(queue, pool)
        hints = asyncio.create_task(queue.run_hints())
        work = asyncio.create_task(queue.run({WORK: restful.take}, 2))
        try:
            yield restful
        finally:
            queue.stop()
            await work
            hints.cancel()


async def test_jobs_nobody_hinted_at_are_taken_after_a_rest(database: Database) -> None:
    async with resting(database) as restful:
        for item in ("1", "2"):
            await restful.put(item)
            await restful.until_taken(item)
            await restful.until_rested()


async def test_a_hint_ends_a_rest_without_a_look(database: Database) -> None:
    async with resting(database, poll=timedelta(hours=1)) as restful:
        for item in ("1", "2"):
            await restful.put(item, hint=True)
            await restful.until_taken(item)
            await restful.until_rested()


async def test_a_job_is_taken_when_it_comes_due(database: Database) -> None:
    async with resting(database, poll=timedelta(hours=1)) as restful:
        await restful.put("1", hint=True)
        await restful.until_rested()
        await restful.put("later", delay=0.2)
        await restful.put("2", hint=True)
        await restful.until_taken("later")


async def test_a_job_that_met_no_database_is_done_again(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with resting(database) as restful:
        restful.errors = [
            exceptions.ConnectionDoesNotExistError("connection was closed"),
            exceptions.DeadlockDetectedError("deadlock detected"),
        ]
        await restful.put("1")
        await restful.until_taken("1")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_queue_at_rest_stops_at_once(database: Database) -> None:
    async with resting(database, poll=timedelta(hours=1)) as restful:
        await restful.until_rested()
    assert restful.taken == []
