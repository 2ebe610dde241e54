"""What a watcher is sent: changes as the elements of frames, and the frames around them.

A frame is built around bytes that are there already, equal to what the generated classes would make. Protobuf fields may
come in any order, so the revision of a change, known last, is put last.
"""

import struct
from datetime import datetime

from potok.coordinator.v1 import coordinator_service_pb2, watch_pb2
from potok.status.v1 import event_pb2

from services.coordinator.wire.varints import varint
from services.kernel.rpc.convert import enum_pairs, timestamp
from services.status.domain import FastEnum

FRAME_BYTES = 64 << 10
"""A frame holds changes of so many bytes, or a single one that is larger."""

_REVISION_BYTES = 9


class FrameKind(FastEnum):
    """What a frame holds."""

    SNAPSHOT = "SNAPSHOT"
    SNAPSHOT_END = "SNAPSHOT_END"
    CHANGES = "CHANGES"
    HEARTBEAT = "HEARTBEAT"
    END = "END"


class EndReason(FastEnum):
    """Why the server ends a watch."""

    AGE = "AGE"
    DRAIN = "DRAIN"
    SLOW = "SLOW"
    TOKEN_EXPIRED = "TOKEN_EXPIRED"  # noqa: S105
    UNAVAILABLE = "UNAVAILABLE"


FRAME_KIND_TO_PB = enum_pairs(FrameKind, watch_pb2.FrameKind, "FRAME_KIND")
END_REASON_TO_PB = enum_pairs(EndReason, watch_pb2.EndReason, "END_REASON")
_KIND_FIELD = {kind: b"\x10" + varint(number) for kind, number in FRAME_KIND_TO_PB.items()}


def change_tail(actor: str, now: datetime) -> bytes:
    """Encode actor and time of a change; the same for all changes of one actor in a group."""
    return event_pb2.Change(actor=actor, time=timestamp(now)).SerializeToString()


def frame_element(body: bytes, revision: int) -> bytes:
    """Return a Change as one element of WatchStatusResponse.changes."""
    return (
        b"\x0a" + varint(len(body) + _REVISION_BYTES) + body + b"\x21" + struct.pack("<Q", revision)
    )


def read_element(element: bytes) -> event_pb2.Change:
    """Decode the change of a frame element: a tag, a length, then the message."""
    start = 1
    while element[start] & 0x80:
        start += 1
    return event_pb2.Change.FromString(element[start + 1 :])


def frame(elements: bytes, kind: FrameKind, revision: int, token: str, folded: int = 0) -> bytes:
    """Return a WatchStatusResponse around already encoded changes."""
    rest = _KIND_FIELD[kind] + b"\x19" + struct.pack("<Q", revision)
    rest += b"\x22" + varint(len(token)) + token.encode()
    return elements + rest + (b"\x28" + varint(folded) if folded else b"")


def end_frame(reason: EndReason, token: str, revision: int = 0) -> bytes:
    """Return the last frame of a watch, which says why it ends and where it can be resumed."""
    return coordinator_service_pb2.WatchStatusResponse(
        kind=watch_pb2.FRAME_KIND_END,
        revision=revision,
        resume_token=token,
        end_reason=END_REASON_TO_PB[reason],
    ).SerializeToString()
