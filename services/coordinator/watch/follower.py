"""The one walk over the ring: all who follow the log are a cursor that this moves on."""

import asyncio
import enum
from typing import Self

from services.coordinator.watch.domain import Filter, Published
from services.coordinator.watch.hub import Hub, Slice


class News(enum.Enum):
    """What a follower has before it."""

    CHANGES = "CHANGES"
    """There are changes behind the cursor, in the ring."""
    MISSED = "MISSED"
    """The ring no longer has what comes next: it must be read elsewhere."""
    NOTHING = "NOTHING"
    """The time is up."""
    DRAINING = "DRAINING"
    """The replica stops."""


class Follower:
    """A cursor in the log, at its head when it is made: what is read after that misses nothing.

    It is woken with its cohort, and must be left by the end of its block.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._cohort = hub.join()
        self.cursor = self._cohort.visible
        """Everything up to this revision has been taken."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hub.leave(self._cohort)

    async def next(self, until: float) -> News:
        """Wait for what comes next, at most until the loop's time `until`."""
        hub, cohort = self._hub, self._cohort
        while True:
            if hub.draining:
                return News.DRAINING
            if self.cursor < hub.oldest:
                return News.MISSED
            if cohort.visible > self.cursor:
                return News.CHANGES
            try:
                async with asyncio.timeout_at(until):
                    await hub.newer(cohort, self.cursor)
            except TimeoutError:
                return News.NOTHING

    async def next_of(self, filter_: Filter, until: float) -> tuple[News, list[Published]]:
        """Wait for changes that match, and move the cursor behind them, or behind what was missed."""
        while True:
            news = await self.next(until)
            if news is News.MISSED:
                # Not to where the cohort sees: that may lie behind the ring as well until its turn comes.
                self.cursor = max(self._cohort.visible, self._hub.oldest)
            if news is not News.CHANGES:
                return news, []
            changes = [change for change in self.take() if filter_.matches(change)]
            if changes:
                return news, changes

    def take(self) -> list[Published]:
        """Return all changes up to where the cohort sees, and move the cursor there."""
        after, self.cursor = self.cursor, self._cohort.visible
        return self._hub.changes(after, self.cursor)

    def slice(self, filter_: Filter) -> Slice:
        """Join the matching changes up to where the cohort sees; the cursor stays until they are taken."""
        return self._hub.slice(filter_, self.cursor, self._cohort.visible)
