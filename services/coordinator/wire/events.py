"""Events as bytes: the state of a subject, built by hand from parts that are encoded once.

A watcher gets the very bytes a service reported, wrapped: decoding and encoding them again would cost more than the rest
of the way. They are equal to what the generated classes would make: a test holds the field numbers that stand here
against them.
"""

import struct

from potok.status.v1 import event_pb2, progress_pb2

from services.coordinator.state.bot import Bot
from services.coordinator.state.days import Day
from services.coordinator.state.domain import Execution, Run
from services.coordinator.state.encoded import EncodedParts
from services.coordinator.state.tenant import Subject
from services.coordinator.wire.messages import NO_REASON, bot_status, run_status
from services.coordinator.wire.varints import varint
from services.kernel.rpc.convert import timestamp
from services.status.domain import Wait, WaitReason
from services.status.mapping import EXECUTION_STATE_TO_PB, REASON_TO_PB, STAGE_TO_PB, wait_to_pb

_STATE_FIELD = {state: b"\x30" + varint(n) for state, n in EXECUTION_STATE_TO_PB.items()}
_SERVICE_DOWN = Wait(reason=WaitReason.SERVICE_DOWN)


def event(subject: Subject) -> bytes:
    """Encode the whole state of a subject as one element of Change.events."""
    if type(subject) is Execution:
        update_pace(subject)
        return _stage_event(subject)
    if type(subject) is Day:
        return _day_event(subject)
    if type(subject) is Bot:
        body = bot_status(subject).SerializeToString()
        inner = b"\x22" + varint(len(body)) + body
    else:
        assert isinstance(subject, Run)
        body = run_status(subject).SerializeToString()
        inner = b"\x0a" + varint(len(body)) + body
    return b"\x0a" + varint(len(inner)) + inner


def progress_change(execution: Execution, days: list[Day], tail: bytes) -> bytes:
    """Encode the change that a report of a RUNNING execution is: its event, those of `days`, and the tail.

    Rate and time left are those of the last `update_pace`.
    """
    return b"".join([_stage_event(execution), *map(_day_event, days), tail])


def update_pace(execution: Execution) -> EncodedParts:
    """Encode rate and expected ends anew for the changes that follow, empty while they are unknown."""
    encoded, rate = execution.encoded, execution.items_per_second
    if encoded is None:
        encoded = execution.encoded = EncodedParts(_stage_header(execution), b"")
    encoded.trailer = b"\x45%b" % struct.pack("<f", rate) if rate else b""
    encoded.trailer += _expected_ends(execution)
    return encoded


def _expected_ends(execution: Execution) -> bytes:
    end, now = execution.expected_end_at, execution.reported_at or execution.created_at
    left = (end - now).total_seconds() if end else 0.0
    return event_pb2.StageStatus(
        remaining_seconds=min(max(0, round(left)), 0xFFFFFFFF),
        expected_end_time=timestamp(end),
        run_expected_end_time=timestamp(execution.run_expected_end_at),
    ).SerializeToString()


def _stage_header(execution: Execution) -> bytes:
    return event_pb2.StageStatus(
        run_id=execution.run_id,
        owner=execution.owner,
        execution=execution.number,
        stage=STAGE_TO_PB[execution.stage],
        create_time=timestamp(execution.created_at),
    ).SerializeToString()


def _stage_event(execution: Execution) -> bytes:
    body = _stage_status(execution)
    size = varint(len(body))
    return b"".join((b"\x0a", varint(1 + len(size) + len(body)), b"\x12", size, body))


def _stage_status(execution: Execution) -> bytes:
    progress, encoded = execution.progress, execution.encoded
    if encoded is None:
        encoded = update_pace(execution)
    state, size = _STATE_FIELD[execution.state], varint(len(progress))
    body = b"".join((encoded.header, state, b"\x3a", size, progress, encoded.trailer))
    if execution.ended_at or execution.unreachable:
        body += event_pb2.StageStatus(
            reason=REASON_TO_PB[execution.reason] if execution.reason else NO_REASON,
            message=execution.message,
            wait=wait_to_pb(_SERVICE_DOWN) if execution.unreachable else None,
            end_time=timestamp(execution.ended_at),
        ).SerializeToString()
    return body


def _day_event(day: Day) -> bytes:
    raw, encoded = day.raw or _day_counts(day), day.encoded
    if encoded is None or (day.covered_at and not encoded.trailer):
        encoded = day.encoded = _day_parts(day)
    body = b"".join((encoded.header, b"\x1a", varint(len(raw)), raw, encoded.trailer))
    size = varint(len(body))
    return b"".join((b"\x0a", varint(1 + len(size) + len(body)), b"\x1a", size, body))


def _day_parts(day: Day) -> EncodedParts:
    header = event_pb2.DayStatus(owner=day.owner, stage=STAGE_TO_PB[day.stage])
    cover = event_pb2.DayStatus(cover_time=timestamp(day.covered_at))
    return EncodedParts(header.SerializeToString(), cover.SerializeToString())


def _day_counts(day: Day) -> bytes:
    """Return what was reported last of a day whose row was read since."""
    return progress_pb2.DayCounts(
        day=day.day, version=day.version, **day.figures._asdict()
    ).SerializeToString()


def stage_status(execution: Execution) -> event_pb2.StageStatus:
    """Return the state of an execution as its message."""
    update_pace(execution)
    return event_pb2.StageStatus.FromString(_stage_status(execution))
