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
from services.coordinator.wire.varints import MOST_CACHED, SHORT, VARINTS, encode_varint, varint
from services.kernel.rpc.convert import timestamp
from services.status.domain import ExecutionState, Wait, WaitReason
from services.status.mapping import EXECUTION_STATE_TO_PB, REASON_TO_PB, STAGE_TO_PB, wait_to_pb

_STATE_FIELD = {state: b"\x30" + varint(n) for state, n in EXECUTION_STATE_TO_PB.items()}
_SERVICE_DOWN = Wait(reason=WaitReason.SERVICE_DOWN)


def event(subject: Subject) -> bytes:
    """Encode the whole state of a subject as one element of Change.events."""
    if type(subject) is Execution:
        body = _stage_status(subject)
        inner = b"\x12" + varint(len(body)) + body
    elif type(subject) is Day:
        body = _day_status(subject)
        inner = b"\x1a" + varint(len(body)) + body
    elif type(subject) is Bot:
        body = bot_status(subject).SerializeToString()
        inner = b"\x22" + varint(len(body)) + body
    else:
        assert isinstance(subject, Run)
        body = run_status(subject).SerializeToString()
        inner = b"\x0a" + varint(len(body)) + body
    return b"\x0a" + varint(len(inner)) + inner


_RUNNING_FIELD = _STATE_FIELD[ExecutionState.RUNNING]
_RUNNING_PROGRESS = _RUNNING_FIELD + b"\x3a"


def progress_change(execution: Execution, days: list[Day], tail: bytes) -> bytes:
    """Encode the change that a report of a RUNNING execution is: its event, those of `days`, and the tail.

    The same bytes as `event` makes, joined at once.
    """
    progress, encoded = execution.progress, execution.encoded
    if encoded is None:
        encoded = update_pace(execution)
    header, pace = encoded.header, encoded.trailer
    size = VARINTS[len(progress)] if len(progress) < MOST_CACHED else encode_varint(len(progress))
    length = len(header) + len(_RUNNING_FIELD) + 1 + len(size) + len(progress) + len(pace)
    inner = varint(length)
    outer = varint(1 + len(inner) + length)
    parts = [b"\x0a", outer, b"\x12", inner, header, _RUNNING_PROGRESS, size, progress, pace]
    for day in days:
        raw, encoded = day.raw, day.encoded
        if encoded is None:
            encoded = _encode_day(day)
        header, cover = encoded.header, encoded.trailer
        length = len(header) + 2 + len(raw) + len(cover)
        if length + 2 < SHORT and len(raw) < SHORT:
            parts += (b"\x0a", VARINTS[length + 2], b"\x1a", VARINTS[length])
            parts += (header, b"\x1a", VARINTS[len(raw)], raw, cover)
        else:
            parts.append(event(day))
    parts.append(tail)
    return b"".join(parts)


def update_pace(execution: Execution) -> EncodedParts:
    """Encode rate and time left anew for the changes that follow, empty while the rate is unknown."""
    encoded, rate = execution.encoded, execution.items_per_second
    if encoded is None:
        encoded = execution.encoded = EncodedParts(_stage_header(execution), b"")
    if rate:
        remaining = min(int(execution.counts.open / rate), 0xFFFFFFFF)
        encoded.trailer = b"\x45%b\x48%b" % (struct.pack("<f", rate), varint(remaining))
    else:
        encoded.trailer = b""
    return encoded


def _stage_header(execution: Execution) -> bytes:
    return event_pb2.StageStatus(
        run_id=execution.run_id,
        owner=execution.owner,
        execution=execution.number,
        stage=STAGE_TO_PB[execution.stage],
        create_time=timestamp(execution.created_at),
    ).SerializeToString()


def _encode_day(day: Day) -> EncodedParts:
    header = event_pb2.DayStatus(owner=day.owner, stage=STAGE_TO_PB[day.stage]).SerializeToString()
    cover = event_pb2.DayStatus(cover_time=timestamp(day.covered_at)).SerializeToString()
    day.encoded = EncodedParts(header, cover)
    return day.encoded


def _stage_status(execution: Execution) -> bytes:
    encoded, progress = update_pace(execution), execution.progress
    body = encoded.header + _STATE_FIELD[execution.state]
    body += b"\x3a" + varint(len(progress)) + progress + encoded.trailer
    if execution.ended_at or execution.unreachable:
        body += event_pb2.StageStatus(
            reason=REASON_TO_PB[execution.reason] if execution.reason else NO_REASON,
            message=execution.message,
            wait=wait_to_pb(_SERVICE_DOWN) if execution.unreachable else None,
            end_time=timestamp(execution.ended_at),
        ).SerializeToString()
    return body


def _day_status(day: Day) -> bytes:
    encoded = day.encoded
    if encoded is None or (day.covered_at and not encoded.trailer):
        encoded = _encode_day(day)
    raw = (
        day.raw
        or progress_pb2.DayCounts(
            day=day.day, version=day.version, **day.figures._asdict()
        ).SerializeToString()
    )
    return encoded.header + b"\x1a" + varint(len(raw)) + raw + encoded.trailer


def stage_status(execution: Execution) -> event_pb2.StageStatus:
    """Return the state of an execution as its message."""
    return event_pb2.StageStatus.FromString(_stage_status(execution))
