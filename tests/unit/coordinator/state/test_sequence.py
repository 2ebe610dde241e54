"""The state machine of runs: what it allows, what it refuses, and that no disorder of reports can break it."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.coordinator.state import order, sequence
from services.coordinator.state.domain import (
    Execution,
    Run,
)
from services.coordinator.state.order import ORDER
from services.coordinator.state.pace import update_rate
from services.coordinator.state.reports import (
    Verdict,
)
from services.coordinator.state.sequence import take_report
from services.coordinator.state.tenant import (
    Tenant,
)
from services.kernel.errors import Conflict, InvalidInput, WrongState
from services.status.domain import (
    DateRange,
    ExecutionNumber,
    ExecutionState,
    ItemCounts,
    Reason,
    RunId,
    RunMode,
    RunState,
    Stage,
)
from tests.builders.coordinator import (
    DAYS,
    NOON,
    a_client,
    a_day_report,
    a_stage_report,
    a_start,
    a_tenant,
    days_of,
)

ENDS = [s for s in ExecutionState if s.ended]


class ClientWithRuns:
    """A tenant with a run, and numbers for its executions."""

    def __init__(self, *stages: Stage, mode: RunMode = RunMode.PENDING, ratio: float = 0.0) -> None:
        self.tenant = a_tenant()
        self.numbers = map(ExecutionNumber, count(1))
        self.start(*stages, mode=mode, ratio=ratio)

    def start(self, *stages: Stage, mode: RunMode = RunMode.PENDING, ratio: float = 0.0) -> Run:
        start = a_start(*stages, mode=mode, client=a_client(ratio))
        number = next(self.numbers)
        run, _ = sequence.start_run(self.tenant, start, RunId(f"run{number}"), number, NOON)
        return run

    @property
    def execution(self) -> Execution:
        return self.tenant.executions[max(self.tenant.executions)]

    @property
    def run(self) -> Run:
        return self.tenant.runs[self.execution.run_id]

    def report(
        self, sequence_: int, state: ExecutionState = ExecutionState.RUNNING, **report: object
    ) -> Verdict:
        one = a_stage_report(self.execution.number, sequence_, state, **report)  # type: ignore[arg-type]
        return take_report(
            self.tenant, self.execution, one, lambda: next(self.numbers), NOON
        ).verdict

    def succeed(self, **counts: int) -> None:
        days = tuple(a_day_report(day, 99, **counts) for day in days_of(DAYS))
        state = ExecutionState.PARTIAL if counts.get("failed") else ExecutionState.SUCCEEDED
        assert self.report(99, state, days=days, **counts) is Verdict.APPLIED


def test_stages_follow_one_another_to_the_end() -> None:
    world = ClientWithRuns()
    for stage in ORDER:
        assert world.execution.stage is stage
        assert world.report(1, pending=3) is Verdict.APPLIED
        world.succeed(success=3)

    assert world.run.state is RunState.COMPLETED
    assert world.tenant.run is None


@pytest.mark.parametrize(
    ("stages", "first", "last"),
    [
        ((), order.ORDER[0], order.ORDER[-1]),
        ((Stage.ANALYSIS,), Stage.ANALYSIS, Stage.ANALYSIS),
        ((Stage.RECOMMENDATIONS,), Stage.RECOMMENDATIONS, Stage.REPORTING),
        ((Stage.ANALYSIS, Stage.RECOMMENDATIONS), Stage.ANALYSIS, Stage.REPORTING),
    ],
)
def test_wanted_stages_have_a_first_and_a_last(
    stages: tuple[Stage, ...], first: Stage, last: Stage
) -> None:
    assert order.consecutive(stages) == (first, last)


@pytest.mark.parametrize(
    "stages",
    [
        (Stage.CALL_SYNC, Stage.ANALYSIS),
        (Stage.TRANSCRIPTION, Stage.CALL_SYNC),
        (Stage.ANALYSIS, Stage.ANALYSIS),
    ],
)
def test_stages_that_do_not_follow_one_another_are_refused(stages: tuple[Stage, ...]) -> None:
    with pytest.raises(InvalidInput, match="consecutive"):
        order.consecutive(stages)


def test_a_second_run_is_refused_naming_the_first_and_changes_nothing() -> None:
    world = ClientWithRuns()
    with pytest.raises(Conflict) as refused:
        world.start()

    assert refused.value.reason == "RUN_ACTIVE"
    assert refused.value.metadata == {"run_id": "run1", "stage": "CALL_SYNC"}
    assert len(world.tenant.runs) == 1


def test_a_stage_before_its_input_is_refused_naming_the_days() -> None:
    tenant = a_tenant()
    with pytest.raises(WrongState) as refused:
        sequence.start_run(tenant, a_start(Stage.ANALYSIS), RunId("run"), ExecutionNumber(1), NOON)

    assert refused.value.reason == "STAGE_OUT_OF_ORDER"
    assert refused.value.metadata["days"] == "2026-11-19,2026-11-20"
    assert not tenant.runs


def test_a_range_in_the_future_is_refused() -> None:
    tomorrow = NOON.date() + timedelta(1)
    days = DateRange(start=NOON.date(), end=tomorrow)
    with pytest.raises(InvalidInput, match="future"):
        sequence.start_run(a_tenant(), a_start(days=days), RunId("run"), ExecutionNumber(1), NOON)


def test_a_range_in_the_future_is_refused_by_the_name_that_its_request_has_for_the_end() -> None:
    late = DateRange(start=date(2999, 1, 1), end=date(2999, 1, 1))
    start = replace(a_start(days=late), end_field="end_date_str")
    with pytest.raises(InvalidInput, match=r"^end_date_str: 2999-01-01 lies in the future"):
        sequence.planned_run(a_tenant(), start, RunId("run"), NOON)


@pytest.mark.parametrize(
    ("ratio", "counts", "passes"),
    [
        (0.0, {"success": 1, "failed": 9}, True),
        (0.0, {"failed": 3}, False),
        (0.0, {"skipped": 3}, True),
        (0.0, {}, True),
        (0.5, {"success": 5, "failed": 5, "skipped": 90}, True),
        (0.5, {"success": 4, "failed": 5}, False),
    ],
)
def test_the_gate_asks_for_enough_successes(
    ratio: float, counts: dict[str, int], passes: bool
) -> None:
    world = ClientWithRuns(Stage.CALL_SYNC, Stage.TRANSCRIPTION, ratio=ratio)
    run = world.run
    world.succeed(**counts)

    if passes:
        assert (run.state, run.stage) == (RunState.ACTIVE, Stage.TRANSCRIPTION)
    else:
        assert (run.state, run.reason) == (RunState.FAILED, Reason.GATE_NOT_MET)
        assert run.stage is Stage.CALL_SYNC


def test_a_failed_item_in_any_stage_makes_the_run_partial() -> None:
    world = ClientWithRuns(Stage.CALL_SYNC, Stage.TRANSCRIPTION)
    run = world.run
    world.succeed(success=2, failed=1)
    world.succeed(success=2)

    assert run.state is RunState.PARTIAL


def test_a_failed_stage_ends_the_run_with_its_reason() -> None:
    world = ClientWithRuns()
    world.report(1, ExecutionState.FAILED, reason=Reason.SOURCE_INVALID)

    assert (world.run.state, world.run.reason) == (RunState.FAILED, Reason.SOURCE_INVALID)
    assert world.run.stage is Stage.CALL_SYNC


def test_only_the_first_stage_of_a_retry_takes_failures_again() -> None:
    world = ClientWithRuns(Stage.CALL_SYNC, Stage.TRANSCRIPTION, mode=RunMode.FAILED)
    first = world.execution
    world.succeed(success=1)

    assert (first.mode, world.execution.mode) == (RunMode.FAILED, RunMode.PENDING)


def test_all_holds_for_every_stage() -> None:
    world = ClientWithRuns(Stage.CALL_SYNC, Stage.TRANSCRIPTION, mode=RunMode.ALL)
    world.succeed(success=1)

    assert world.execution.mode is RunMode.ALL


@pytest.mark.parametrize(
    ("state", "counts", "discovered"),
    [
        (ExecutionState.SUCCEEDED, {"success": 1, "pending": 1}, True),
        (ExecutionState.SUCCEEDED, {"success": 1, "failed": 1}, True),
        (ExecutionState.PARTIAL, {"success": 1}, True),
        (ExecutionState.SUCCEEDED, {"success": 1}, False),
        (ExecutionState.FAILED, {"processing": 1}, True),
        (ExecutionState.QUEUED, {}, True),
        (ExecutionState.STALLED, {}, True),
    ],
)
def test_a_report_that_contradicts_itself_is_illegal(
    state: ExecutionState, counts: dict[str, int], discovered: bool
) -> None:
    world = ClientWithRuns()
    world.report(1, pending=1)

    assert world.report(2, state, discovered=discovered, **counts) is Verdict.ILLEGAL
    assert world.execution.state is ExecutionState.RUNNING


def test_a_repeated_or_older_report_is_a_duplicate() -> None:
    world = ClientWithRuns()
    world.report(5, pending=1)

    assert world.report(5, pending=1) is Verdict.DUPLICATE
    assert world.report(4, pending=2) is Verdict.DUPLICATE
    assert world.execution.counts.pending == 1


def test_the_same_content_is_a_duplicate_but_moves_the_sequence() -> None:
    world = ClientWithRuns()
    world.report(5, pending=1)

    assert world.report(7, pending=1) is Verdict.DUPLICATE
    assert world.report(6, pending=9) is Verdict.DUPLICATE
    assert world.execution.counts.pending == 1


def test_a_report_after_the_end_is_stale_and_its_days_are_taken() -> None:
    world = ClientWithRuns(Stage.CALL_SYNC)
    world.succeed(success=1)
    late = a_day_report(version=100, success=2)

    assert world.report(100, days=(late,), pending=1) is Verdict.STALE
    assert world.tenant.day(Stage.CALL_SYNC, "2026-11-20").figures.success == 2


@pytest.mark.parametrize("state", [ExecutionState.SUCCEEDED, ExecutionState.PARTIAL])
def test_an_end_told_again_with_the_items_as_they_are_now_is_no_news_but_for_its_days(
    state: ExecutionState,
) -> None:
    world = ClientWithRuns(Stage.CALL_SYNC)
    world.succeed(success=1, skipped=1)
    late = a_day_report(version=100, success=2)

    failed = int(state is ExecutionState.PARTIAL)
    verdict = world.report(100, state, days=(late,), success=1, failed=failed)
    assert verdict is Verdict.DUPLICATE
    assert world.tenant.day(Stage.CALL_SYNC, "2026-11-20").figures.success == 2


def test_an_older_count_of_a_day_changes_nothing() -> None:
    world = ClientWithRuns()
    world.report(1, days=(a_day_report(version=5, success=2),), success=2)

    world.report(2, days=(a_day_report(version=4, success=1),), success=3)
    assert world.tenant.day(Stage.CALL_SYNC, "2026-11-20").figures.success == 2


def test_days_are_covered_when_their_stage_has_ended_also_without_calls() -> None:
    world = ClientWithRuns(Stage.CALL_SYNC)
    world.report(1, pending=1)
    assert world.tenant.day(Stage.CALL_SYNC, "2026-11-19").covered_at is None
    world.report(2, ExecutionState.SUCCEEDED, success=1)

    assert all(d.covered_at for d in world.tenant.run_days(world.run, Stage.CALL_SYNC))


@pytest.mark.parametrize("discovered", [True, False])
def test_a_cancelled_stage_covers_its_days_once_every_item_is_known(discovered: bool) -> None:
    world = ClientWithRuns(Stage.CALL_SYNC)
    world.report(1, pending=1, discovered=discovered)
    sequence.cancel_run(world.tenant, world.run, "anna", NOON)
    world.report(2, ExecutionState.CANCELLED, failed=1, discovered=discovered)

    days = world.tenant.run_days(world.run, Stage.CALL_SYNC)
    assert [d.covered_at is not None for d in days] == [discovered] * len(days)


def test_a_cancelled_run_ends_when_its_service_confirms() -> None:
    world = ClientWithRuns()
    world.report(1, pending=1)
    sequence.cancel_run(world.tenant, world.run, "anna", NOON)
    assert world.report(2, pending=2) is Verdict.APPLIED
    assert world.execution.state is ExecutionState.CANCELLING
    world.report(3, ExecutionState.CANCELLED, failed=2)

    assert world.run.state is RunState.CANCELLED
    assert sequence.cancel_run(world.tenant, world.run, "anna", NOON) == []


def test_a_stage_that_succeeds_while_it_is_cancelled_starts_no_other() -> None:
    world = ClientWithRuns()
    sequence.cancel_run(world.tenant, world.run, "anna", NOON)
    world.succeed(success=1)

    assert world.run.state is RunState.CANCELLED
    assert len(world.tenant.executions) == 1


def test_a_stalled_execution_runs_again_with_the_next_report() -> None:
    world = ClientWithRuns()
    world.report(1, pending=1)
    sequence.stalled(world.execution)

    assert world.report(2, pending=1) is Verdict.APPLIED
    assert world.execution.state is ExecutionState.RUNNING


def test_a_retry_begins_with_the_first_stage_that_failed() -> None:
    world = ClientWithRuns(Stage.CALL_SYNC, Stage.TRANSCRIPTION, Stage.ANALYSIS)
    run = world.run
    world.succeed(success=1)
    world.succeed(success=1, failed=1)
    world.succeed(success=1)
    executions = list(world.tenant.executions.values())

    assert order.retry_stages(run, executions, None) == (Stage.TRANSCRIPTION, Stage.ANALYSIS)
    assert order.retry_stages(run, executions, Stage.ANALYSIS) == (Stage.ANALYSIS,)


def test_a_retry_of_what_did_not_fail_or_has_not_ended_is_refused() -> None:
    world = ClientWithRuns(Stage.CALL_SYNC)
    with pytest.raises(WrongState, match="not ended"):
        order.retry_stages(world.run, [world.execution], None)
    run = world.run
    world.succeed(success=1)
    with pytest.raises(WrongState, match="nothing failed"):
        order.retry_stages(run, [world.execution], None)


class RunMachine(RuleBasedStateMachine):
    """Random, repeated, late and stale reports, commands and timers, against what must always hold."""

    @initialize(
        stages=st.sampled_from([(), (Stage.CALL_SYNC,), (Stage.CALL_SYNC, Stage.TRANSCRIPTION)])
    )
    def start(self, stages: tuple[Stage, ...]) -> None:
        self.world = ClientWithRuns(*stages)
        self.seen: dict[int, ExecutionState] = {}
        self.sequences: dict[int, int] = {}
        self.runs: dict[str, RunState] = {}
        self.versions: dict[tuple[Stage, str], int] = {}

    @rule(
        data=st.data(),
        at=st.integers(0, 12),
        state=st.sampled_from(list(ExecutionState)),
        pending=st.integers(0, 1),
        success=st.integers(0, 2),
        failed=st.integers(0, 1),
        discovered=st.booleans(),
        version=st.integers(0, 5),
    )
    def report(
        self,
        data: st.DataObject,
        at: int,
        state: ExecutionState,
        pending: int,
        success: int,
        failed: int,
        discovered: bool,
        version: int,
    ) -> None:
        tenant: Tenant = self.world.tenant
        number = data.draw(st.sampled_from(sorted(tenant.executions)))
        execution = tenant.executions[number]
        before = (execution.state, execution.sequence, execution.counts)
        report = a_stage_report(
            number,
            at,
            state,
            discovered=discovered,
            days=(a_day_report(version=version, success=success, failed=failed),),
            pending=pending,
            success=success,
            failed=failed,
        )
        judged = take_report(tenant, execution, report, lambda: next(self.world.numbers), NOON)
        if judged.verdict in (Verdict.STALE, Verdict.ILLEGAL):
            assert (execution.state, execution.sequence, execution.counts) == before
        # The very same report once more never changes anything.
        after = (execution.state, execution.sequence, len(tenant.executions))
        again = take_report(tenant, execution, report, lambda: next(self.world.numbers), NOON)
        assert again.verdict is not Verdict.APPLIED
        assert not again.touched
        assert (execution.state, execution.sequence, len(tenant.executions)) == after

    @rule()
    def cancel(self) -> None:
        sequence.cancel_run(self.world.tenant, self.world.run, "anna", NOON)

    @rule(timer=st.sampled_from(["dispatched", "unreachable", "stalled", "cancelled", "fail"]))
    def time_passes(self, timer: str) -> None:
        tenant, execution = self.world.tenant, self.world.execution
        match timer:
            case "dispatched":
                sequence.dispatched(execution)
            case "unreachable":
                sequence.unreachable(execution)
            case "stalled":
                sequence.stalled(execution)
            case "cancelled":
                sequence.cancelled(tenant, execution, NOON)
            case "fail":
                sequence.fail_execution(tenant, execution, Reason.STAGE_SILENT, "silent", NOON)

    @precondition(lambda self: self.world.tenant.run is None)
    @rule()
    def start_again(self) -> None:
        self.world.start(Stage.CALL_SYNC)

    @invariant()
    def what_has_ended_stays(self) -> None:
        for number, execution in self.world.tenant.executions.items():
            old = self.seen.get(number)
            assert old is None or not old.ended or execution.state is old
            assert execution.sequence >= self.sequences.get(number, 0)
            assert execution.state.ended == (execution.ended_at is not None)
            self.seen[number], self.sequences[number] = execution.state, execution.sequence
        for run_id, run in self.world.tenant.runs.items():
            known = self.runs.get(run_id)
            assert known is None or not known.ended or run.state is known
            assert run.state.ended == (run.ended_at is not None)
            self.runs[run_id] = run.state

    @invariant()
    def one_stage_at_a_time_and_in_order(self) -> None:
        tenant = self.world.tenant
        active = [run for run in tenant.runs.values() if not run.state.ended]
        assert active == ([tenant.run] if tenant.run else [])
        for run in tenant.runs.values():
            mine = [e for e in tenant.executions.values() if e.run_id == run.run_id]
            first = ORDER.index(run.first_stage)
            assert [e.stage for e in mine] == list(ORDER[first : first + len(mine)])
            assert all(e.state.ended for e in mine[:-1])
            assert mine[-1].state.ended == run.state.ended
            assert mine[-1].stage is run.stage

    @invariant()
    def days_only_grow(self) -> None:
        for key, day in self.world.tenant.days.items():
            assert day.version >= self.versions.get(key, 0)
            self.versions[key] = day.version


RunMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=30)
test_no_disorder_breaks_a_run = RunMachine.TestCase


def test_a_rate_is_told_once_it_means_something_and_follows_what_happens() -> None:
    client = ClientWithRuns()
    execution = client.execution

    def ended(items: int, seconds: float) -> float:
        counts = ItemCounts(success=items, pending=1000 - items)
        now = NOON + timedelta(seconds=seconds)
        update_rate(client.tenant, execution, counts, now, discovered=True, waiting=False)
        return execution.items_per_second

    assert ended(1, 0.4) == 0.0, "one that ends at once says nothing of the others"
    assert ended(200, 20) == pytest.approx(200 / 20, rel=0.02)
    assert ended(400, 60) == pytest.approx(200 / 40, rel=0.3), "what is new counts for more"
    assert ended(900, 160) == pytest.approx(500 / 100, rel=0.05), "what is old fades"


def test_a_stage_of_meetings_is_refused_by_name_where_calls_are_meant() -> None:
    with pytest.raises(InvalidInput, match=r"stages: TASKS is of meetings"):
        order.consecutive((Stage.TASKS,))
    with pytest.raises(InvalidInput, match=r"stages: must be consecutive"):
        order.consecutive((Stage.ANALYSIS, Stage.TASKS))
    with pytest.raises(InvalidInput, match=r"stage: TASKS is of meetings"):
        order.stages_up_to(Stage.TASKS)
