"""Waits for a bot as a watcher does: woken by the log when the bot has changed, never by looking again and again."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

from services.coordinator.state.bot import BotId
from services.coordinator.watch.domain import Filter
from services.coordinator.watch.follower import Follower, News
from services.coordinator.watch.hub import Hub


class LogBotWaits:
    """Implements BotWaits over the fan-out of the log."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def changes(self, bot_id: BotId, wait: timedelta) -> AsyncGenerator[None, None]:
        until = asyncio.get_running_loop().time() + wait.total_seconds()
        filter_ = Filter(everything=False, topics=frozenset({bot_id}))
        # Followed from before the first look, so that what changes after it is seen.
        with Follower(self._hub) as follower:
            yield
            while True:
                news, _ = await follower.next_of(filter_, until)
                if news in (News.NOTHING, News.DRAINING):
                    return
                yield
