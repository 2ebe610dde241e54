"""A watch as server-sent events, the way a browser's EventSource reads them.

Once its stream has begun, an EventSource sees neither status nor trailers, and it comes again by itself with the id it
saw last. So the token is the id, and what a gRPC stream says by its status is an event here.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import watch_pb2

from services.coordinator.watch import resume_tokens as tokens
from services.coordinator.watch.watches import WatchEnded, Watches, WatchRequest
from services.kernel.errors import DomainError, InvalidInput, LimitReached, OutOfRange, WrongState

RETRY_MILLISECONDS = 1_000
CACHED = 32
CHANGES_AT_ONCE = 16
"""A change takes a tenth of a millisecond to become JSON, and a frame may hold hundreds: others get their turn between."""
MOST_RESETS = 3
"""A stream that has to begin anew more often falls behind faster than it reads."""
END_SECONDS = 5

_NAMES = {
    watch_pb2.FRAME_KIND_SNAPSHOT: "snapshot",
    watch_pb2.FRAME_KIND_SNAPSHOT_END: "snapshot_end",
    watch_pb2.FRAME_KIND_CHANGES: "changes",
    watch_pb2.FRAME_KIND_END: "end",
}

BEGIN = b"retry: %d\n\n" % RETRY_MILLISECONDS
"""Says how long a browser waits before it comes again."""

WriteEvent = Callable[[bytes], Awaitable[None]]


class EventWatches:
    """Serves watches as events; frames that watchers share are turned into JSON once."""

    def __init__(self, watches: Watches) -> None:
        self._watches = watches
        self._one = asyncio.Lock()
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
            if ended.reason == watch_pb2.END_REASON_SLOW:
                await _end_slow(write, ended.token)

    async def _resume(self, request: WatchRequest, token: str, write: WriteEvent) -> None:
        """Watch from the token, or from a snapshot where that fails; raises WatchEnded."""

        async def write_frame(frame: bytes) -> None:
            await write(await self._event_of(frame))

        for _ in range(MOST_RESETS + 1):
            try:
                request = replace(request, token=tokens.resumed(token))
                await self._watches.watch(request, write_frame)
            except (InvalidInput, OutOfRange, WrongState) as refusal:
                await self._write_in_time(write, reset_of(refusal))
                token = ""
        raise LimitReached("the stream fell behind the log again and again: connect anew")

    async def _event_of(self, frame: bytes) -> bytes:
        made = self._made.get(frame)
        if made is None:
            made = self._made[frame] = asyncio.create_task(self._make(frame))
            if len(self._made) > CACHED:
                self._made.popitem(last=False)
        return await asyncio.shield(made)

    async def _make(self, frame: bytes) -> bytes:
        async with self._one:
            return await event_of(frame)

    async def _write_in_time(self, write: WriteEvent, event: bytes) -> None:
        try:
            async with asyncio.timeout(self._watches.limits.watch_slow.total_seconds()):
                await write(event)
        except TimeoutError:
            raise WatchEnded(watch_pb2.END_REASON_SLOW, "") from None


async def event_of(frame: bytes) -> bytes:
    """Return an encoded WatchStatusResponse as an event; a heartbeat as a comment that moves the id."""
    message = pb.WatchStatusResponse.FromString(frame)
    token = f"id: {message.resume_token}\n" if message.resume_token else ""
    if message.kind == watch_pb2.FRAME_KIND_HEARTBEAT:
        return f": heartbeat\n{token}\n".encode()
    changes = []
    for place, change in enumerate(message.changes, 1):
        changes.append(json.dumps(_as_dict(change), ensure_ascii=False))
        if place % CHANGES_AT_ONCE == 0:
            await asyncio.sleep(0)
    del message.changes[:]
    rest = _as_dict(message)
    del rest["changes"]
    data = f'{{"changes": [{", ".join(changes)}], {json.dumps(rest)[1:]}'
    return f"event: {_NAMES[message.kind]}\n{token}data: {data}\n\n".encode()


def _as_dict(message: Message) -> dict[str, Any]:
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def reset_of(refusal: DomainError) -> bytes:
    """Return the event that says: forget what you know; a snapshot follows. The browser forgets its id."""
    data = json.dumps({"reason": refusal.reason or "INVALID_TOKEN", "message": str(refusal)})
    return f"event: reset\nid:\ndata: {data}\n\n".encode()


async def _end_slow(write: WriteEvent, token: str) -> None:
    """Say why to a reader that took nothing, if it takes that; else leave so that the stream is reset."""
    last = pb.WatchStatusResponse(
        kind=watch_pb2.FRAME_KIND_END, resume_token=token, end_reason=watch_pb2.END_REASON_SLOW
    )
    try:
        async with asyncio.timeout(END_SECONDS):
            await write(await event_of(last.SerializeToString()))
    except Exception:
        raise asyncio.CancelledError from None
