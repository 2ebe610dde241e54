"""When stages and runs are expected to end: how often that is right, and what holds whatever is reported."""

from datetime import datetime, timedelta
from itertools import count
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.eta import close, measure, measure_whole_runs, off_twice
from benchmarks.simulated_runs import HELD_OUT, TUNED, UNFORESEEABLE, UNSEEN
from services.coordinator.state import sequence
from services.coordinator.state.domain import Execution, Run
from services.coordinator.state.estimate import NO_DETAILS, Details, HeldItem
from services.coordinator.state.order import ORDER
from services.coordinator.state.pace import update_rate
from services.coordinator.state.tenant import EarlierExecution, Tenant
from services.status.domain import (
    ExecutionNumber,
    ExecutionState,
    ItemCounts,
    RunId,
    Stage,
)
from tests.builders.coordinator import NOON, a_stage_report, a_start, a_tenant, days_of

FORESEEABLE = sorted((TUNED.keys() | HELD_OUT.keys() | UNSEEN.keys()) - UNFORESEEABLE)


class Stepper:
    """A run whose first stage reports at times that a test names, in seconds since it began."""

    def __init__(
        self, *stages: Stage, earlier: dict[Stage, EarlierExecution] | None = None
    ) -> None:
        self.tenant: Tenant = a_tenant()
        self.tenant.earlier = {stage: [each] for stage, each in (earlier or {}).items()}
        for stage in ORDER:
            for day in days_of(a_start().range):
                self.tenant.day(stage, day).covered_at = NOON
        self.numbers = map(ExecutionNumber, count(1))
        self.run: Run
        self.run, _ = sequence.start_run(
            self.tenant, a_start(*(stages or (Stage.ANALYSIS,))), RunId("r"), self.number(), NOON
        )

    def number(self) -> ExecutionNumber:
        return next(self.numbers)

    @property
    def execution(self) -> Execution:
        return max(self.tenant.executions.values(), key=lambda each: each.number)

    def report(
        self,
        seconds: float,
        pending: int,
        success: int,
        *,
        processing: int = 0,
        discovered: bool = True,
        waiting: bool = False,
        details: Details = NO_DETAILS,
    ) -> float | None:
        """Report, and return how many seconds are left by then; None where nobody knows."""
        counts = ItemCounts(pending=pending, processing=processing, success=success)
        now = NOON + timedelta(seconds=seconds)
        update_rate(
            self.tenant,
            self.execution,
            counts,
            now,
            discovered=discovered,
            waiting=waiting,
            details=details,
        )
        return left(self.execution.expected_end_at, now)

    def end(self, seconds: float, success: int) -> None:
        report = a_stage_report(
            self.execution.number, 1_000, ExecutionState.SUCCEEDED, success=success
        )
        sequence.take_report(
            self.tenant, self.execution, report, self.number, NOON + timedelta(seconds=seconds)
        )


def left(end: datetime | None, now: datetime) -> float | None:
    return None if end is None else (end - now).total_seconds()


def at_work(*items: tuple[float, float]) -> tuple[HeldItem, ...]:
    """Return items by when they were begun and how long their calls are."""
    began = NOON.timestamp()
    return tuple(
        HeldItem(f"call-{begun}-{n}", began + begun, length)
        for n, (begun, length) in enumerate(items)
    )


@pytest.mark.parametrize("name", FORESEEABLE)
def test_what_is_told_is_right_more_often_than_by_the_plain_mean(name: str) -> None:
    ours, mean = measure(name, runs=5)

    assert close(ours.seen) > close(mean.seen) - 0.1
    assert ours.shown > 0.15


def test_most_of_what_is_told_is_within_a_quarter() -> None:
    scores = [measure(name, runs=4)[0] for name in FORESEEABLE]

    assert fmean(close(score.told) for score in scores) >= 0.77
    assert fmean(close(score.seen) for score in scores) >= 0.77
    assert fmean(score.shown for score in scores) >= 0.75
    assert fmean(off_twice(score.told) for score in scores) <= 0.07
    assert sum(score.jumps for score in scores) / sum(score.runs for score in scores) <= 4


def test_most_of_what_is_told_of_runs_and_their_stages_is_within_a_quarter() -> None:
    of_stages, of_runs = measure_whole_runs(runs=6)

    assert close(of_runs.told) >= 0.85
    assert close(of_runs.seen) >= 0.85
    assert close(of_stages.told) >= 0.8
    assert of_stages.shown >= 0.8
    assert off_twice(of_runs.seen) <= 0.02


def test_nothing_is_expected_where_nothing_is_known() -> None:
    stepper = Stepper(Stage.ANALYSIS, Stage.RECOMMENDATIONS)
    assert stepper.report(0, pending=9, success=0) is None
    assert stepper.report(3, pending=7, success=0, processing=2) is None, "nothing has ended"
    assert stepper.report(9, pending=7, success=1, processing=1, discovered=False) is None
    assert stepper.report(10, pending=7, success=1, processing=1) is None, "it may have started up"
    assert stepper.report(15, pending=6, success=2, processing=1) is None, "so may this one"
    assert stepper.report(20, pending=5, success=3, processing=1) is not None
    assert stepper.execution.run_expected_end_at is None, "the stage after it never ran"


def test_an_end_that_is_told_stays_while_little_changes() -> None:
    stepper = Stepper()
    told = [
        stepper.report(n * 10, pending=20 - n, success=n, processing=1) or 0.0 for n in range(1, 15)
    ]
    assert told == pytest.approx([told[0] - 10 * n for n in range(14)], abs=0.2)


@pytest.mark.parametrize(("length", "seconds"), [(30.0, 30), (300.0, 300), (1200.0, 1200)], ids=str)
def test_a_long_call_is_expected_to_take_longer(length: float, seconds: float) -> None:
    stepper, began = Stepper(Stage.TRANSCRIPTION), 0.0
    for n in range(8):
        items = at_work((began, 60.0)) if n < 7 else at_work((began, length))
        details = Details(60.0 * n, items[0].length or 0, 60.0 * (6 - n) + length, items)
        stepper.report(began + 0.01, pending=7 - n, success=n, processing=1, details=details)
        began += 60.0
    last = stepper.report(
        began - 59, pending=0, success=7, processing=1,
        details=Details(420.0, length, 0.0, at_work((began - 60, length))),
    )  # fmt: skip

    assert last == pytest.approx(seconds, rel=0.2, abs=5)


def test_a_stated_wait_is_waited_for() -> None:
    stepper = Stepper()
    before = stepper.report(10, pending=9, success=1, processing=1)
    until = NOON.timestamp() + 610
    wait = Details(until_at=until)
    during = stepper.report(20, pending=9, success=2, waiting=True, details=wait)

    assert before is not None
    assert during is not None
    assert before < 120
    assert 590 < during < 720


def test_a_wait_without_an_end_is_no_news_until_the_expected_end_is_over() -> None:
    stepper = Stepper()
    before = stepper.report(10, pending=9, success=1, processing=1)
    assert before is not None
    assert stepper.report(11, pending=9, success=1, waiting=True) == pytest.approx(before - 1)
    assert stepper.report(11 + before, pending=9, success=1, waiting=True) is None


def test_earlier_runs_tell_before_anything_has_ended() -> None:
    stepper = Stepper(earlier={Stage.ANALYSIS: EarlierExecution(100, 0.0, 400.0)})

    assert stepper.report(0.2, pending=50, success=0) == pytest.approx(200, rel=0.1)


@pytest.mark.parametrize("name", [Stage.RECOMMENDATIONS, Stage.REPORTING])
def test_the_end_of_a_run_is_unknown_while_a_later_stage_never_ran(name: Stage) -> None:
    known = {
        Stage.ANALYSIS: EarlierExecution(10, 0.0, 40.0),
        Stage.RECOMMENDATIONS: EarlierExecution(10, 0.0, 20.0),
        Stage.REPORTING: EarlierExecution(20, 0.0, 10.0),
    }
    stages = (Stage.ANALYSIS, Stage.RECOMMENDATIONS)
    stepper = Stepper(*stages, earlier=known)
    stepper.report(0.2, pending=10, success=0)
    end, run_end = stepper.execution.expected_end_at, stepper.execution.run_expected_end_at
    assert end
    assert run_end
    assert (run_end - end).total_seconds() == pytest.approx(25.0, abs=1)

    del known[name]
    stepper = Stepper(*stages, earlier=known)
    stepper.report(0.2, pending=10, success=0)
    assert stepper.execution.expected_end_at
    assert stepper.execution.run_expected_end_at is None


def test_the_next_stage_has_an_expected_end_from_its_beginning() -> None:
    stepper = Stepper(
        Stage.ANALYSIS,
        Stage.RECOMMENDATIONS,
        earlier={
            Stage.RECOMMENDATIONS: EarlierExecution(10, 0.0, 20.0),
            Stage.REPORTING: EarlierExecution(10, 0.0, 5.0),
        },
    )
    stepper.report(1, pending=20, success=0)
    first = stepper.execution
    stepper.end(60, success=20)

    assert (first.expected_end_at, first.run_expected_end_at) == (None, None)
    assert stepper.execution.stage is Stage.RECOMMENDATIONS
    begun = stepper.execution.created_at
    assert left(stepper.execution.expected_end_at, begun) == pytest.approx(40)
    assert left(stepper.execution.run_expected_end_at, begun) == pytest.approx(50)
    assert stepper.tenant.earlier[Stage.ANALYSIS][0] == EarlierExecution(20, 0.0, 60.0)


def test_after_a_stage_that_had_nothing_to_do_nobody_knows_what_earlier_runs_have_left() -> None:
    earlier = {
        Stage.RECOMMENDATIONS: EarlierExecution(10, 0.0, 20.0),
        Stage.REPORTING: EarlierExecution(10, 0.0, 5.0),
    }
    stepper = Stepper(Stage.ANALYSIS, Stage.RECOMMENDATIONS, earlier=earlier)
    stepper.end(1, success=0)

    assert stepper.execution.stage is Stage.RECOMMENDATIONS
    assert stepper.execution.expected_end_at is None
    assert stepper.report(2, pending=10, success=0) is not None


def test_a_few_recordings_of_unknown_length_take_nobody_knows_how_long() -> None:
    earlier = {Stage.TRANSCRIPTION: EarlierExecution(10, 600.0, 90.0)}
    few, many = (
        Stepper(Stage.TRANSCRIPTION, earlier=earlier),
        Stepper(Stage.TRANSCRIPTION, earlier=earlier),
    )

    assert few.report(0.2, pending=1, success=0) is None
    assert many.report(0.2, pending=20, success=0) == pytest.approx(180, rel=0.2)
    known = Details(0.0, 0.0, 1200.0)
    assert few.report(0.4, pending=1, success=0, details=known) == pytest.approx(180, rel=0.2)


def test_a_coordinator_that_has_just_started_goes_on_with_what_was_told() -> None:
    stepper = Stepper()
    told = [stepper.report(n * 10, pending=40 - n, success=n, processing=1) for n in range(1, 21)]
    stepper.execution.pace = None
    after = stepper.report(210, pending=19, success=21, processing=1)

    assert after == pytest.approx((told[-1] or 0) - 10, rel=0.3)


def test_a_run_that_is_asked_to_stop_is_expected_to_end_at_no_time() -> None:
    stepper = Stepper()
    stepper.report(10, pending=9, success=1)
    sequence.cancel_run(stepper.tenant, stepper.run, "anna", NOON + timedelta(seconds=11))
    assert stepper.execution.expected_end_at is None
    assert stepper.report(12, pending=8, success=2) is None


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 50),
            st.integers(0, 30),
            st.integers(0, 6),
            st.integers(0, 40),
            st.booleans(),
            st.booleans(),
            st.lists(st.tuples(st.floats(-100, 500), st.floats(0, 4000)), max_size=4),
            st.floats(0, 1e5),
        ),
        max_size=12,
    ),
    st.sampled_from([None, EarlierExecution(3, 0.0, 5.0), EarlierExecution(9, 90.0, 0.0)]),
)
def test_whatever_is_reported_no_end_lies_in_the_past(
    reported: list[tuple[float, int, int, int, bool, bool, list[tuple[float, float]], float]],
    earlier: EarlierExecution | None,
) -> None:
    """Counts may go back, clocks may differ, lengths may be wrong: the end is unknown, or still to come."""
    stepper, seconds = Stepper(Stage.TRANSCRIPTION), 0.0
    if earlier:
        stepper.tenant.earlier = {stage: [earlier] for stage in ORDER}
    for pause, pending, processing, success, discovered, waiting, held, length in reported:
        seconds += pause
        details = Details(length, length / 2, length / 3, at_work(*held), NOON.timestamp() + length)
        after = stepper.report(
            seconds,
            pending=pending,
            success=success,
            processing=processing,
            discovered=discovered,
            waiting=waiting,
            details=details,
        )
        assert after is None or after >= 0
        end, run_end = stepper.execution.expected_end_at, stepper.execution.run_expected_end_at
        assert discovered or end is None
        assert discovered or run_end is None
