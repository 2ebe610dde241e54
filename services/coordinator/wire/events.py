"""Events as bytes: built by hand from parts that are encoded once, equal to what the generated classes would make.

A watcher gets the very bytes a service reported, wrapped: decoding and encoding them again would cost more than the rest
of the way. Field numbers stand here and nowhere else; a test holds them against the generated messages.
Protobuf fields may come in any order, so the revision, known last, is put last.
"""

import struct
from datetime import datetime
from typing import NamedTuple

from potok.coordinator.v1 import watch_pb2
from potok.coordinator.wire.v1 import raw_report_pb2
from potok.status.v1 import event_pb2, progress_pb2, stage_pb2

from services.coordinator.state.bot import Bot
from services.coordinator.state.days import (
    Day,
    DayFigures,
)
from services.coordinator.state.domain import (
    Execution,
    Run,
)
from services.coordinator.state.reports import (
    DayReport,
    ItemFailure,
    StageReport,
)
from services.coordinator.state.tenant import (
    Subject,
)
from services.kernel.rpc.convert import timestamp
from services.status.domain import ExecutionNumber, ExecutionState, ItemCounts, Wait, WaitReason
from services.status.mapping import (
    BOT_STATE_TO_PB,
    EXECUTION_STATE_FROM_PB,
    EXECUTION_STATE_TO_PB,
    REASON_FROM_PB,
    REASON_TO_PB,
    RUN_MODE_TO_PB,
    RUN_STATE_TO_PB,
    STAGE_TO_PB,
    date_range_to_pb,
    item_counts_from_pb,
    wait_to_pb,
)

MOST_CACHED = 1 << 14


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


_VARINTS = [_varint(n) for n in range(MOST_CACHED)]


def varint(number: int) -> bytes:
    """Encode a length or number as protobuf does."""
    return _VARINTS[number] if number < MOST_CACHED else _varint(number)


_STATE_FIELD = {state: b"\x30" + varint(n) for state, n in EXECUTION_STATE_TO_PB.items()}
_NO_REASON = stage_pb2.REASON_UNSPECIFIED
_SERVICE_DOWN = Wait(reason=WaitReason.SERVICE_DOWN)


class MalformedReport(ValueError):
    """The bytes are no report."""


read_batch = raw_report_pb2.RawReportBatch.FromString
"""Splits a ReportStatusRequest into its undecoded reports."""
# Looking FromString up costs more than what it does.
_raw_report = raw_report_pb2.RawReport.FromString
_progress = progress_pb2.StageProgress.FromString
_day_counts = progress_pb2.DayCounts.FromString
# What a NamedTuple's own constructor does, without its Python frame: some are made for every report.
_tuple = tuple.__new__


class RawReport(NamedTuple):
    """A report decoded as far as most need."""

    execution: ExecutionNumber
    sequence: int
    state: int
    """The number of the ExecutionState."""
    progress: bytes
    days: tuple[DayReport, ...]


def read_raw(data: bytes) -> RawReport:
    """Split a Report; its progress stays the bytes that came. Raises DecodeError or MalformedReport."""
    raw = _raw_report(data)
    days, progress = raw.days, raw.progress
    _progress(progress)  # what is no message would spoil the frame of every watcher it is copied to
    return _tuple(
        RawReport,
        (
            raw.execution,
            raw.sequence,
            raw.state,
            progress,
            tuple([read_day(day) for day in days]) if days else (),
        ),
    )


def read_report(raw: RawReport) -> StageReport:
    """Decode the whole of a report whose state is known."""
    progress = _progress(raw.progress)
    return StageReport(
        raw.execution,
        raw.sequence,
        EXECUTION_STATE_FROM_PB[raw.state],
        raw.progress,
        item_counts_from_pb(progress.items),
        progress.discovered,
        progress.HasField("wait"),
        REASON_FROM_PB.get(progress.reason),
        progress.message,
        raw.days,
        _failure(progress.failures[0]) if progress.failures else None,
    )


def _failure(failure: progress_pb2.ItemFailure) -> ItemFailure:
    return ItemFailure(REASON_FROM_PB.get(failure.reason), failure.message)


def read_progress(data: bytes) -> tuple[ItemCounts, bool, bool]:
    """Return the counts of a StageProgress, whether every item is known, and whether it waits."""
    progress = _progress(data)
    items = progress.items
    counts = ItemCounts(items.pending, items.processing, items.success, items.failed, items.skipped)
    return counts, progress.discovered, progress.HasField("wait")


def read_day(data: bytes) -> DayReport:
    """Decode a DayCounts; raises MalformedReport where it names no day."""
    day = _day_counts(data)
    name = day.day
    if len(name) != len("YYYY-MM-DD"):
        raise MalformedReport(f"{name!r} is no day")
    figures = _tuple(
        DayFigures,
        (
            day.pending,
            day.processing,
            day.success,
            day.failed,
            day.skipped,
            day.available,
            day.input,
            day.output,
        ),
    )
    return _tuple(DayReport, (name, day.version, figures, data))


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


def change_tail(actor: str, now: datetime) -> bytes:
    """Encode actor and time of a change; the same for all changes of one actor in a group."""
    return event_pb2.Change(actor=actor, time=timestamp(now)).SerializeToString()


_REVISION_BYTES = 9


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


def frame(
    elements: bytes,
    kind: "watch_pb2.FrameKind.ValueType",
    revision: int,
    token: str,
    folded: int = 0,
) -> bytes:
    """Return a WatchStatusResponse around already encoded changes."""
    rest = b"\x10" + varint(kind) + b"\x19" + struct.pack("<Q", revision)
    rest += b"\x22" + varint(len(token)) + token.encode()
    return elements + rest + (b"\x28" + varint(folded) if folded else b"")


_RUNNING_FIELD = _STATE_FIELD[ExecutionState.RUNNING]
_RUNNING_PROGRESS = _RUNNING_FIELD + b"\x3a"


def progress_change(execution: Execution, days: list[Day], tail: bytes) -> bytes:
    """Encode the change that a report of a RUNNING execution is: its event, those of `days`, and the tail.

    The same bytes as `event` makes, joined at once.
    """
    progress, header, pace = execution.progress, execution.header, execution.pace
    if not header:
        header = execution.header = _stage_header(execution)
    size = _VARINTS[len(progress)] if len(progress) < MOST_CACHED else _varint(len(progress))
    length = len(header) + len(_RUNNING_FIELD) + 1 + len(size) + len(progress) + len(pace)
    inner = varint(length)
    outer = varint(1 + len(inner) + length)
    parts = [b"\x0a", outer, b"\x12", inner, header, _RUNNING_PROGRESS, size, progress, pace]
    for day in days:
        header, raw, cover = day.header, day.raw, day.cover
        if not header:
            header = _day_header(day)
        length = len(header) + 2 + len(raw) + len(cover)
        if length + 2 < SHORT and len(raw) < SHORT:
            parts += (b"\x0a", _VARINTS[length + 2], b"\x1a", _VARINTS[length])
            parts += (header, b"\x1a", _VARINTS[len(raw)], raw, cover)
        else:
            parts.append(event(day))
    parts.append(tail)
    return b"".join(parts)


SHORT = 0x80
"""Lengths below take one byte."""


def pace(execution: Execution) -> bytes:
    """Encode rate and time left; empty while the rate is unknown."""
    if not execution.items_per_second:
        return b""
    remaining = int(execution.counts.open / execution.items_per_second)
    return b"\x45%b\x48%b" % (
        struct.pack("<f", execution.items_per_second),
        varint(min(remaining, 0xFFFFFFFF)),
    )


def _stage_header(execution: Execution) -> bytes:
    return event_pb2.StageStatus(
        run_id=execution.run_id,
        owner=execution.owner,
        execution=execution.number,
        stage=STAGE_TO_PB[execution.stage],
        create_time=timestamp(execution.created_at),
    ).SerializeToString()


def _stage_status(execution: Execution) -> bytes:
    if not execution.header:
        execution.header = _stage_header(execution)
    execution.pace = pace(execution)
    progress = execution.progress
    body = execution.header + _STATE_FIELD[execution.state]
    body += b"\x3a" + varint(len(progress)) + progress + execution.pace
    if execution.ended_at or execution.unreachable:
        body += event_pb2.StageStatus(
            reason=REASON_TO_PB[execution.reason] if execution.reason else _NO_REASON,
            message=execution.message,
            wait=wait_to_pb(_SERVICE_DOWN) if execution.unreachable else None,
            end_time=timestamp(execution.ended_at),
        ).SerializeToString()
    return body


def _day_header(day: Day) -> bytes:
    day.header = event_pb2.DayStatus(
        owner=day.owner, stage=STAGE_TO_PB[day.stage]
    ).SerializeToString()
    return day.header


def _day_status(day: Day) -> bytes:
    if not day.raw:
        day.raw = progress_pb2.DayCounts(
            day=day.day, version=day.version, **day.figures._asdict()
        ).SerializeToString()
    if day.covered_at and not day.cover:
        day.cover = event_pb2.DayStatus(cover_time=timestamp(day.covered_at)).SerializeToString()
    header = day.header or _day_header(day)
    return header + b"\x1a" + varint(len(day.raw)) + day.raw + day.cover


def run_status(run: Run) -> event_pb2.RunStatus:
    """Return the state of a run as its message."""
    return event_pb2.RunStatus(
        run_id=run.run_id,
        owner=run.owner,
        client_id=run.client_id,
        range=date_range_to_pb(run.range),
        first_stage=STAGE_TO_PB[run.first_stage],
        last_stage=STAGE_TO_PB[run.last_stage],
        mode=RUN_MODE_TO_PB[run.mode],
        state=RUN_STATE_TO_PB[run.state],
        stage=STAGE_TO_PB[run.stage],
        reason=REASON_TO_PB[run.reason] if run.reason else _NO_REASON,
        message=run.message,
        retry_of=run.retry_of or "",
        actor=run.actor,
        create_time=timestamp(run.created_at),
        end_time=timestamp(run.ended_at),
        bot_id=run.bot_id or "",
    )


def bot_status(bot: Bot) -> event_pb2.BotStatus:
    """Return the state of a bot as its message."""
    return event_pb2.BotStatus(
        bot_id=bot.bot_id,
        owner=bot.owner,
        state=BOT_STATE_TO_PB[bot.state],
        detail=bot.detail,
        error_message=bot.error_message,
        meet_url=bot.meet_url,
        bot_name=bot.bot_name,
        run_id=bot.run_id or "",
        create_time=timestamp(bot.created_at),
        update_time=timestamp(bot.updated_at),
    )


def stage_status(execution: Execution) -> event_pb2.StageStatus:
    """Return the state of an execution as its message."""
    return event_pb2.StageStatus.FromString(_stage_status(execution))
