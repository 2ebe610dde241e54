"""Leases that are renewed for as long as the work under them goes on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

from services.kernel.tasks import cancel, every


@contextlib.asynccontextmanager
async def kept(lease: timedelta, renew: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Renew a lease three times as often as it would run out, until the block ends."""

    async def renewing() -> None:
        await asyncio.sleep(lease.total_seconds() / 3)
        await every(lease / 3, renew, "lease")

    task = asyncio.create_task(renewing())
    try:
        yield
    finally:
        await cancel(task)
