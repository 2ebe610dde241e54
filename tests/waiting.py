"""How tests wait: for what they can see, up to one deadline that only a broken thing reaches."""

import asyncio
import contextlib
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar, overload

import grpc

T = TypeVar("T")

PATIENCE = 120
"""Seconds to wait for what takes a moment: only a broken thing takes longer, however busy the machine is."""
LOOK_AGAIN = 0.01
"""Seconds between two looks."""


@contextlib.asynccontextmanager
async def in_time(what: str, seconds: float = PATIENCE) -> AsyncIterator[None]:
    """Give a block so long for what takes a moment; where it takes longer, it fails with `what` did not happen."""
    try:
        async with asyncio.timeout(seconds) as deadline:
            yield
    except TimeoutError:
        if deadline.expired():
            raise AssertionError(f"did not happen in {seconds} s: {what}") from None
        raise


@overload
async def until(condition: Callable[[], Awaitable[T | None]], what: str) -> T: ...


@overload
async def until(condition: Callable[[], T | None], what: str) -> T: ...


async def until(condition: Callable[[], Any], what: str) -> Any:
    """Look again until a condition, which may be awaitable, holds; return what it returned then.

    Fails after PATIENCE with `what` did not happen.
    """
    async with in_time(what):
        while True:
            found = condition()
            if inspect.isawaitable(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(LOOK_AGAIN)


def block_until(condition: Callable[[], object], what: str) -> None:
    """Do the same where there is no event loop."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"did not happen in {PATIENCE} s: {what}"
        time.sleep(LOOK_AGAIN)


async def until_ready(*channels: grpc.aio.Channel) -> None:
    """Wait until somebody answers at the other end of each channel."""
    async with in_time("a server answers"):
        for channel in channels:
            await channel.channel_ready()
