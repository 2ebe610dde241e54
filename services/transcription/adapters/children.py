"""Child processes for heavy work: one that is no longer needed is killed, and none outlives its parent."""

import asyncio
import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from services.transcription.domain import RecognitionTimedOut, WorkerDied

T = TypeVar("T")

START_SECONDS = 120.0
"""How long a child may take to prepare itself."""

NICENESS = 5
"""Speech takes all the processor it can get, so what answers requests goes first."""

PR_SET_PDEATHSIG = 1


class Children:
    """Runs functions of modules in child processes; use it with `async with`.

    A child starts when it is first needed, calls `prepare` and stays. One that is
    cancelled, out of time or dead is replaced. None outlives the thread that made it work, and so
    none outlives this process.
    """

    def __init__(
        self, prepare: Callable[[], None], *, processes: int, timeout_seconds: float
    ) -> None:
        """Work on up to `processes` calls at once, on each at most `timeout_seconds`."""
        self._prepare = prepare
        self._processes = processes
        self._timeout = timeout_seconds
        # A pool per child, so that one that breaks takes no other along; the last used goes first,
        # so that children nobody needs never start.
        self._idle: asyncio.LifoQueue[ProcessPool] = asyncio.LifoQueue()
        for _ in range(processes):
            self._idle.put_nowait(self._new_pool())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        """Wait for the calls under way, then end the children; this ends with them."""
        for _ in range(self._processes):
            await asyncio.to_thread(_end, await self._idle.get())

    async def run(self, function: Callable[[], T]) -> T:
        """Return what the function returns, or raise what it raises; raises WorkerDied, RecognitionTimedOut.

        Cancelling kills the child.
        """
        pool = await self._idle.get()
        try:
            if not pool.active:
                await asyncio.to_thread(_end, pool)
                pool = self._new_pool()
            return await self._run(pool, function)
        finally:
            self._idle.put_nowait(pool)

    async def _run(self, pool: ProcessPool, function: Callable[[], T]) -> T:
        future = pool.schedule(function, timeout=self._timeout)
        try:
            async with asyncio.timeout(self._timeout + START_SECONDS) as limit:
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            if limit.expired():
                await asyncio.to_thread(_end, pool)  # its child never began
            raise RecognitionTimedOut(
                f"the recording was not done after {self._timeout:.0f} s"
            ) from error
        except (ProcessExpired, BrokenProcessPool) as error:
            raise WorkerDied("the speech process ended before the recording was done") from error

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=1,
            initializer=_prepare,
            initargs=(os.getpid(), self._prepare),
            context=multiprocessing.get_context("spawn"),
        )


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _prepare(parent: int, prepare: Callable[[], None]) -> None:
    """Make this child end with its parent, then prepare it for its work."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # the parent ended before it was asked for
    os.nice(NICENESS)
    prepare()
