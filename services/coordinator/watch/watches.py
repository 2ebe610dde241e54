"""WatchStatus: a snapshot, then everything that happens, resumable without loss.

A watcher owns a cursor and nothing else. What it gets lies encoded in the hub; behind the ring it reads pages from
Postgres, at most four watchers at a time. It never moves its cursor past what it has written.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.coordinator.commit.group import Entry
from services.coordinator.quota import Quota
from services.coordinator.settings import Limits
from services.coordinator.watch import resume_tokens as tokens
from services.coordinator.watch.hub import Cohort, Filter, Hub, Published, Slice, join
from services.coordinator.watch.repository import get_epoch, get_head, read_log, read_snapshot
from services.coordinator.watch.resume_tokens import Token
from services.coordinator.wire.folding import fold
from services.coordinator.wire.frames import EndReason, FrameKind, end_frame, frame, frame_element
from services.kernel.clock import utc_now
from services.kernel.errors import OutOfRange, WrongState
from services.kernel.postgres import ConnectionOrPool, Reading
from services.status.domain import DateRange

log = structlog.get_logger()

CATCH_UPS = 4
DEFAULT_HEARTBEAT = 15
LAST_WRITES_SECONDS = 2
"""On top of the spread of a drain."""

Write = Callable[[bytes], Awaitable[None]]


class WatchEnded(Exception):
    """The server ends the stream: why, and the token to resume with."""

    def __init__(self, reason: EndReason, token: str) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.token = token


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRequest:
    """What is watched, from where, and how; the watch ends when the caller's token expires."""

    wanted: Filter
    token: Token | None
    latest: bool
    heartbeat: timedelta
    ledger: DateRange | None
    expires_at: datetime


class Watches:
    """Serves the watchers of a replica."""

    def __init__(
        self,
        pool: ConnectionOrPool,
        reading: Reading,
        hub: Hub,
        limits: Limits,
        read_page: Callable[[ConnectionOrPool, int], Awaitable[list[tuple[int, Entry]]]] = read_log,
    ) -> None:
        self._pool = pool
        self._reading = reading
        self._hub = hub
        self._limits = limits
        self._read_page = read_page
        self._catch_ups = asyncio.Semaphore(CATCH_UPS)
        self._epoch = b""
        self._drain_at: float | None = None
        self._count = 0
        self._quota = Quota(limits.watches_per_user, "watches")
        self._gone = asyncio.Event()
        self._gone.set()

    async def start(self) -> None:
        """Learn the epoch of the log."""
        self._epoch = tokens.fingerprint(await get_epoch(self._pool))

    def admitted(self, user: str) -> AbstractContextManager[None]:
        """Count a watch of a user while the block runs; raises LimitReached where there are too many."""
        return self._quota.taken_by(user)

    async def watch(self, request: WatchRequest, write: Write) -> None:
        """Write frames until the stream is ended by raising WatchEnded.

        Raises OutOfRange or WrongState where the token cannot be resumed, before the first frame.
        """
        # The place in a cohort is taken before the snapshot is read, so that nothing in between is missed.
        cohort = self._hub.join()
        self._count += 1
        self._gone.clear()
        try:
            await _Watcher(self, request, write, cohort).run()
        finally:
            self._hub.leave(cohort)
            self._count -= 1
            if self._count == 0:
                self._gone.set()

    async def drain(self) -> None:
        """End all watches, spread over a while, and wait until they have gone."""
        loop = asyncio.get_running_loop()
        spread = self._limits.watch_drain.total_seconds()
        self._drain_at = loop.time() + spread
        self._hub.wake_all()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._drain_at + LAST_WRITES_SECONDS):
                await self._gone.wait()

    @property
    def draining(self) -> bool:
        """True once the replica stops."""
        return self._drain_at is not None

    async def check(self, token: Token, wanted: Filter) -> None:
        """Refuse a token that cannot be resumed without loss."""
        await self.start()  # the epoch may have been advanced since
        if token.epoch != self._epoch:
            raise WrongState(
                "resume_token: the log has begun anew since, take a snapshot",
                reason="EPOCH_CHANGED",
            )
        if token.watched != tokens.watched(wanted):
            raise WrongState(
                "resume_token: it belongs to a watch of something else, take a snapshot",
                reason="WATCH_CHANGED",
            )
        head = await get_head(self._pool)
        if token.revision > head.revision:
            raise WrongState(
                "resume_token: it lies in the future of this log, take a snapshot",
                reason="FUTURE_REVISION",
            )
        if token.revision < head.compacted:
            raise self.compacted(head.compacted)

    def compacted(self, compacted: int) -> OutOfRange:
        """Return the refusal of a cursor that the log no longer reaches."""
        return OutOfRange(
            "resume_token: the log no longer goes back so far, take a snapshot",
            reason="COMPACTED",
            metadata={"oldest_revision": str(compacted)},
        )

    async def page(self, cursor: int) -> list[Published]:
        """Read a page of the log behind a cursor that has fallen out of the ring."""
        async with self._catch_ups:
            page = await self._read_page(self._pool, cursor)
            head = await get_head(self._pool)
        if cursor < head.compacted:
            raise self.compacted(head.compacted)
        return [
            Published(revision, entry.owner, entry.topic, frame_element(entry.body, revision))
            for revision, entry in page
        ]

    def token(self, watched: bytes, revision: int) -> str:
        """Return the token of a cursor."""
        return Token(epoch=self._epoch, revision=revision, watched=watched).encode()

    @property
    def hub(self) -> Hub:
        """The ring to read from."""
        return self._hub

    @property
    def limits(self) -> Limits:
        """The waits."""
        return self._limits

    @property
    def reading(self) -> Reading:
        """Opens what the caller may see, for snapshots."""
        return self._reading


class _Watcher:
    """One stream."""

    def __init__(
        self, watches: Watches, request: WatchRequest, write: Write, cohort: Cohort
    ) -> None:
        self._watches = watches
        self._hub = watches.hub
        self._request = request
        self._write = write
        self._cohort = cohort
        self._watched = tokens.watched(request.wanted)
        self._cursor = 0
        self._token = ""
        """Of what was written last; empty before a snapshot is complete, which must not be resumed from."""
        loop = asyncio.get_running_loop()
        self._now = loop.time
        age = watches.limits.watch_age.total_seconds() * random.uniform(0.9, 1.1)  # noqa: S311
        self._expires_at = loop.time() + (request.expires_at - utc_now()).total_seconds()
        self._ends_at = min(loop.time() + age, self._expires_at)
        self._quiet_since = loop.time()
        self._drain_spread = random.uniform(  # noqa: S311
            0, watches.limits.watch_drain.total_seconds()
        )

    async def run(self) -> None:
        request = self._request
        if request.token is None:
            await self._snapshot()
        else:
            await self._watches.check(request.token, request.wanted)
            self._cursor = request.token.revision
            self._token = self._watches.token(self._watched, self._cursor)
        while True:
            await self._end_when_due()
            if self._cursor < self._hub.oldest:
                await self._catch_up()
            elif self._cohort.visible > self._cursor:
                await self._deliver()
            else:
                await self._wait()

    async def _snapshot(self) -> None:
        request = self._request
        snapshot = await read_snapshot(self._watches.reading, request.wanted, request.ledger)
        self._token, self._cursor = "", snapshot.revision
        for elements in snapshot.frames():
            kind = FrameKind.SNAPSHOT
            await self._write_in_time(frame(elements, kind, snapshot.revision, ""))
        await self._send(b"", FrameKind.SNAPSHOT_END)

    async def _deliver(self) -> None:
        """Write what the ring has up to where the cohort sees."""
        wanted, until = self._request.wanted, self._cohort.visible
        if self._request.latest:
            changes = self._hub.changes(self._cursor, until)
            folded = fold([(c.revision, c.element) for c in changes if wanted.matches(c)])
            self._cursor = until
            if folded.elements:
                await self._send(folded.elements, FrameKind.CHANGES, folded.count)
            return
        await self._send_slice(self._hub.slice(wanted, self._cursor, until))

    async def _catch_up(self) -> None:
        if self._request.latest:
            await self._snapshot()
            return
        page = await self._watches.page(self._cursor)
        while page:
            found = join(page, self._request.wanted, page[-1].revision)
            await self._send_slice(found)
            page = [change for change in page if change.revision > found.revision]

    async def _send_slice(self, found: Slice) -> None:
        self._cursor = found.revision
        if not found.elements:
            return
        token = self._watches.token(self._watched, self._cursor)
        if not found.frame:
            kind = FrameKind.CHANGES
            found.frame = frame(found.elements, kind, self._cursor, token)
        await self._write_in_time(found.frame)
        self._token = token

    async def _wait(self) -> None:
        """Wait for more, or until something else is due; a heartbeat says that the watch is alive."""
        heartbeat = self._request.heartbeat.total_seconds()
        until = min(self._quiet_since + heartbeat, self._ends_at)
        try:
            async with asyncio.timeout_at(until):
                await self._hub.newer(self._cohort, self._cursor)
        except TimeoutError:
            if self._now() >= self._quiet_since + heartbeat:
                await self._send(b"", FrameKind.HEARTBEAT)

    async def _end_when_due(self) -> None:
        if self._watches.draining:
            await asyncio.sleep(self._drain_spread)
            await self._end(EndReason.DRAIN)
        if self._now() >= self._expires_at:
            await self._end(EndReason.TOKEN_EXPIRED)
        if self._now() >= self._ends_at:
            await self._end(EndReason.AGE)

    async def _end(self, reason: EndReason) -> None:
        token = self._watches.token(self._watched, self._cursor)
        await self._write_in_time(end_frame(reason, token, self._cursor))
        raise WatchEnded(reason, token)

    async def _send(self, elements: bytes, kind: FrameKind, folded: int = 0) -> None:
        token = self._watches.token(self._watched, self._cursor)
        await self._write_in_time(frame(elements, kind, self._cursor, token, folded))
        self._token = token

    async def _write_in_time(self, frame: bytes) -> None:
        try:
            async with asyncio.timeout(self._watches.limits.watch_slow.total_seconds()):
                await self._write(frame)
        except TimeoutError:
            raise WatchEnded(EndReason.SLOW, self._token) from None
        self._quiet_since = self._now()
