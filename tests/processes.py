"""Services as they are started: each a process of its own, which is told by its environment."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping

from deploy.local.place import CHECKOUT

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
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
