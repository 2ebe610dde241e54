"""Recordings decoded, and coded for browsers, in child processes: what decodes needs memory only while it does."""

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from services.call_sync.hearing.domain import CannotDecode, NotPlayable
from services.call_sync.hearing.ports import Coded
from services.recordings.domain import TooLarge

log = structlog.get_logger()

_PROGRAM = Path(__file__).with_name("coding.py")


class ChildCoder:
    """Implements Coder: each recording in a process of its own, which is killed after `timeout`."""

    def __init__(self, *, timeout: timedelta, longest: timedelta, max_bytes: int) -> None:
        """`longest` and `max_bytes` are how long and how large a recording may be."""
        self._timeout = timeout
        self._longest = longest
        self._max_bytes = max_bytes

    async def look(self, chunks: AsyncIterator[bytes]) -> bool:
        with self._folder() as folder:
            told = await self._run(chunks, folder, "look")
        return bool(told["played"])

    @contextlib.asynccontextmanager
    async def code(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[Coded]:
        with self._folder() as folder:
            coded = folder / "coded"
            told = await self._run(
                chunks, folder, "code", str(coded), str(self._longest.total_seconds())
            )
            yield Coded(
                file=None if told["played"] else coded,
                duration_seconds=told["seconds"],
                peaks=tuple(map(bytes.fromhex, told["peaks"])),
            )

    @contextlib.contextmanager
    def _folder(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="potok-hearing-") as folder:
            yield Path(folder)

    async def _spool(self, chunks: AsyncIterator[bytes], file: Path) -> None:
        size = 0
        with file.open("wb") as spooled:
            async for chunk in chunks:
                size += len(chunk)
                if size > self._max_bytes:
                    raise TooLarge(f"the recording is larger than {self._max_bytes} bytes")
                await asyncio.to_thread(spooled.write, chunk)

    async def _run(
        self, chunks: AsyncIterator[bytes], folder: Path, what: str, *more: str
    ) -> dict[str, Any]:
        """Return what the program tells of a recording; raises CannotDecode, or NotPlayable where it does not end well."""
        recording = folder / "recording"
        await self._spool(chunks, recording)
        # Not by the loop: it forks, which gRPC, whose threads are in this process, complains of.
        process = await asyncio.to_thread(
            subprocess.Popen,
            [sys.executable, "-I", str(_PROGRAM), what, str(recording), *more],
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            output, _ = await asyncio.to_thread(
                process.communicate, timeout=self._timeout.total_seconds()
            )
        except subprocess.TimeoutExpired:
            raise NotPlayable("the recording takes too long to decode") from None
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            log.warning("coding_broke", code=process.returncode)
            raise NotPlayable("the recording breaks what decodes it")
        told: dict[str, Any] = json.loads(output)
        if fault := told.get("fault"):
            raise CannotDecode(str(fault))
        return told
