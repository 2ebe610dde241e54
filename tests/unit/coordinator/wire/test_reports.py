"""Reports are read as they were written, and what is none is refused."""

import pytest
from google.protobuf.message import DecodeError
from potok.coordinator.v1 import report_pb2
from potok.coordinator.wire.v1 import raw_report_pb2
from potok.status.v1 import progress_pb2, stage_pb2

from services.coordinator.state.reports import ItemFailure
from services.coordinator.wire.reports import MalformedReport, read_day, read_raw, read_report
from services.status.domain import ExecutionState, ItemCounts, Reason

DAY = progress_pb2.DayCounts(day="2026-11-20", version=9, pending=300, success=7, output=70_000)


def test_a_report_is_read_as_it_was_written() -> None:
    report = report_pb2.Report(
        execution=5,
        sequence=6,
        state=stage_pb2.EXECUTION_STATE_PARTIAL,
        progress=progress_pb2.StageProgress(
            items=progress_pb2.ItemCounts(failed=1, success=2), discovered=True
        ),
        days=[DAY],
    )
    raw = read_raw(report.SerializeToString())
    days, read = raw.days, read_report(raw)

    assert (read.execution, read.sequence, read.state) == (5, 6, ExecutionState.PARTIAL)
    assert read.counts == ItemCounts(failed=1, success=2)
    assert read.discovered
    assert (days[0].day, days[0].version, days[0].figures.output) == ("2026-11-20", 9, 70_000)
    assert days[0].raw == DAY.SerializeToString()


def test_why_the_only_item_failed_is_read_from_its_report() -> None:
    failures = [
        progress_pb2.ItemFailure(reason=stage_pb2.REASON_BAD_AUDIO, message="damaged"),
        progress_pb2.ItemFailure(message="older"),
    ]
    report = report_pb2.Report(
        execution=5,
        sequence=6,
        state=stage_pb2.EXECUTION_STATE_PARTIAL,
        progress=progress_pb2.StageProgress(failures=failures),
    )
    read = read_report(read_raw(report.SerializeToString()))

    assert read.failure == ItemFailure(Reason.BAD_AUDIO, "damaged")


def test_progress_that_is_no_message_is_refused_before_it_is_copied_to_watchers() -> None:
    report = raw_report_pb2.RawReport(execution=1, sequence=1, state=3, progress=b"\xff\xff")
    with pytest.raises(DecodeError):
        read_raw(report.SerializeToString())


def test_a_day_without_a_name_is_refused() -> None:
    with pytest.raises(MalformedReport):
        read_day(progress_pb2.DayCounts(version=1).SerializeToString())
