"""A watch as server-sent events."""

import asyncio
import contextlib
import json
from datetime import timedelta
from typing import Any, cast

import pytest
from potok.coordinator.v1 import watch_pb2

from services.coordinator.settings import Limits
from services.coordinator.watch.domain import Filter, WatchEnded, WatchRequest
from services.coordinator.watch.resume_tokens import ResumeToken
from services.coordinator.watch.server_sent import EventWatches
from services.coordinator.watch.watches import Watches
from services.coordinator.wire.frames import EndReason
from services.coordinator.wire.server_sent import event_of
from services.kernel.clock import utc_now
from services.kernel.errors import LimitReached, OutOfRange
from tests.builders.coordinator import a_frame
from tests.event_stream import lines_of


async def test_a_frame_that_watchers_share_becomes_an_event_once() -> None:
    watches = EventWatches(cast("Watches", None))
    frame = a_frame(watch_pb2.FRAME_KIND_CHANGES, resume_token="t7")
    one, other = await asyncio.gather(watches._event_of(frame), watches._event_of(bytes(frame)))

    assert one is other


class FakeWatches:
    """Ends every watch with an error; a writer is slow when it takes more than no time."""

    limits = Limits(watch_slow=timedelta(milliseconds=10))

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.tokens: list[object] = []

    async def watch(self, request: WatchRequest, _: object) -> None:
        self.tokens.append(request.token)
        raise self._error


def a_request() -> WatchRequest:
    return WatchRequest(
        filter_=Filter(everything=True),
        token=None,
        latest=False,
        heartbeat=timedelta(seconds=1),
        ledger=None,
        expires_at=utc_now() + timedelta(hours=1),
    )


async def written(watches: FakeWatches, token: str = "") -> list[list[str]]:
    """Return the events that a watch writes; fails as it fails."""
    events: list[list[str]] = []

    async def write(event: bytes) -> None:
        events.append(lines_of(event))

    await EventWatches(cast("Watches", watches)).watch(a_request(), token, write)
    return events


async def test_a_slow_reader_is_told_if_it_reads_again() -> None:
    begin, (name, token, data) = await written(FakeWatches(WatchEnded(EndReason.SLOW, "t7")))

    assert begin == ["retry: 1000"]
    assert (name, token) == ("event: end", "id: t7")
    assert json.loads(data.removeprefix("data: "))["end_reason"] == "END_REASON_SLOW"


async def test_a_reader_that_takes_nothing_is_left() -> None:
    tries = 0

    async def write(_: bytes) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            await asyncio.Event().wait()
        raise ConnectionError

    watches = FakeWatches(AssertionError("is not reached"))
    with pytest.raises(asyncio.CancelledError):
        await EventWatches(cast("Watches", watches)).watch(a_request(), "", write)
    assert (tries, watches.tokens) == (2, [])


async def test_a_stream_that_falls_behind_again_and_again_is_given_up() -> None:
    watches = FakeWatches(OutOfRange("gone", reason="COMPACTED"))
    with pytest.raises(LimitReached):
        await written(
            watches, ResumeToken(epoch=b"e" * 8, revision=1, filter_digest=b"f" * 8).encode()
        )

    assert [token is None for token in watches.tokens] == [False, True, True, True]


class MakingSlowly(FakeWatches):
    """Ends a watch as slow while its second frame becomes an event."""

    async def watch(self, _request: WatchRequest, write: Any) -> None:
        await write(a_frame(watch_pb2.FRAME_KIND_CHANGES, resume_token="t1"))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.005):
                await write(a_frame(watch_pb2.FRAME_KIND_CHANGES, resume_token="t2"))
        raise WatchEnded(EndReason.SLOW, "t2")


async def test_a_frame_that_never_became_an_event_is_not_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def make(frame: bytes) -> bytes:
        if b"t2" in frame and b"t1" not in frame and not ending.is_set():
            ending.set()
            await asyncio.Event().wait()
        return await event_of(frame)

    ending = asyncio.Event()
    monkeypatch.setattr("services.coordinator.watch.server_sent.event_of", make)
    events = await written(MakingSlowly(AssertionError("is not reached")))

    assert [line for event in events for line in event if line.startswith("id")] == [
        "id: t1",
        "id: t1",
    ]
