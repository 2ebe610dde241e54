"""WatchStatus: a snapshot, then everything that happens, resumable without loss, for all watchers of a replica."""

import asyncio
import contextlib
from contextlib import AbstractContextManager

from services.coordinator.settings import Limits
from services.coordinator.watch.domain import WatchRequest
from services.coordinator.watch.follower import Follower
from services.coordinator.watch.hub import Hub
from services.coordinator.watch.stored_log import StoredLog
from services.coordinator.watch.watcher import Watcher, Write
from services.kernel.postgres import ConnectionOrPool, Reading
from services.kernel.presence import Presence
from services.kernel.quota import Quota

LAST_WRITES_SECONDS = 2
"""Seconds for the last writes, on top of the spread of a drain."""


class Watches:
    """Serves the watchers of a replica."""

    def __init__(
        self,
        pool: ConnectionOrPool,
        reading: Reading,
        hub: Hub,
        limits: Limits,
        presence: Presence,
    ) -> None:
        """`reading` opens what the caller may see, for snapshots."""
        self._presence = presence
        self._log = StoredLog(pool)
        self._reading = reading
        self._hub = hub
        self._limits = limits
        self._count = 0
        self._quota = Quota(limits.watches_per_user, "watches")
        self._gone = asyncio.Event()
        self._gone.set()

    async def start(self) -> None:
        """Learn the epoch of the log, which tokens name."""
        await self._log.start()

    def admitted(self, user: str) -> AbstractContextManager[None]:
        """Count a watch of a user while the block runs; raises LimitReached where there are too many."""
        return self._quota.taken_by(user)

    async def watch(self, request: WatchRequest, write: Write) -> None:
        """Write frames until the stream is ended by raising WatchEnded.

        Raises OutOfRange or WrongState where the token cannot be resumed, before the first frame.
        """
        self._count += 1
        self._gone.clear()
        try:
            # Followed from before the snapshot is read, so that nothing in between is missed.
            with Follower(self._hub) as follower:
                await Watcher(
                    self._log, self._reading, self._limits, self._presence, follower, request, write
                ).run()
        finally:
            self._count -= 1
            if self._count == 0:
                self._gone.set()

    async def drain(self) -> None:
        """End all watches, spread over a while, and wait until they have gone."""
        self._hub.drain()
        with contextlib.suppress(TimeoutError):
            spread = self._limits.watch_drain.total_seconds()
            async with asyncio.timeout(spread + LAST_WRITES_SECONDS):
                await self._gone.wait()

    @property
    def limits(self) -> Limits:
        """The limits of the watches."""
        return self._limits
