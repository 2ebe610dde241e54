"""Events built by hand are what the generated classes make."""

from datetime import datetime, timedelta

import pytest
from potok.status.v1 import event_pb2, progress_pb2, stage_pb2

from services.coordinator.state import bot_steps as bots
from services.coordinator.state import sequence
from services.coordinator.state.bot import Bot
from services.coordinator.state.days import Day
from services.coordinator.state.domain import Execution
from services.coordinator.state.reports import StageReport, Verdict
from services.coordinator.wire.events import event, progress_change
from services.coordinator.wire.frames import change_tail
from services.coordinator.wire.messages import run_status
from services.status.domain import (
    BotState,
    ExecutionNumber,
    ExecutionState,
    ItemCounts,
    Owner,
    Reason,
    RunId,
    Stage,
)
from services.status.mapping import BOT_STATE_TO_PB, EXECUTION_STATE_TO_PB, STAGE_TO_PB
from tests.builders.coordinator import NOON, a_bot_report, a_stage_execution, a_start, a_tenant

PROGRESS = progress_pb2.StageProgress(
    items=progress_pb2.ItemCounts(pending=300, success=7), discovered=True, unchanged=3
)
DAY = progress_pb2.DayCounts(day="2026-11-20", version=9, pending=300, success=7, output=70_000)


def an_execution(state: ExecutionState = ExecutionState.RUNNING, **fields: object) -> Execution:
    return a_stage_execution(
        state,
        progress=PROGRESS.SerializeToString(),
        counts=ItemCounts(pending=300, success=7),
        **fields,
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

    assert decoded(event(execution)) == [expected(execution)]


def test_rate_and_time_left_are_in_the_message() -> None:
    execution = an_execution(
        items_per_second=2.5,
        reported_at=NOON + timedelta(seconds=30),
        expected_end_at=NOON + timedelta(seconds=150),
        run_expected_end_at=NOON + timedelta(seconds=200),
    )
    told = expected(execution, items_per_second=2.5, remaining_seconds=120)
    told.stage.expected_end_time.FromDatetime(NOON + timedelta(seconds=150))
    told.stage.run_expected_end_time.FromDatetime(NOON + timedelta(seconds=200))

    assert decoded(event(execution)) == [told]


def test_an_end_that_nobody_expects_is_not_in_the_message() -> None:
    [told] = decoded(event(an_execution(items_per_second=2.5)))

    assert not told.stage.HasField("expected_end_time")
    assert not told.stage.HasField("run_expected_end_time")
    assert told.stage.remaining_seconds == 0


def test_an_end_is_in_the_message() -> None:
    execution = an_execution(
        ExecutionState.FAILED, ended_at=NOON, reason=Reason.TIMEOUT, message="too long"
    )
    ended = expected(execution, reason=stage_pb2.REASON_TIMEOUT, message="too long")
    ended.stage.end_time.FromDatetime(NOON)

    assert decoded(event(execution)) == [ended]


def test_a_service_that_is_down_is_in_the_message() -> None:
    execution = an_execution(ExecutionState.QUEUED, unreachable=True)
    wait = progress_pb2.Wait(reason=stage_pb2.WAIT_REASON_SERVICE_DOWN)

    assert decoded(event(execution)) == [expected(execution, wait=wait)]


@pytest.mark.parametrize("covered_at", [None, NOON])
def test_a_day_is_its_message(covered_at: datetime | None) -> None:
    day = event_pb2.DayStatus(owner="client:clinic", stage=STAGE_TO_PB[Stage.ANALYSIS], counts=DAY)
    if covered_at:
        day.cover_time.FromDatetime(covered_at)

    assert decoded(event(a_day(covered_at=covered_at))) == [event_pb2.Event(day=day)]


def test_a_run_is_its_message() -> None:
    run, _ = sequence.start_run(a_tenant(), a_start(), RunId("r"), ExecutionNumber(1), NOON)

    assert decoded(event(run)) == [event_pb2.Event(run=run_status(run))]


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

    assert decoded(event(bot)) == [event_pb2.Event(bot=expected)]


@pytest.mark.parametrize("days", [0, 1, 3])
def test_progress_joined_at_once_is_the_same_bytes(days: int) -> None:
    execution = an_execution(items_per_second=2.5)
    named = [a_day() for _ in range(days)]
    tail = change_tail("analysis", NOON)
    parts = [event(execution), *map(event, named), tail]

    assert progress_change(execution, named, tail) == b"".join(parts)


def test_progress_of_what_was_just_read_from_its_rows_is_the_same_bytes() -> None:
    def rows() -> tuple[Execution, Day]:
        return an_execution(items_per_second=2.5), a_day(covered_at=NOON)

    execution, day = rows()
    same_execution, same_day = rows()
    tail = change_tail("analysis", NOON)

    assert progress_change(execution, [day], tail) == event(same_execution) + event(same_day) + tail


def test_a_day_that_is_covered_later_says_so_from_then_on() -> None:
    execution, day = an_execution(), a_day()
    event(day)
    day.covered_at = NOON
    covered = event(day)

    assert decoded(covered)[0].day.HasField("cover_time")
    assert progress_change(execution, [day], b"") == event(execution) + covered


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
