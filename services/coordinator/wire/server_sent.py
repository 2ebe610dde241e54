"""Frames of a watch as server-sent events, the way a browser's EventSource reads them.

Once its stream has begun, an EventSource sees neither status nor trailers, and it comes again by itself with the id it
saw last. So the token is the id, and what a gRPC stream says by its status is an event here.
"""

import asyncio
import json
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message
from potok.coordinator.v1 import coordinator_service_pb2, watch_pb2

from services.kernel.errors import DomainError

RETRY_MILLISECONDS = 1_000
CHANGES_AT_ONCE = 16
"""A change takes a tenth of a millisecond to become JSON, and a frame may hold hundreds: others get their turn between."""

BEGIN = b"retry: %d\n\n" % RETRY_MILLISECONDS
"""Says how long a browser waits before it comes again."""

_NAMES = {
    watch_pb2.FRAME_KIND_SNAPSHOT: "snapshot",
    watch_pb2.FRAME_KIND_SNAPSHOT_END: "snapshot_end",
    watch_pb2.FRAME_KIND_CHANGES: "changes",
    watch_pb2.FRAME_KIND_END: "end",
}


async def event_of(frame: bytes) -> bytes:
    """Return an encoded WatchStatusResponse as an event; a heartbeat as a comment that moves the id."""
    message = coordinator_service_pb2.WatchStatusResponse.FromString(frame)
    token = f"id: {message.resume_token}\n" if message.resume_token else ""
    if message.kind == watch_pb2.FRAME_KIND_HEARTBEAT:
        return f": heartbeat\n{token}\n".encode()
    changes = []
    for count, change in enumerate(message.changes, 1):
        changes.append(json.dumps(_as_dict(change), ensure_ascii=False))
        if count % CHANGES_AT_ONCE == 0:
            await asyncio.sleep(0)
    del message.changes[:]
    rest = _as_dict(message)
    del rest["changes"]
    data = f'{{"changes": [{", ".join(changes)}], {json.dumps(rest)[1:]}'
    return f"event: {_NAMES[message.kind]}\n{token}data: {data}\n\n".encode()


def id_of(event: bytes) -> str:
    """Return the id of an event, which is the token to go on from; empty where it has none."""
    for line in event.split(b"\n", 2)[:2]:
        if line.startswith(b"id: "):
            return line.removeprefix(b"id: ").decode()
    return ""


def _as_dict(message: Message) -> dict[str, Any]:
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def reset_of(refusal: DomainError) -> bytes:
    """Return the event that says: forget what you know; a snapshot follows. The browser forgets its id."""
    data = json.dumps({"reason": refusal.reason or "INVALID_TOKEN", "message": str(refusal)})
    return f"event: reset\nid:\ndata: {data}\n\n".encode()
