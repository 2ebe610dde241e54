"""Waiting for the end of a run, or for changes of a bot, as a watcher does: woken by the log."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import assert_never

from services.coordinator.state.bot import BotId
from services.coordinator.watch.domain import Filter, Published
from services.coordinator.watch.follower import Follower, News
from services.coordinator.watch.hub import Hub
from services.coordinator.watch.repository import has_ended
from services.coordinator.wire.frames import read_element
from services.kernel.errors import UpstreamUnavailable
from services.kernel.outage import Outage
from services.kernel.postgres import ConnectionOrPool
from services.status.domain import RunId

LOOK_AGAIN = timedelta(seconds=5)
"""When the row is read again. The log tells every end; this is for a waiter that could not read the row."""


class LogRunEnds:
    """Implements RunEnds over the fan-out of the log."""

    def __init__(
        self, pool: ConnectionOrPool, hub: Hub, *, look_again: timedelta = LOOK_AGAIN
    ) -> None:
        self._pool = pool
        self._hub = hub
        self._look_again = look_again.total_seconds()

    async def wait(self, run_id: RunId) -> None:
        # Followed from before the row is read, so that no end in between is missed.
        outage = Outage(f"wait for {run_id}")
        with Follower(self._hub) as follower:
            while True:
                with outage.outlived():
                    if await has_ended(self._pool, run_id):
                        return
                await self._follow(follower, run_id)

    async def _follow(self, follower: Follower, run_id: RunId) -> None:
        """Return once the row is worth a look: the log has the end of the run, may have had it, or was silent for long."""
        until = asyncio.get_running_loop().time() + self._look_again
        filter_ = Filter(everything=False, topics=frozenset({run_id}))
        while True:
            news, changes = await follower.next_of(filter_, until)
            match news:
                case News.CHANGES:
                    if any(_is_end(change, run_id) for change in changes):
                        return
                case News.MISSED | News.NOTHING:
                    return
                case News.DRAINING:
                    raise UpstreamUnavailable(
                        f"this replica stops, run {run_id} goes on: repeat the call",
                        reason="DRAIN",
                        metadata={"run_id": run_id},
                    )
                case _:
                    assert_never(news)


def _is_end(change: Published, run_id: RunId) -> bool:
    events = read_element(change.element).events
    return any(event.run.run_id == run_id and event.run.HasField("end_time") for event in events)


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
