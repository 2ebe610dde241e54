"""Child processes for heavy work: one that is no longer needed is killed, and none outlives its parent."""

import asyncio
import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import structlog
from pebble import ProcessExpired, ProcessPool

from services.transcription.domain import RecognitionTimedOut, WorkerDied

log = structlog.get_logger()

T = TypeVar("T")

START_SECONDS = 120.0
"""How long a child may take to prepare itself."""

READY_SECONDS = 10.0
"""How long one that is prepared may take to say that it is there."""

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """When a child is replaced.

    It may take `start` seconds to prepare itself, and `ready` to say that it is there before it
    gets work; while it works, it may use no processor at all for `stuck` seconds. After `runs` pieces of work it
    makes way for a fresh one, since libraries leak.
    """

    start: float = START_SECONDS
    ready: float = READY_SECONDS
    stuck: float = 60.0
    runs: int = 200


class Children:
    """Runs functions of modules in child processes; use it with `async with`.

    A child starts when it is first needed, calls `prepare` and stays. It is asked whether it is
    there before it gets work, and watched while it has some: one that is stuck, cancelled, out of
    time, dead or old is replaced. None outlives the thread that made it work, and so none outlives this process.

    A child has the priority of this process. A lower one would cost speech most of the processor wherever something
    else is busy (a nice level of 5 leaves it a quarter), and spares nobody much: what answers requests sleeps most of
    the time, and the scheduler lets it go first.
    """

    def __init__(
        self,
        prepare: Callable[[], None],
        *,
        processes: int,
        timeout_seconds: float,
        replacement: Replacement | None = None,
    ) -> None:
        """Work on up to `processes` calls at once, on each at most `timeout_seconds`."""
        self._prepare = prepare
        self._processes = processes
        self._timeout = timeout_seconds
        self._replacement = replacement or Replacement()
        # A pool per child, so that one that breaks takes no other along; the last used goes first,
        # so that children nobody needs never start.
        self._idle: asyncio.LifoQueue[_Child] = asyncio.LifoQueue()
        for _ in range(processes):
            self._idle.put_nowait(_Child(prepare))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        """Wait for the calls under way, then end the children; this ends with them."""
        for _ in range(self._processes):
            child = await self._idle.get()
            await child.end()

    async def run(self, function: Callable[[], T]) -> T:
        """Return what the function returns, or raise what it raises; raises WorkerDied, RecognitionTimedOut.

        The wait for a child that is free and prepared is no part of its time. Cancelling kills the child.
        """
        child = await self._idle.get()
        try:
            child = await self._prepared(child)
            return await child.run(function, self._timeout, self._replacement.stuck)
        finally:
            self._idle.put_nowait(child)

    async def _prepared(self, child: "_Child") -> "_Child":
        """Return a child that answers: this one, or another in its place; raises WorkerDied."""
        limits = self._replacement
        if child.began:
            if child.runs < limits.runs and await child.answers(limits.ready):
                return child
            await child.end()
            child = _Child(self._prepare)
        if not await child.answers(limits.start):
            await child.end()
            raise WorkerDied(f"a speech process did not start within {limits.start:g} s")
        return child


class _Child:
    """One child process, which starts when it is first asked something."""

    def __init__(self, prepare: Callable[[], None]) -> None:
        self.began = False
        self._pid = 0
        self.runs = 0
        self._pool = ProcessPool(
            max_workers=1,
            initializer=_prepare,
            initargs=(os.getpid(), prepare),
            context=multiprocessing.get_context("spawn"),
        )

    async def answers(self, seconds: float) -> bool:
        """Tell whether it is there and prepared, waiting so long for that."""
        self.began = True
        if not self._pool.active:
            return False
        try:
            async with asyncio.timeout(seconds):
                self._pid = await asyncio.wrap_future(self._pool.schedule(os.getpid))
        except (TimeoutError, ProcessExpired, BrokenProcessPool) as error:
            log.warning("child_does_not_answer", pid=self._pid, seconds=seconds, error=repr(error))
            return False
        return True

    async def run(self, function: Callable[[], T], timeout_seconds: float, stuck: float) -> T:
        """Return what the function returns; raises what it raises, WorkerDied, RecognitionTimedOut."""
        self.runs += 1
        result = asyncio.wrap_future(self._pool.schedule(function, timeout=timeout_seconds))
        used = -1
        try:
            while not (await asyncio.wait([result], timeout=stuck))[0]:
                before, used = used, _processor_time(self._pid)
                if used == before:
                    await self.end()
                    raise WorkerDied(f"the speech process did nothing for {stuck:g} s")
            return result.result()
        except TimeoutError as error:
            raise RecognitionTimedOut(
                f"the recording was not done after {timeout_seconds:.0f} s"
            ) from error
        except (ProcessExpired, BrokenProcessPool) as error:
            raise WorkerDied("the speech process ended before the recording was done") from error
        finally:
            result.cancel()

    async def end(self) -> None:
        """End the process, whatever it does."""
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


def _processor_time(pid: int) -> int:
    """Return the time that all threads of a process have used, in ticks; 0 where it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    fields = stat.rpartition(")")[2].split()  # its name may hold blanks
    return int(fields[11]) + int(fields[12])


def _prepare(parent: int, prepare: Callable[[], None]) -> None:
    """Make this child end with its parent, then prepare it for its work."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # the parent ended before it was asked for
    prepare()
