"""Whether the database of a process does its work, as one who asks it again and again sees it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from services.kernel.errors import DatabaseAway
from services.kernel.postgres_errors import SILENT, why_away

log = structlog.get_logger()

INTERVAL = timedelta(seconds=2)
"""Between two questions; a quarter of it where the last one had no good answer."""
PATIENCE = timedelta(seconds=4)
"""So long may questions go without a good answer before the database is called away: a restart passes unseen."""

Ask = Callable[[], Awaitable[None]]
"""Asks the database in bounded time; raises what is wrong."""


class Presence:
    """What readiness follows, and what calls that got no answer say."""

    def __init__(
        self, ask: Ask, *, interval: timedelta = INTERVAL, patience: timedelta = PATIENCE
    ) -> None:
        self._ask = ask
        self._interval = interval.total_seconds()
        self._patience = patience.total_seconds()
        self._changed = asyncio.Event()
        self._back_at: float | None = None
        self.why = ""
        """Why the database is away; empty while it is there."""

    def calm_for(self, least: timedelta) -> bool:
        """Return whether the database has been there for so long, or was never away since this process began.

        What was to be written meanwhile comes late, and is not lost yet: who judges by what is missing waits for it.
        Raises DatabaseAway while it is away.
        """
        if self.why:
            raise DatabaseAway(self.why)
        now = asyncio.get_running_loop().time()
        return self._back_at is None or now - self._back_at >= least.total_seconds()

    async def run(self) -> None:
        """Ask until cancelled; logs each change once."""
        now = asyncio.get_running_loop().time
        answered_at = now()
        while True:
            try:
                await self._ask()
            except Exception as error:
                if self.why or now() - answered_at >= self._patience:
                    self._set(why_away(error) or SILENT)
                await asyncio.sleep(self._interval / 4)
            else:
                answered_at = now()
                self._set("")
                await asyncio.sleep(self._interval)

    async def changed(self, known: str) -> str:
        """Return why the database is away once that is another reason than `known`."""
        while self.why == known:
            await self._changed.wait()
        return self.why

    def _set(self, why: str) -> None:
        if why == self.why:
            return
        if not why:
            self._back_at = asyncio.get_running_loop().time()
            log.info("database_back")
        elif not self.why:
            log.warning("database_away", why=why)
        self.why = why
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
