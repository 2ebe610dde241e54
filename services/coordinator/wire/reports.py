"""Reports of stage services: bytes in, decoded only as far as somebody needs them, and what is answered to them."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from google.protobuf.message import DecodeError
from potok.coordinator.v1 import coordinator_service_pb2, report_pb2
from potok.coordinator.wire.v1 import raw_report_pb2
from potok.status.v1 import progress_pb2

from services.coordinator.state.days import DayFigures
from services.coordinator.state.domain import Execution
from services.coordinator.state.estimate import NO_DETAILS, Details, HeldItem
from services.coordinator.state.reports import DayReport, ItemFailure, StageReport, Verdict
from services.status.domain import ExecutionNumber, ItemCounts, Reason
from services.status.mapping import (
    EXECUTION_STATE_FROM_PB,
    REASON_FROM_PB,
    REASON_TO_PB,
    item_counts_from_pb,
)

VERDICT_TO_PB = {each: report_pb2.Verdict.Value(f"VERDICT_{each.name}") for each in Verdict}
"""The verdicts of the coordinator; what is said of bots has one more."""


class MalformedReport(ValueError):
    """The bytes are no report."""


UNREADABLE = (ValueError, DecodeError)
"""What `read_raw` raises of bytes that are no report."""

read_batch = raw_report_pb2.RawReportBatch.FromString
"""Splits a ReportStatusRequest into its undecoded reports."""
# Looking FromString up costs more than what it does.
_raw_report = raw_report_pb2.RawReport.FromString
_progress = progress_pb2.StageProgress.FromString
_day_counts = progress_pb2.DayCounts.FromString
# What a NamedTuple's own constructor does, without its Python frame: some are made for every report.
_tuple = tuple.__new__
_MOST_SECONDS = 1e11
"""No length and no time since 1970 is longer."""


class RawReport(NamedTuple):
    """A report decoded as far as most need."""

    execution: ExecutionNumber
    sequence: int
    state: int
    """The number of the ExecutionState."""
    progress: bytes
    days: tuple[DayReport, ...]


class Rejection(NamedTuple):
    """The verdict on a report that was not applied, as its sender is told."""

    execution: ExecutionNumber
    sequence: int
    verdict: Verdict


def read_raw(data: bytes) -> RawReport:
    """Split a Report; its progress stays the bytes that came. Raises one of UNREADABLE."""
    raw = _raw_report(data)
    days, progress = raw.days, raw.progress
    if (raw.execution | raw.sequence) >> 63:
        raise MalformedReport("execution and sequence must be below 2^63")
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


def read_address(data: bytes) -> tuple[ExecutionNumber, int]:
    """Return execution and sequence of a report that is unreadable otherwise; zeros where these are, too."""
    try:
        raw = _raw_report(data)
    except DecodeError:
        return ExecutionNumber(0), 0
    known = not (raw.execution | raw.sequence) >> 63
    return (ExecutionNumber(raw.execution), raw.sequence) if known else (ExecutionNumber(0), 0)


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
        progress.unchanged_failed,
        _details(progress),
    )


def _failure(failure: progress_pb2.ItemFailure) -> ItemFailure:
    return ItemFailure(REASON_FROM_PB.get(failure.reason), failure.message)


def _details(progress: progress_pb2.StageProgress) -> Details:
    lengths, at_work = progress.lengths, progress.at_work
    until = progress.wait.until_time
    if not (
        lengths.ended_seconds
        or lengths.processing_seconds
        or lengths.pending_seconds
        or at_work
        or until.seconds
    ):
        return NO_DETAILS
    return Details(
        _seconds(lengths.ended_seconds),
        _seconds(lengths.processing_seconds),
        _seconds(lengths.pending_seconds),
        tuple(
            HeldItem(
                item.item_id,
                item.begin_time.seconds + item.begin_time.nanos / 1e9,
                _seconds(item.duration_seconds) if item.HasField("duration_seconds") else None,
            )
            for item in at_work
            if 0 < item.begin_time.seconds < _MOST_SECONDS
        ),
        float(until.seconds) if 0 < until.seconds < _MOST_SECONDS else None,
    )


def _seconds(stated: float) -> float:
    """Return a stated length of sound, 0 for what can be none: nothing is estimated by nonsense."""
    return stated if 0 <= stated < _MOST_SECONDS else 0.0


def read_progress(data: bytes) -> tuple[ItemCounts, bool, bool, Details]:
    """Return the counts of a StageProgress, whether every item is known, whether it waits, and what else it tells."""
    progress = _progress(data)
    items = progress.items
    counts = ItemCounts(items.pending, items.processing, items.success, items.failed, items.skipped)
    return counts, progress.discovered, progress.HasField("wait"), _details(progress)


def read_unchanged_failed(data: bytes) -> int:
    """Return how many items a StageProgress says to have been left alone though they had failed before."""
    return _progress(data).unchanged_failed


def end_progress(execution: Execution, progress: bytes = b"") -> None:
    """Give an execution that was ended the figures it ended with: `progress` where its service said them.

    Else what was open is counted as its service will count it: failed because it was cancelled.
    """
    if progress:
        execution.progress = progress
    said = _progress(execution.progress)
    items, undone = said.items, said.items.pending + said.items.processing
    if undone:
        items.pending = items.processing = 0
        items.failed += undone
        cancelled = REASON_TO_PB[Reason.CANCELLED]
        for each in said.reasons:
            if each.reason == cancelled:
                each.count += undone
                break
        else:
            said.reasons.add(reason=cancelled, count=undone)
    said.ClearField("wait")
    said.ClearField("at_work")
    execution.progress = said.SerializeToString()
    execution.counts, execution.discovered = item_counts_from_pb(items), said.discovered


def read_day(data: bytes) -> DayReport:
    """Decode a DayCounts; raises MalformedReport where it names no day."""
    day = _day_counts(data)
    name = day.day
    if len(name) != len("YYYY-MM-DD"):
        raise MalformedReport(f"{name!r} is no day")
    date.fromisoformat(name)
    if (day.version | day.input | day.output) >> 63:
        raise MalformedReport(f"the numbers of {name} must be below 2^63")
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
            day.permanent,
            day.merged,
            day.listed,
        ),
    )
    return _tuple(DayReport, (name, day.version, figures, data))


def acknowledgement(batch: int, rejections: Iterable[Rejection]) -> bytes:
    """Encode the answer that all reports up to those of `batch` are durable, all but `rejections` applied."""
    answer = coordinator_service_pb2.ReportStatusResponse(batch=batch)
    for execution, sequence, verdict in rejections:
        answer.verdicts.add(execution=execution, sequence=sequence, verdict=VERDICT_TO_PB[verdict])
    return answer.SerializeToString()
