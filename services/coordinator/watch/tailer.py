"""Feeds the hub of a replica from the log: its own commits at once, those of others as Postgres tells of them."""

import asyncio
import uuid
from collections.abc import Callable, Sequence

from services.coordinator.commit.group import Entry
from services.coordinator.watch.hub import Hub
from services.coordinator.watch.repository import PAGE, get_head, notify, read_log
from services.kernel.outage import Outage
from services.kernel.postgres import ConnectionOrPool
from services.status.domain import Owner

CHANNEL = "potok_log"
POLL_SECONDS = 0.5
NOTIFY_SECONDS = 0.02
MOST_HELD = 64
"""Commits held back until the ones before them are known; beyond, they are read from the log."""


class Tailer:
    """Keeps the hub at the head of the log."""

    def __init__(
        self, pool: ConnectionOrPool, hub: Hub, changed_elsewhere: Callable[[Owner], None]
    ) -> None:
        self._pool = pool
        self._hub = hub
        self._changed_elsewhere = changed_elsewhere
        self._held: dict[int, Sequence[Entry]] = {}
        self._hint = asyncio.Event()
        self._committed = asyncio.Event()
        self._replica = uuid.uuid4().hex

    async def start(self) -> None:
        """Begin at the head of the log."""
        head = await get_head(self._pool)
        self._hub.start_at(head.revision)

    def committed(self, first: int, entries: Sequence[Entry]) -> None:
        """Take a commit of this replica. Lanes answer out of order; one that is early is held."""
        if first > self._hub.head + 1:
            if len(self._held) < MOST_HELD:
                self._held[first] = entries
        else:
            self._publish(first, entries)
        self._committed.set()

    def hint(self, replica: str) -> None:
        """Look at the log soon, unless the hint is this replica's own."""
        if replica != self._replica:
            self._hint.set()

    async def run(self) -> None:
        """Follow the log until cancelled: on every hint, and every half second without one."""
        seen = self._hub.head
        outage = Outage("tail")
        while True:
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._hint.wait()
            except TimeoutError:
                # Commits of this replica that joined on without a hole prove that nothing is missing.
                if self._hub.head > seen and not self._held:
                    seen = self._hub.head
                    continue
            self._hint.clear()
            with outage.outlived():
                await self._catch_up()
            seen = self._hub.head

    async def tell_others(self) -> None:
        """Hint the other replicas at commits of this one, at most fifty times a second, until cancelled."""
        outage = Outage("tell_others")
        while True:
            await self._committed.wait()
            self._committed.clear()
            with outage.outlived():
                await notify(self._pool, CHANNEL, self._replica)
            await asyncio.sleep(NOTIFY_SECONDS)

    async def _catch_up(self) -> None:
        while True:
            page = await read_log(self._pool, self._hub.head)
            # What the lanes published meanwhile is not published again.
            fresh = [entry for revision, entry in page if revision > self._hub.head]
            if fresh:
                self._publish(self._hub.head + 1, fresh)
                for entry in fresh:
                    self._changed_elsewhere(entry.owner)
            if len(page) < PAGE:
                return

    def _publish(self, first: int, entries: Sequence[Entry]) -> None:
        """Publish those of the entries that are new, then what was held because these were missing."""
        self._held[first] = entries
        while self._held:
            first = min(self._held)
            if first > self._hub.head + 1:
                return
            entries = self._held.pop(first)[self._hub.head + 1 - first :]
            if entries:
                self._hub.publish(self._hub.head + 1, entries)
