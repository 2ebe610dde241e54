"""Frames as server-sent events."""

import asyncio
import json

import pytest
from potok.coordinator.v1 import watch_pb2
from potok.status.v1 import event_pb2

from services.coordinator.wire.server_sent import CHANGES_AT_ONCE, event_of, reset_of
from services.kernel.errors import OutOfRange
from tests.builders.coordinator import a_frame
from tests.event_stream import lines_of


async def test_an_event_has_a_name_the_token_as_id_and_one_line_of_json() -> None:
    name, token, data = lines_of(
        await event_of(a_frame(watch_pb2.FRAME_KIND_CHANGES, resume_token="t7"))
    )

    assert (name, token) == ("event: changes", "id: t7")
    assert json.loads(data.removeprefix("data: "))["resume_token"] == "t7"


@pytest.mark.parametrize("text", ["two\nlines", "a\r\nb", "end\n\nevent: end", "Анна\u2028"])
async def test_no_text_in_a_frame_can_end_its_event(text: str) -> None:
    run = event_pb2.RunStatus(message=text)
    changes = [event_pb2.Change(events=[event_pb2.Event(run=run)])]
    name, data = lines_of(await event_of(a_frame(watch_pb2.FRAME_KIND_SNAPSHOT, changes=changes)))

    assert name == "event: snapshot"
    parsed = json.loads(data.removeprefix("data: "))
    assert parsed["changes"][0]["events"][0]["run"]["message"] == text


async def test_a_heartbeat_is_a_comment_that_moves_the_id() -> None:
    beat = lines_of(await event_of(a_frame(watch_pb2.FRAME_KIND_HEARTBEAT, resume_token="t7")))

    assert beat == [": heartbeat", "id: t7"]


async def test_every_kind_of_frame_has_an_event() -> None:
    for kind in watch_pb2.FrameKind.values():
        if kind != watch_pb2.FRAME_KIND_UNSPECIFIED:
            assert await event_of(a_frame(kind))


def test_a_reset_says_why_and_takes_the_id_away() -> None:
    name, token, data = lines_of(reset_of(OutOfRange("gone", reason="COMPACTED")))

    assert (name, token) == ("event: reset", "id:")
    assert json.loads(data.removeprefix("data: ")) == {"reason": "COMPACTED", "message": "gone"}


async def test_a_long_frame_lets_others_have_their_turn() -> None:
    changes = [event_pb2.Change(actor="somebody")] * (10 * CHANGES_AT_ONCE)
    making = asyncio.create_task(event_of(a_frame(watch_pb2.FRAME_KIND_CHANGES, changes=changes)))
    turns = 0
    while not making.done():
        await asyncio.sleep(0)
        turns += 1

    assert turns >= 10
