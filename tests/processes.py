"""Services as they are started: each a process of its own, which is told by its environment."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from deploy.local.folders import CHECKOUT
from tests.waiting import in_time

PYTHON = {"PYTHONPATH": f"{CHECKOUT}:{CHECKOUT}/gen"}


async def start_service(
    service: str, settings: Mapping[str, str], stderr: int | None = None
) -> Process:
    """Start a service with settings by their names without its prefix."""
    told = {f"POTOK_{service.upper()}_{name}": value for name, value in settings.items()}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"services.{service}"),
        cwd=CHECKOUT,
        env={**os.environ, **PYTHON, **told},
        stderr=stderr,
    )


async def refused_start(service: str, settings: Mapping[str, str]) -> str:
    """Start a service that must end at once with these settings; returns what it complains about."""
    process = await start_service(service, settings, stderr=PIPE)
    async with killed_at_last(process), in_time("the service has ended"):
        _, errors = await process.communicate()
    assert process.returncode == 1
    return errors.decode()


@contextlib.asynccontextmanager
async def killed_at_last(process: Process) -> AsyncIterator[Process]:
    """Hold a process until the block ends, which kills it."""
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def running_service(service: str, settings: Mapping[str, str]) -> AsyncIterator[Process]:
    """Run a service until the block ends; it must end well when it is asked to."""
    async with killed_at_last(await start_service(service, settings)) as process:
        yield process
        await stop(process)


async def stop(process: Process) -> None:
    """Ask a service to end, which must go well."""
    process.send_signal(signal.SIGTERM)
    async with in_time("the service has ended"):
        assert await process.wait() == 0


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and whose end nobody took does not."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
