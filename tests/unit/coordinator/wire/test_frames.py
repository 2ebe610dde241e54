"""Frames built by hand are what the generated classes make."""

import struct

from potok.coordinator.v1 import coordinator_service_pb2, watch_pb2

from services.coordinator.state.days import Day
from services.coordinator.wire.events import event
from services.coordinator.wire.frames import (
    EndReason,
    FrameKind,
    change_tail,
    end_frame,
    frame,
    frame_element,
)
from services.status.domain import Owner, Stage
from tests.builders.coordinator import NOON


def test_a_frame_is_its_message() -> None:
    body = event(
        Day(owner=Owner("client:clinic"), stage=Stage.ANALYSIS, day="2026-11-20")
    ) + change_tail("analysis", NOON)
    data = frame(frame_element(body, 5), FrameKind.CHANGES, 6, "token", folded=2)
    read = coordinator_service_pb2.WatchStatusResponse.FromString(data)

    assert (read.revision, read.resume_token, read.folded) == (6, "token", 2)
    assert read.kind == watch_pb2.FRAME_KIND_CHANGES
    assert [(c.revision, c.actor, c.time.ToDatetime()) for c in read.changes] == [
        (5, "analysis", NOON.replace(tzinfo=None))
    ]
    assert struct.pack("<Q", 5) in data


def test_an_end_says_why_and_where_to_go_on() -> None:
    data = end_frame(EndReason.DRAIN, "token", 6)

    assert coordinator_service_pb2.WatchStatusResponse.FromString(
        data
    ) == coordinator_service_pb2.WatchStatusResponse(
        kind=watch_pb2.FRAME_KIND_END,
        revision=6,
        resume_token="token",
        end_reason=watch_pb2.END_REASON_DRAIN,
    )
