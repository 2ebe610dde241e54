"""Frames as server-sent events."""

import asyncio
import json
from datetime import timedelta
from typing import cast

import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import watch_pb2
from potok.status.v1 import event_pb2

from services.coordinator.settings import Limits
from services.coordinator.watch.hub import Filter
from services.coordinator.watch.resume_tokens import Token
from services.coordinator.watch.server_sent import CHANGES_AT_ONCE, EventWatches, event_of, reset_of
from services.coordinator.watch.watches import WatchEnded, Watches, WatchRequest
from services.kernel.clock import utc_now
from services.kernel.errors import LimitReached, OutOfRange


def a_frame(kind: "watch_pb2.FrameKind.ValueType", **fields: object) -> bytes:
    frame = pb.WatchStatusResponse(kind=kind, revision=7, **fields)  # type: ignore[arg-type]
    return frame.SerializeToString()


def lines(event: bytes) -> list[str]:
    text = event.decode()
    assert text.endswith("\n\n")
    return text[:-2].split("\n")


async def test_an_event_has_a_name_the_token_as_id_and_one_line_of_json() -> None:
    name, token, data = lines(
        await event_of(a_frame(watch_pb2.FRAME_KIND_CHANGES, resume_token="t7"))
    )

    assert (name, token) == ("event: changes", "id: t7")
    assert json.loads(data.removeprefix("data: "))["resume_token"] == "t7"


@pytest.mark.parametrize("text", ["two\nlines", "a\r\nb", "end\n\nevent: end", "Анна\u2028"])
async def test_no_text_in_a_frame_can_end_its_event(text: str) -> None:
    run = event_pb2.RunStatus(message=text)
    changes = [event_pb2.Change(events=[event_pb2.Event(run=run)])]
    name, data = lines(await event_of(a_frame(watch_pb2.FRAME_KIND_SNAPSHOT, changes=changes)))

    assert name == "event: snapshot"
    parsed = json.loads(data.removeprefix("data: "))
    assert parsed["changes"][0]["events"][0]["run"]["message"] == text


async def test_a_heartbeat_is_a_comment_that_moves_the_id() -> None:
    beat = lines(await event_of(a_frame(watch_pb2.FRAME_KIND_HEARTBEAT, resume_token="t7")))

    assert beat == [": heartbeat", "id: t7"]


async def test_every_kind_of_frame_has_an_event() -> None:
    for kind in watch_pb2.FrameKind.values():
        if kind != watch_pb2.FRAME_KIND_UNSPECIFIED:
            assert await event_of(a_frame(kind))


def test_a_reset_says_why_and_takes_the_id_away() -> None:
    name, token, data = lines(reset_of(OutOfRange("gone", reason="COMPACTED")))

    assert (name, token) == ("event: reset", "id:")
    assert json.loads(data.removeprefix("data: ")) == {"reason": "COMPACTED", "message": "gone"}


async def test_a_frame_that_watchers_share_becomes_an_event_once() -> None:
    watches = EventWatches(cast("Watches", None))
    frame = a_frame(watch_pb2.FRAME_KIND_CHANGES, resume_token="t7")
    one, other = await asyncio.gather(watches._event_of(frame), watches._event_of(bytes(frame)))

    assert one is other


async def test_a_long_frame_lets_others_have_their_turn() -> None:
    changes = [event_pb2.Change(actor="somebody")] * (10 * CHANGES_AT_ONCE)
    making = asyncio.create_task(event_of(a_frame(watch_pb2.FRAME_KIND_CHANGES, changes=changes)))
    turns = 0
    while not making.done():
        await asyncio.sleep(0)
        turns += 1

    assert turns >= 10


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
        wanted=Filter(everything=True),
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
        events.append(lines(event))

    await EventWatches(cast("Watches", watches)).watch(a_request(), token, write)
    return events


async def test_a_slow_reader_is_told_if_it_reads_again() -> None:
    begin, (name, token, data) = await written(
        FakeWatches(WatchEnded(watch_pb2.END_REASON_SLOW, "t7"))
    )

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
        await written(watches, Token(epoch=b"e" * 8, revision=1, watched=b"w" * 8).encode())

    assert [token is None for token in watches.tokens] == [False, True, True, True]
