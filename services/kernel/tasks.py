"""Background loops of a process: they outlive their errors, and end together."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from services.kernel.outage import Outage

AGAIN_SECONDS = 1.0


async def every(interval: timedelta, step: Callable[[], Awaitable[object]], name: str) -> None:
    """Run `step` for ever, `interval` apart; an error is logged and the next turn tries again."""
    outage = Outage(name)
    while True:
        with outage.outlived():
            await step()
        await asyncio.sleep(interval.total_seconds())


async def cancel(*tasks: "asyncio.Task[object] | None") -> None:
    """Cancel tasks and wait until they have ended; one that did not take it is cancelled again."""
    running = {task for task in tasks if task is not None}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=AGAIN_SECONDS)
