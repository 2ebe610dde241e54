"""Calls in protobuf. Pure functions."""

from potok.call_sync.v1 import call_pb2

from services.call_sync.domain import Call, Card, Direction
from services.kernel.rpc.convert import enum_pairs, timestamp
from services.recordings.domain import Recording

DIRECTION_TO_PB = enum_pairs(Direction, call_pb2.Direction, "DIRECTION")


def call_to_pb(call: Call) -> call_pb2.Call:
    facts = call.facts
    return call_pb2.Call(
        call_id=facts.call_id,
        owner=call.owner,
        day=facts.day.isoformat(),
        start_time=timestamp(facts.started_at),
        direction=DIRECTION_TO_PB[facts.direction],
        duration_seconds=facts.duration_seconds,
        employee=facts.employee,
        contact=facts.contact,
        answered=facts.answered,
        recording=recording_to_pb(call.recording) if call.recording else None,
        language=facts.language,
        card=card_to_pb(facts.card) if facts.card else None,
    )


def card_to_pb(card: Card) -> call_pb2.Card:
    return call_pb2.Card(kind=card.kind, card_id=card.card_id, link=card.link)


def recording_to_pb(recording: Recording) -> call_pb2.Recording:
    return call_pb2.Recording(
        sha256=recording.sha256,
        size_bytes=recording.size_bytes,
        content_type=recording.content_type,
        file_name=recording.file_name,
    )
