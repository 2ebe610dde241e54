"""A watch as server-sent events."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace

from services.coordinator.watch.domain import WatchEnded, WatchRequest
from services.coordinator.watch.resume_tokens import requested_token
from services.coordinator.watch.watches import Watches
from services.coordinator.wire.frames import EndReason, end_frame
from services.coordinator.wire.server_sent import BEGIN, event_of, id_of, reset_of
from services.kernel.errors import InvalidInput, LimitReached, OutOfRange, WrongState

CACHED = 32
MOST_RESETS = 3
"""Resets of one stream: one that has to begin anew more often falls behind faster than it reads."""
END_SECONDS = 5

WriteEvent = Callable[[bytes], Awaitable[None]]


class EventWatches:
    """Serves watches as events; frames that watchers share are turned into JSON once."""

    def __init__(self, watches: Watches) -> None:
        self._watches = watches
        self._one_at_a_time = asyncio.Lock()
        self._made: OrderedDict[bytes, asyncio.Task[bytes]] = OrderedDict()

    async def watch(self, request: WatchRequest, token: str, write: WriteEvent) -> None:
        """Write events until the stream has ended, with the event that says why.

        `token` is what the browser saw last, empty where that is nothing. One that cannot be resumed without loss is
        answered by `reset` and a snapshot, since a browser could not read a refusal.
        """
        try:
            await self._write_in_time(write, BEGIN)
            await self._resume(request, token, write)
        except WatchEnded as ended:
            if ended.reason in (EndReason.SLOW, EndReason.UNAVAILABLE):
                await _write_end(write, ended)

    async def end(self, ended: WatchEnded, write: WriteEvent) -> None:
        """Write nothing but the end of a watch that could not begin."""
        await write(BEGIN)
        await _write_end(write, ended)

    async def _resume(self, request: WatchRequest, token: str, write: WriteEvent) -> None:
        """Watch from the token, or from a snapshot where that fails; raises WatchEnded."""
        making, handed = False, token  # a frame that becomes an event is not handed over yet

        async def write_frame(frame: bytes) -> None:
            nonlocal making, handed
            making = True
            event = await self._event_of(frame)
            making, handed = False, id_of(event)
            await write(event)

        for _ in range(MOST_RESETS + 1):
            try:
                request = replace(request, token=requested_token(token))
                await self._watches.watch(request, write_frame)
            except (InvalidInput, OutOfRange, WrongState) as refusal:
                await self._write_in_time(write, reset_of(refusal))
                token = handed = ""
            except WatchEnded as ended:
                if not making:
                    raise
                raise WatchEnded(ended.reason, handed, ended.lacks) from None
        raise LimitReached("the stream fell behind the log again and again: connect anew")

    async def _event_of(self, frame: bytes) -> bytes:
        made = self._made.get(frame)
        if made is None:
            made = self._made[frame] = asyncio.create_task(self._make(frame))
            if len(self._made) > CACHED:
                self._made.popitem(last=False)
        return await asyncio.shield(made)

    async def _make(self, frame: bytes) -> bytes:
        async with self._one_at_a_time:
            return await event_of(frame)

    async def _write_in_time(self, write: WriteEvent, event: bytes) -> None:
        try:
            async with asyncio.timeout(self._watches.limits.watch_slow.total_seconds()):
                await write(event)
        except TimeoutError:
            raise WatchEnded(EndReason.SLOW, "") from None


async def _write_end(write: WriteEvent, ended: WatchEnded) -> None:
    """Tell a reader why its stream ends; one that does not take that either has its stream reset."""
    last = end_frame(ended.reason, ended.token)
    try:
        async with asyncio.timeout(END_SECONDS):
            await write(await event_of(last))
    except Exception:
        raise asyncio.CancelledError from None
