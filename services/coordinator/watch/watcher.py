"""One stream of a watch: a snapshot, then what happens, each frame with the token to go on from.

A watcher owns a cursor and nothing else: what it gets lies encoded in the hub. A token never says more than was written
before it.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, assert_never

from services.coordinator.settings import Limits
from services.coordinator.watch.domain import WatchEnded, WatchRequest
from services.coordinator.watch.follower import Follower, News
from services.coordinator.watch.hub import Slice, join
from services.coordinator.watch.repository import read_snapshot
from services.coordinator.watch.stored_log import StoredLog
from services.coordinator.wire.folding import fold
from services.coordinator.wire.frames import EndReason, FrameKind, end_frame, frame
from services.coordinator.wire.snapshots import snapshot_elements
from services.kernel.clock import utc_now
from services.kernel.postgres import Reading
from services.kernel.postgres_errors import SILENT, why_away
from services.kernel.presence import Presence

READ_SECONDS = 10
"""Seconds that one reading for a watcher may take; then the database counts as away."""

Write = Callable[[bytes], Awaitable[None]]
T = TypeVar("T")


async def read_in_time(reading: Coroutine[Any, Any, T], token: str) -> T:
    """Read for a watcher; where the database is away, raises WatchEnded with the token of what it has."""
    limit = asyncio.timeout(READ_SECONDS)
    try:
        async with limit:
            return await reading
    except Exception as error:
        why = SILENT if limit.expired() else why_away(error)
        if why is None:
            raise
        raise WatchEnded(EndReason.UNAVAILABLE, token, why) from None


class Watcher:
    """One stream."""

    def __init__(
        self,
        log: StoredLog,
        reading: Reading,
        limits: Limits,
        presence: Presence,
        follower: Follower,
        request: WatchRequest,
        write: Write,
    ) -> None:
        """`reading` opens what the caller may see, for snapshots."""
        self._log = log
        self._reading = reading
        self._presence = presence
        self._request = request
        self._write = write
        self._follower = follower
        self._filter_digest = request.filter_.digest
        self._token = ""
        """The token of what was handed to the writer last; empty while a snapshot is incomplete, which must not be resumed
        from. Where that write has no end, the end of the stream comes after what it wrote, or does not come: so whoever reads
        this token in it has got that too."""
        loop = asyncio.get_running_loop()
        self._now = loop.time
        age = limits.watch_age.total_seconds() * random.uniform(0.9, 1.1)  # noqa: S311
        self._expires_at = loop.time() + (request.expires_at - utc_now()).total_seconds()
        self._ends_at = min(loop.time() + age, self._expires_at)
        self._heartbeat = request.heartbeat.total_seconds()
        self._quiet_since = loop.time()
        self._slow = limits.watch_slow.total_seconds()
        self._drain_spread = random.uniform(0, limits.watch_drain.total_seconds())  # noqa: S311

    async def run(self) -> None:
        """Write frames until the stream ends, which raises WatchEnded; or refuse the token before the first."""
        request = self._request
        if request.token is None:
            await self._snapshot()
        else:
            token = request.token.encode()
            await read_in_time(self._log.check(request.token, request.filter_), token)
            self._follower.cursor = request.token.revision
            self._token = self._token_here()
        while True:
            await self.step()

    async def step(self) -> None:
        """Write what comes next: changes, or a heartbeat, which says that the watch is alive, or the end."""
        if self._now() >= self._ends_at:
            expired = self._now() >= self._expires_at
            await self._end(EndReason.TOKEN_EXPIRED if expired else EndReason.AGE)
        heartbeat_at = self._quiet_since + self._heartbeat
        news = await self._follower.next(min(heartbeat_at, self._ends_at))
        match news:
            case News.CHANGES:
                await self._deliver()
            case News.MISSED:
                await self._catch_up()
            case News.NOTHING:
                if self._now() < heartbeat_at:
                    return
                if self._presence.why:  # a heartbeat would say that all is well
                    raise WatchEnded(EndReason.UNAVAILABLE, self._token, self._presence.why)
                await self._send(b"", FrameKind.HEARTBEAT)
            case News.DRAINING:
                await asyncio.sleep(self._drain_spread)
                await self._end(EndReason.DRAIN)
            case _:
                assert_never(news)

    async def _snapshot(self) -> None:
        request = self._request
        reading = read_snapshot(self._reading, request.filter_, request.ledger)
        snapshot = await read_in_time(reading, self._token)
        self._token, self._follower.cursor = "", snapshot.revision
        for elements in snapshot_elements(snapshot.subjects, snapshot.revision, utc_now()):
            found = frame(elements, FrameKind.SNAPSHOT, snapshot.revision, "")
            await self._write_in_time(found, "")
        await self._send(b"", FrameKind.SNAPSHOT_END)

    async def _deliver(self) -> None:
        """Write what the ring has up to where the cohort sees."""
        filter_ = self._request.filter_
        if self._request.latest:
            changes = self._follower.take()
            folded = fold([(c.revision, c.element) for c in changes if filter_.matches(c)])
            if folded.elements:
                await self._send(folded.elements, FrameKind.CHANGES, folded.count)
            return
        await self._send_slice(self._follower.slice(filter_))

    async def _catch_up(self) -> None:
        """Write what the ring no longer has: from the log, or as a snapshot where only the newest states count."""
        if self._request.latest:
            await self._snapshot()
            return
        page = await read_in_time(self._log.page(self._follower.cursor), self._token)
        while page:
            found = join(page, self._request.filter_, page[-1].revision)
            await self._send_slice(found)
            page = [change for change in page if change.revision > found.revision]

    async def _send_slice(self, found: Slice) -> None:
        self._follower.cursor = found.revision
        if not found.elements:
            return
        token = self._token_here()
        if not found.frame:
            found.frame = frame(found.elements, FrameKind.CHANGES, found.revision, token)
        await self._write_in_time(found.frame, token)

    async def _end(self, reason: EndReason) -> None:
        token = self._token_here()
        await self._write_in_time(end_frame(reason, token, self._follower.cursor), token)
        raise WatchEnded(reason, token)

    async def _send(self, elements: bytes, kind: FrameKind, folded: int = 0) -> None:
        token = self._token_here()
        data = frame(elements, kind, self._follower.cursor, token, folded)
        await self._write_in_time(data, token)

    def _token_here(self) -> str:
        return self._log.token(self._filter_digest, self._follower.cursor)

    async def _write_in_time(self, data: bytes, token: str) -> None:
        self._token = token
        try:
            async with asyncio.timeout(self._slow):
                await self._write(data)
        except TimeoutError:
            raise WatchEnded(EndReason.SLOW, self._token) from None
        self._quiet_since = self._now()
