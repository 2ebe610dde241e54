"""The speech engine that runs Whisper in child processes."""

import asyncio
import ctypes
import multiprocessing
import os
import signal
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Self

from pebble import ProcessExpired, ProcessPool

from services.transcription.adapters.listening import Listening
from services.transcription.adapters.model import SpeechModel
from services.transcription.domain import Recognition, TimedOut, WorkerDied

START_SECONDS = 120.0
"""How long a child may take to load the model."""

NICENESS = 5
"""Speech takes all the processor it can get; what answers requests goes first."""

PR_SET_PDEATHSIG = 1


class WhisperEngine:
    """Implements SpeechEngine; use it with `async with`.

    A child starts when it is first needed and stays. One that is cancelled, out of time or dead is
    replaced, and none outlives the thread that made the engine work, hence the process.

    As many processes as cores, two threads each, is a good choice: on two cores three calls of 137
    s together took 10.2 s, with one process of two threads 11.6 s, with two of one thread 10.9 s. A
    process needs about 460 MB.
    """

    def __init__(
        self, model: SpeechModel, listening: Listening, *, processes: int, timeout_seconds: float
    ) -> None:
        """Work on up to `processes` recordings at once, on each at most `timeout_seconds`."""
        self._model = model
        self._listening = listening
        self._processes = processes
        self._timeout = timeout_seconds
        # A pool per child, so that one that breaks takes no other along; the last used goes first,
        # so that children nobody needs never start.
        self._idle: asyncio.LifoQueue[ProcessPool] = asyncio.LifoQueue()
        for _ in range(processes):
            self._idle.put_nowait(self._new_pool())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Wait for the recordings in work, then end the children; the engine ends with them."""
        for _ in range(self._processes):
            await asyncio.to_thread(_end, await self._idle.get())

    async def transcribe(self, recording: Path, language: str) -> Recognition:
        pool = await self._idle.get()
        try:
            if not pool.active:
                await asyncio.to_thread(_end, pool)
                pool = self._new_pool()
            return await self._listen(pool, recording, language)
        finally:
            self._idle.put_nowait(pool)

    async def _listen(self, pool: ProcessPool, recording: Path, language: str) -> Recognition:
        job = (self._model, self._listening, recording, language)
        future = pool.schedule(_recognise, args=job, timeout=self._timeout)
        try:
            async with asyncio.timeout(self._timeout + START_SECONDS) as limit:
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            if limit.expired():
                await asyncio.to_thread(_end, pool)  # its child never began
            raise TimedOut(f"the recording was not done after {self._timeout:.0f} s") from error
        except (ProcessExpired, BrokenProcessPool) as error:
            raise WorkerDied("the speech process ended before the recording was done") from error

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=1,
            initializer=_prepare,
            initargs=(os.getpid(), self._model, self._listening),
            context=multiprocessing.get_context("spawn"),
        )


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _prepare(parent: int, model: SpeechModel, listening: Listening) -> None:
    """Make this child end with its parent, and load the model."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # the parent ended before it was asked for
    os.nice(NICENESS)
    os.environ["HF_HUB_OFFLINE"] = "1"
    from services.transcription.adapters import hearing

    hearing.load(model.directory, listening.threads)


def _recognise(
    model: SpeechModel, listening: Listening, recording: Path, language: str
) -> Recognition:
    from services.transcription.adapters import hearing

    return hearing.recognise(model, listening, recording, language)
