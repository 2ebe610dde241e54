"""The watch of the coordinator as one endless stream: it resumes by itself, without a gap or a repeat."""

import asyncio
import itertools
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta

import grpc
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc
from potok.coordinator.v1 import watch_pb2
from potok.status.v1.event_pb2 import Change

from potok_client.channels import error_info

FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 10.0
"""Bounds of the limit of a delay between tries: the limit doubles from the first to the second, and the delay is drawn
from 0 up to it (full jitter)."""
DEFAULT_HEARTBEAT_SECONDS = 15
"""What the server takes where the request names none."""
MISSED_HEARTBEATS = 3
"""The number of heartbeats for which a stream may be silent before it is given up and resumed."""

_NEEDS_SNAPSHOT = {"COMPACTED", "EPOCH_CHANGED", "FUTURE_REVISION", "WATCH_CHANGED"}
_FOR_GOOD = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.OUT_OF_RANGE,
}


class WatchLost(Exception):
    """Nothing came for longer than the patience of the watch, whatever was tried."""


class WatchBroken(Exception):
    """The server broke its promise that revisions only grow: what was folded cannot be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One thing that a watch says: changes, a heartbeat, or why nothing comes for the moment."""

    changes: tuple[Change, ...] = ()
    """What happened, in order of revision; none in a heartbeat."""
    revision: int = 0
    """Everything of this watch up to here was delivered."""
    resume_token: str = ""
    """Resumes after this update, also in another process."""
    reset: bool = False
    """`changes` are the whole current state: forget what was known before. The first update is one."""
    folded: int = 0
    """The number of older states that delivery LATEST left out."""
    lost: str = ""
    """Why the stream was lost, which resumes by itself; empty otherwise. Nothing else is in such an update."""


async def watch(
    replicas: Sequence[grpc.aio.Channel],
    request: pb.WatchStatusRequest,
    *,
    patience: timedelta = timedelta(minutes=10),
) -> AsyncGenerator[Update, None]:
    """Yield what happens, for ever: close it with `contextlib.aclosing`.

    Between two updates with `reset` no change is missing and none comes twice, across lost connections, ended streams
    and replicas. Where the server can no longer resume without loss, the next update has `reset` and the whole state.
    A snapshot is handed over whole or not at all.

    `replicas` serve the same log and are taken in turns. `request.resume_token` goes on where an earlier watch ended.

    Raises AioRpcError for what no retry mends (NOT_FOUND, INVALID_ARGUMENT, ...), WatchLost when nothing came for
    `patience`, WatchBroken when the server contradicts itself.
    """
    if not replicas:
        raise ValueError("replicas: a watch needs at least one channel")
    cursor = _Cursor(token=request.resume_token)
    loop = asyncio.get_running_loop()
    heard_at, tries = loop.time(), 0
    for replica in itertools.cycle(replicas):
        try:
            async with aclosing(_updates(replica, request, cursor)) as updates:
                async for update in updates:
                    yield update
                    heard_at, tries = loop.time(), 0
            why = f"the server ended the stream: {cursor.end}"
        except grpc.aio.AioRpcError as error:
            if cursor.token and error_info(error).reason in _NEEDS_SNAPSHOT:
                cursor.token = ""
                continue
            if error.code() in _FOR_GOOD:
                raise
            why = error.details() or error.code().name
        except TimeoutError:
            why = "the server fell silent"
        if loop.time() - heard_at > patience.total_seconds():
            raise WatchLost(why)
        yield Update(lost=why)
        await asyncio.sleep(_delay(tries))
        tries += 1


def _delay(tries: int) -> float:
    """Return how many seconds to wait after so many tries in vain."""
    # The exponent is bounded, a float is not for ever.
    limit = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** min(tries, 16))
    return random.uniform(0, limit)  # noqa: S311 - spreads load, keeps no secret


@dataclass(slots=True)
class _Cursor:
    """How far the consumer is, over all streams."""

    token: str
    revision: int = 0
    end: str = ""
    snapshot: list[Change] = field(default_factory=list)

    def begin(self) -> None:
        """Begin a stream; half a snapshot of the one before is worth nothing."""
        self.snapshot.clear()
        self.end = "without a word"
        if not self.token:
            self.revision = 0

    def take(self, frame: pb.WatchStatusResponse) -> Update | None:
        """Return what a frame means to the consumer; None where it means nothing yet."""
        match frame.kind:
            case watch_pb2.FRAME_KIND_SNAPSHOT:
                self.snapshot.extend(frame.changes)
                return None
            case watch_pb2.FRAME_KIND_SNAPSHOT_END:
                changes, self.snapshot = tuple(self.snapshot), []
                return self._moved(frame, changes, reset=True)
            case watch_pb2.FRAME_KIND_CHANGES | watch_pb2.FRAME_KIND_HEARTBEAT:
                self._check(frame)
                return self._moved(frame, tuple(frame.changes))
            case watch_pb2.FRAME_KIND_END:
                self.token = frame.resume_token or self.token
                self.end = watch_pb2.EndReason.Name(frame.end_reason).removeprefix("END_REASON_")
                return None
        return None  # a kind that a newer server knows

    def _check(self, frame: pb.WatchStatusResponse) -> None:
        last = self.revision
        for change in frame.changes:
            if change.revision <= last:
                raise WatchBroken(f"revision {change.revision} came after {last}")
            last = change.revision
        if frame.revision < last:
            raise WatchBroken(f"the server says {frame.revision} after {last}")

    def _moved(
        self, frame: pb.WatchStatusResponse, changes: tuple[Change, ...], *, reset: bool = False
    ) -> Update:
        self.revision, self.token = frame.revision, frame.resume_token
        return Update(
            changes=changes,
            revision=frame.revision,
            resume_token=frame.resume_token,
            reset=reset,
            folded=frame.folded,
        )


async def _updates(
    replica: grpc.aio.Channel, request: pb.WatchStatusRequest, cursor: _Cursor
) -> AsyncGenerator[Update, None]:
    """Yield the updates of one stream from the cursor on; raises what ended it, TimeoutError for silence."""
    resumed = pb.WatchStatusRequest()
    resumed.CopyFrom(request)
    resumed.resume_token = cursor.token
    heartbeat = request.heartbeat_seconds or DEFAULT_HEARTBEAT_SECONDS
    call = pb_grpc.CoordinatorServiceStub(replica).WatchStatus(resumed)
    cursor.begin()
    try:
        while True:
            async with asyncio.timeout(MISSED_HEARTBEATS * heartbeat):
                frame = await call.read()
            # The stubs say otherwise, but a stream that ended well reads as EOF, which is no frame.
            if not isinstance(frame, pb.WatchStatusResponse):
                return
            update = cursor.take(frame)
            if update is not None:
                yield update
            # Of a server that lacks something, the status that follows says what.
            unavailable = frame.end_reason == watch_pb2.END_REASON_UNAVAILABLE
            if frame.kind == watch_pb2.FRAME_KIND_END and not unavailable:
                return
    finally:
        call.cancel()  # an abandoned call is never collected, and the server would go on writing
