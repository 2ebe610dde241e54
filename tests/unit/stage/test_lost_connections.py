"""Whatever the driver says of a connection that went, the loops of a process outlive it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any, cast

import pytest
from asyncpg import exceptions
from structlog.testing import capture_logs

from services.coordinator.watch.hub import Hub
from services.coordinator.watch.tailer import Tailer
from services.kernel.tasks import cancel, every
from services.stage.adapters import queue_driver
from services.stage.adapters.job_queue import JobQueue
from services.stage.adapters.queue_driver import PatientDriver
from tests.fakes.stage_work import quick_settings
from tests.waiting import until

LOST = [
    exceptions.InternalClientError("cannot switch to state 12; another operation is in progress"),
    exceptions.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    exceptions.InterfaceError("connection is closed"),
    exceptions.AdminShutdownError("terminating connection due to administrator command"),
    exceptions.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction"),
    exceptions.DiskFullError("could not extend file"),
    exceptions.TooManyConnectionsError("too many clients"),
    exceptions.ProtocolError("unexpected"),
]


class LosingPool:
    """Loses the first connections, each in its own way."""

    def __init__(self, errors: list[Exception]) -> None:
        self.errors = list(errors)
        self.answers = 0

    def _answer(self) -> Any:
        if self.errors:
            raise self.errors.pop()
        self.answers += 1
        return []

    async def execute(self, *_: Any, **__: Any) -> Any:
        return self._answer()

    fetch = fetchrow = fetchval = execute


@pytest.fixture
def pool() -> LosingPool:
    return LosingPool(LOST)


async def test_the_tellers_of_jobs_outlive_it(pool: LosingPool) -> None:
    settings = quick_settings("postgresql://nobody@127.0.0.1:1/none", "127.0.0.1:1")
    queue = JobQueue(cast("Any", pool), "transcription", settings)
    await outlived(queue.run_hints(), pool, queue.hint)


async def test_the_tellers_of_changes_outlive_it(pool: LosingPool) -> None:
    tailer = Tailer(cast("Any", pool), Hub(), lambda _: None)
    await outlived(tailer.tell_others(), pool, lambda: tailer.committed(10, []))


async def test_steps_outlive_it_and_say_once_why(pool: LosingPool) -> None:
    with capture_logs() as logs:
        await outlived(every(timedelta(milliseconds=1), pool.execute, "step"), pool, lambda: None)
    said = [line["why"] for line in logs if line["event"] == "loop_waits"]
    assert all(one != next_ for one, next_ in pairwise(said))
    assert [line["event"] for line in logs].count("loop_goes_on") == 1
    assert not [line for line in logs if line["log_level"] == "error"]


async def test_the_queue_tries_again_until_it_is_answered(
    pool: LosingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_driver, "PAUSE", 0.001)
    driver = PatientDriver(cast("Any", pool))
    assert await driver._patiently(pool.fetch) == []
    assert driver.losses == len(LOST)


async def outlived(loop: Any, pool: LosingPool, ask: Callable[[], object]) -> None:
    """Run a loop until it was answered after all losses; it must not have ended."""
    task = asyncio.ensure_future(loop)

    def answered() -> bool:
        ask()
        return task.done() or pool.answers > 0

    await until(answered, "the loop goes on")
    assert not task.done()
    await cancel(task)
