"""Waits for a bot as a watcher does: woken by the hub when the bot has changed, never by looking again and again."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta

from services.coordinator.state.bot import BotId
from services.coordinator.watch.hub import Filter, Hub


class HubWaits:
    """Implements BotWaits; `stopping` says that the replica drains."""

    def __init__(self, hub: Hub, stopping: Callable[[], bool]) -> None:
        self._hub = hub
        self._stopping = stopping

    async def changes(self, bot_id: BotId, wait: timedelta) -> AsyncGenerator[None, None]:
        ends_at = asyncio.get_running_loop().time() + wait.total_seconds()
        wanted = Filter(everything=False, topics=frozenset({bot_id}))
        cohort = self._hub.join()
        try:
            # The place is taken first: what changes after the first look is seen.
            cursor = cohort.visible
            yield
            while not self._stopping():
                try:
                    async with asyncio.timeout_at(ends_at):
                        await self._hub.newer(cohort, cursor)
                except TimeoutError:
                    return
                missed = cursor < self._hub.oldest
                changes = [] if missed else self._hub.changes(cursor, cohort.visible)
                cursor = max(cursor, cohort.visible)
                if missed or any(wanted.matches(change) for change in changes):
                    yield
        finally:
            self._hub.leave(cohort)
