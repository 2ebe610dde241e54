"""Concurrent work whose results come in order."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from typing import Any, TypeVar

from services.kernel.tasks import cancel

T = TypeVar("T")


async def in_order(
    works: Iterable[Callable[[], Coroutine[Any, Any, T]]], ahead: int
) -> AsyncGenerator[T, None]:
    """Yield what each work returns, in their order, with `ahead` of them under way; the first error ends all."""
    running: deque[asyncio.Task[T]] = deque()
    try:
        for work in works:
            running.append(asyncio.create_task(work()))
            if len(running) == ahead:
                yield await running.popleft()
        while running:
            yield await running.popleft()
    finally:
        await cancel(*running)
