"""Events built by hand are what the generated classes make."""

import struct
from datetime import datetime

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from potok.coordinator.v1 import coordinator_service_pb2, report_pb2, watch_pb2
from potok.coordinator.wire.v1 import raw_report_pb2
from potok.status.v1 import event_pb2, progress_pb2, stage_pb2

from services.coordinator.state import bot_steps as bots
from services.coordinator.state import sequence
from services.coordinator.state.bot import Bot
from services.coordinator.state.days import (
    Day,
)
from services.coordinator.state.domain import (
    Execution,
)
from services.coordinator.state.reports import (
    ItemFailure,
    StageReport,
    Verdict,
)
from services.coordinator.watch.fold import fold
from services.coordinator.watch.hub import Filter, Published
from services.coordinator.wire import events as wire
from services.status.domain import (
    BotState,
    ExecutionNumber,
    ExecutionState,
    ItemCounts,
    Owner,
    Reason,
    RunId,
    RunMode,
    Stage,
)
from services.status.mapping import BOT_STATE_TO_PB, EXECUTION_STATE_TO_PB, STAGE_TO_PB
from tests.builders import NOON, a_bot_report, a_start, a_tenant

PROGRESS = progress_pb2.StageProgress(
    items=progress_pb2.ItemCounts(pending=300, success=7), discovered=True, unchanged=3
)
DAY = progress_pb2.DayCounts(day="2026-11-20", version=9, pending=300, success=7, output=70_000)


def an_execution(state: ExecutionState = ExecutionState.RUNNING, **fields: object) -> Execution:
    return Execution(
        number=ExecutionNumber(77_000),
        run_id=RunId("0190-run"),
        owner=Owner("client:clinic"),
        stage=Stage.ANALYSIS,
        mode=RunMode.PENDING,
        created_at=NOON,
        progressed_at=NOON,
        state=state,
        progress=PROGRESS.SerializeToString(),
        counts=ItemCounts(pending=300, success=7),
        **fields,  # type: ignore[arg-type]
    )


def a_day(**fields: object) -> Day:
    return Day(
        owner=Owner("client:clinic"),
        stage=Stage.ANALYSIS,
        day="2026-11-20",
        version=9,
        raw=DAY.SerializeToString(),
        **fields,  # type: ignore[arg-type]
    )


def decoded(elements: bytes) -> list[event_pb2.Event]:
    return list(event_pb2.Change.FromString(elements).events)


def expected(execution: Execution, **fields: object) -> event_pb2.Event:
    stage = event_pb2.StageStatus(
        run_id=execution.run_id,
        owner=execution.owner,
        execution=execution.number,
        stage=STAGE_TO_PB[execution.stage],
        state=EXECUTION_STATE_TO_PB[execution.state],
        progress=PROGRESS,
        **fields,  # type: ignore[arg-type]
    )
    stage.create_time.FromDatetime(execution.created_at)
    return event_pb2.Event(stage=stage)


@pytest.mark.parametrize("state", list(ExecutionState))
def test_an_execution_in_any_state_is_its_message(state: ExecutionState) -> None:
    execution = an_execution(state)

    assert decoded(wire.event(execution)) == [expected(execution)]


def test_rate_and_time_left_are_in_the_message() -> None:
    execution = an_execution(items_per_second=2.5)

    assert decoded(wire.event(execution)) == [
        expected(execution, items_per_second=2.5, remaining_seconds=120)
    ]


def test_an_end_is_in_the_message() -> None:
    execution = an_execution(
        ExecutionState.FAILED, ended_at=NOON, reason=Reason.TIMEOUT, message="too long"
    )
    event = expected(execution, reason=stage_pb2.REASON_TIMEOUT, message="too long")
    event.stage.end_time.FromDatetime(NOON)

    assert decoded(wire.event(execution)) == [event]


def test_a_service_that_is_down_is_in_the_message() -> None:
    execution = an_execution(ExecutionState.QUEUED, unreachable=True)
    wait = progress_pb2.Wait(reason=stage_pb2.WAIT_REASON_SERVICE_DOWN)

    assert decoded(wire.event(execution)) == [expected(execution, wait=wait)]


@pytest.mark.parametrize("covered_at", [None, NOON])
def test_a_day_is_its_message(covered_at: datetime | None) -> None:
    day = event_pb2.DayStatus(owner="client:clinic", stage=STAGE_TO_PB[Stage.ANALYSIS], counts=DAY)
    if covered_at:
        day.cover_time.FromDatetime(covered_at)

    assert decoded(wire.event(a_day(covered_at=covered_at))) == [event_pb2.Event(day=day)]


def test_a_run_is_its_message() -> None:
    run, _ = sequence.start_run(a_tenant(), a_start(), RunId("r"), ExecutionNumber(1), NOON)

    assert decoded(wire.event(run)) == [event_pb2.Event(run=wire.run_status(run))]


def a_bot(**fields: object) -> Bot:
    bot = bots.new_bot(a_bot_report(), NOON)
    for name, value in fields.items():
        setattr(bot, name, value)
    return bot


@pytest.mark.parametrize("state", list(BotState))
def test_a_bot_in_any_state_is_its_message(state: BotState) -> None:
    bot = a_bot(state=state, detail="waiting_room", error_message="why", run_id=RunId("0190-run"))
    expected = event_pb2.BotStatus(
        bot_id="bot_123",
        owner="user:anna",
        state=BOT_STATE_TO_PB[state],
        detail="waiting_room",
        error_message="why",
        meet_url="https://meet.google.com/abc-defg-hij",
        bot_name="Potok",
        run_id="0190-run",
    )
    expected.create_time.FromDatetime(NOON)
    expected.update_time.FromDatetime(NOON)

    assert decoded(wire.event(bot)) == [event_pb2.Event(bot=expected)]


def test_of_a_bot_and_its_run_the_newest_states_are_kept() -> None:
    older = a_bot(state=BotState.CONNECTING)
    newer = a_bot(state=BotState.CONNECTED)
    changes = [
        Published(1, "user:anna", "bot_123", wire.frame_element(wire.event(older), 1)),
        Published(2, "user:anna", "bot_123", wire.frame_element(wire.event(newer), 2)),
    ]
    folded = fold(changes, Filter(everything=False, topics=frozenset({"bot_123"})))

    assert (folded.count, folded.elements) == (1, changes[1].element)


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
    read = wire.read_report(wire.read_raw(report.SerializeToString()))

    assert read.failure == ItemFailure(Reason.BAD_AUDIO, "damaged")


@pytest.mark.parametrize("days", [0, 1, 3])
def test_progress_joined_at_once_is_the_same_bytes(days: int) -> None:
    execution = an_execution(items_per_second=2.5)
    named = [a_day() for _ in range(days)]
    tail = wire.change_tail("analysis", NOON)
    parts = [wire.event(execution), *map(wire.event, named), tail]

    assert wire.progress_change(execution, named, tail) == b"".join(parts)


@given(st.integers(0, 2**63))
def test_varints_are_protobufs(number: int) -> None:
    message = report_pb2.Report(execution=number)

    assert (b"\x08" + wire.varint(number) if number else b"") == message.SerializeToString()


def test_a_frame_is_its_message() -> None:
    body = wire.event(a_day()) + wire.change_tail("analysis", NOON)
    data = wire.frame(
        wire.frame_element(body, 5), watch_pb2.FRAME_KIND_CHANGES, 6, "token", folded=2
    )
    frame = coordinator_service_pb2.WatchStatusResponse.FromString(data)

    assert (frame.revision, frame.resume_token, frame.folded) == (6, "token", 2)
    assert frame.kind == watch_pb2.FRAME_KIND_CHANGES
    assert [(c.revision, c.actor, c.time.ToDatetime()) for c in frame.changes] == [
        (5, "analysis", NOON.replace(tzinfo=None))
    ]
    assert struct.pack("<Q", 5) in data


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
    raw = wire.read_raw(report.SerializeToString())
    days, read = raw.days, wire.read_report(raw)

    assert (read.execution, read.sequence, read.state) == (5, 6, ExecutionState.PARTIAL)
    assert read.counts == ItemCounts(failed=1, success=2)
    assert read.discovered
    assert (days[0].day, days[0].version, days[0].figures.output) == ("2026-11-20", 9, 70_000)
    assert days[0].raw == DAY.SerializeToString()


def test_progress_that_is_no_message_is_refused_before_it_is_copied_to_watchers() -> None:
    report = raw_report_pb2.RawReport(execution=1, sequence=1, state=3, progress=b"\xff\xff")
    with pytest.raises(DecodeError):
        wire.read_raw(report.SerializeToString())


def test_a_day_without_a_name_is_refused() -> None:
    with pytest.raises(wire.MalformedReport):
        wire.read_day(progress_pb2.DayCounts(version=1).SerializeToString())


def test_both_ways_of_taking_progress_agree() -> None:
    """The short cut for progress of a RUNNING execution decides as the whole state machine does."""
    for sequence_, progress in [(1, b"a"), (2, b"a"), (2, b"b"), (3, b"b"), (1, b"c")]:
        short, whole = an_execution(sequence=1), an_execution(sequence=1)
        short.progress = whole.progress = b"a"
        tenant = a_tenant()
        report = StageReport(
            short.number, sequence_, ExecutionState.RUNNING, progress,
            whole.counts, whole.discovered, False, None, "", (),
        )  # fmt: skip
        judged = sequence.take_report(tenant, whole, report, lambda: ExecutionNumber(1), NOON)

        assert sequence.take_progress(short, sequence_, progress) is judged.verdict
        assert (short.sequence, short.progress) == (whole.sequence, whole.progress)
        assert judged.verdict in (Verdict.APPLIED, Verdict.DUPLICATE)
