"""The log as it is stored: whether a token can be resumed, what has left the ring, and how long all of it is kept."""

import asyncio
from datetime import timedelta

from services.coordinator.watch.domain import Filter, Published
from services.coordinator.watch.repository import (
    compact,
    delete_compacted,
    get_epoch,
    get_head,
    read_log,
)
from services.coordinator.watch.resume_tokens import ResumeToken, fingerprint
from services.coordinator.wire.frames import frame_element
from services.kernel.errors import OutOfRange, WrongState
from services.kernel.postgres import ConnectionOrPool

CATCH_UPS = 4
"""Watchers that read pages at a time: what has fallen far behind must not take the database from the others."""


COMPACTED_AT_ONCE = 5_000


class StoredLog:
    """Reads the log for all watchers of a replica."""

    def __init__(self, pool: ConnectionOrPool) -> None:
        self._pool = pool
        self._catch_ups = asyncio.Semaphore(CATCH_UPS)
        self._epoch = b""

    async def start(self) -> None:
        """Learn the epoch of the log."""
        self._epoch = fingerprint(await get_epoch(self._pool))

    async def check(self, token: ResumeToken, filter_: Filter) -> None:
        """Refuse a token that cannot be resumed without loss."""
        await self.start()  # the epoch may have been advanced since
        if token.epoch != self._epoch:
            raise WrongState(
                "resume_token: the log has begun anew since, take a snapshot",
                reason="EPOCH_CHANGED",
            )
        if token.filter_digest != filter_.digest:
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
            raise _compacted(head.compacted)

    async def page(self, cursor: int) -> list[Published]:
        """Read a page of the log behind a cursor that has fallen out of the ring."""
        async with self._catch_ups:
            page = await read_log(self._pool, cursor)
            head = await get_head(self._pool)
        if cursor < head.compacted:
            raise _compacted(head.compacted)
        return [
            Published(revision, entry.owner, entry.topic, frame_element(entry.body, revision))
            for revision, entry in page
        ]

    def token(self, filter_digest: bytes, revision: int) -> str:
        """Return the token of a cursor."""
        token = ResumeToken(epoch=self._epoch, revision=revision, filter_digest=filter_digest)
        return token.encode()


def _compacted(oldest: int) -> OutOfRange:
    """Return the refusal of a cursor that the log no longer reaches."""
    return OutOfRange(
        "resume_token: the log no longer goes back so far, take a snapshot",
        reason="COMPACTED",
        metadata={"oldest_revision": str(oldest)},
    )


async def compact_log(pool: ConnectionOrPool, retention: timedelta) -> None:
    """Raise the mark of the log, then delete what lies behind it in small batches."""
    await compact(pool, retention)
    while await delete_compacted(pool, COMPACTED_AT_ONCE) == COMPACTED_AT_ONCE:
        pass
