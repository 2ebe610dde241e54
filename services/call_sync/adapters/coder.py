"""Recordings decoded, and coded for browsers, in child processes: what decodes needs memory only while it does."""

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from services.call_sync.hearing.domain import NotPlayable
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

    @contextlib.asynccontextmanager
    async def code(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[Coded | str]:
        with tempfile.TemporaryDirectory(prefix="potok-hearing-") as folder:
            recording, coded = Path(folder, "recording"), Path(folder, "coded")
            await self._spool(chunks, recording)
            told = await self._run(recording, coded)
            if fault := told.get("fault"):
                yield str(fault)
            else:
                yield Coded(
                    file=coded if told["coded"] else None,
                    duration_seconds=told["seconds"],
                    peaks=tuple(map(bytes.fromhex, told["peaks"])),
                )

    async def _spool(self, chunks: AsyncIterator[bytes], file: Path) -> None:
        size = 0
        with file.open("wb") as spooled:
            async for chunk in chunks:
                size += len(chunk)
                if size > self._max_bytes:
                    raise TooLarge(f"the recording is larger than {self._max_bytes} bytes")
                await asyncio.to_thread(spooled.write, chunk)

    async def _run(self, recording: Path, coded: Path) -> dict[str, Any]:
        """Return what the program tells; raises NotPlayable where it does not come to an end."""
        program = [sys.executable, "-I", str(_PROGRAM), str(recording), str(coded)]
        program.append(str(self._longest.total_seconds()))
        # Not by the loop: it forks, which gRPC, whose threads are in this process, complains of.
        process = await asyncio.to_thread(
            subprocess.Popen,
            program,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            told, _ = await asyncio.to_thread(
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
        found: dict[str, Any] = json.loads(told)
        return found
