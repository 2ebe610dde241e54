"""Every legal step of a run: pure decisions on the rows of one owner.

Each function checks first and changes after, so that a refusal leaves nothing half done. It returns what it touched, in
the order in which a watcher is told. Commands raise; reports and timers answer a verdict or nothing.
"""

from collections.abc import Callable
from datetime import datetime

from services.coordinator.state import bot_steps
from services.coordinator.state.days import (
    Day,
)
from services.coordinator.state.domain import (
    Execution,
    Run,
    Start,
)
from services.coordinator.state.gate import check_input, gate
from services.coordinator.state.order import consecutive, stage_after, stage_mode
from services.coordinator.state.pace import expect_next, remember, update_rate
from services.coordinator.state.reports import (
    DayReport,
    StageReport,
    Verdict,
)
from services.coordinator.state.tenant import (
    ReportOutcome,
    Subject,
    Tenant,
)
from services.kernel.errors import Conflict, InvalidInput
from services.status.domain import (
    ExecutionNumber,
    ExecutionState,
    Reason,
    RunId,
    RunMode,
    RunState,
    Stage,
)

NextNumber = Callable[[], ExecutionNumber]


def start_run(
    tenant: Tenant, start: Start, run_id: RunId, number: ExecutionNumber, now: datetime
) -> tuple[Run, list[Subject]]:
    """Begin a run with its first execution."""
    run = planned_run(tenant, start, run_id, now)
    tenant.run = tenant.runs[run_id] = run
    return run, [run, open_execution(tenant, run, start.mode, number, now)]


def planned_run(tenant: Tenant, start: Start, run_id: RunId, now: datetime) -> Run:
    """Return the run that a start asks for, changing nothing; raises where it is refused."""
    first, last = consecutive(start.stages)
    if start.range.end > start.today:
        raise InvalidInput(
            f"{start.end_field}: {start.range.end} lies in the future: today is {start.today}"
        )
    if tenant.run is not None:
        raise Conflict(
            f"run {tenant.run.run_id} of client {start.client.client_id} is under way in "
            f"{tenant.run.stage.value}: wait for it, watch it or cancel it",
            reason="RUN_ACTIVE",
            metadata={"run_id": tenant.run.run_id, "stage": tenant.run.stage.value},
        )
    run = Run(
        run_id=run_id,
        owner=tenant.owner,
        client_id=start.client.client_id,
        range=start.range,
        first_stage=first,
        last_stage=last,
        mode=start.mode,
        settings=start.client.settings,
        actor=start.actor,
        created_at=now,
        stage=first,
        retry_of=start.retry_of,
    )
    check_input(tenant, run)
    return run


def take_days(tenant: Tenant, stage: Stage, reports: tuple[DayReport, ...]) -> list[Subject]:
    """Take every newer report of a day, whatever becomes of the report it came with: counts are facts."""
    changed: list[Subject] = []
    for report in reports:
        day = tenant.day(stage, report.day)
        if take_day(day, report):
            changed.append(day)
    return changed


def take_day(day: Day, report: DayReport) -> bool:
    """Take a newer report of a day; returns whether its figures have changed."""
    if report.version <= day.seen_version:
        return False
    day.seen_version = report.version
    if day.version and report.figures == day.figures:
        return False
    day.version, day.figures, day.raw = report.version, report.figures, report.raw
    return True


def take_report(
    tenant: Tenant,
    execution: Execution,
    report: StageReport,
    next_number: NextNumber,
    now: datetime,
) -> ReportOutcome:
    """Judge a report and apply it; the days in it are taken whatever the verdict."""
    verdict, message = _judge(execution, report)
    days = take_days(tenant, execution.stage, report.days) if report.days else []
    if verdict is not Verdict.APPLIED:
        return ReportOutcome(verdict, days, message)
    execution.sequence = report.sequence
    state = report.state
    if state is ExecutionState.RUNNING and execution.state is ExecutionState.CANCELLING:
        state = ExecutionState.CANCELLING
    if report.progress == execution.progress and state is execution.state:
        return ReportOutcome(Verdict.APPLIED if days else Verdict.DUPLICATE, days)
    execution.progress, execution.state = report.progress, state
    update_rate(
        tenant,
        execution,
        report.counts,
        now,
        discovered=report.discovered,
        waiting=report.waiting,
        details=report.details,
    )
    touched: list[Subject] = [execution, *days]
    if state.ended:
        execution.reason, execution.message = report.reason, report.message
        execution.unchanged_failed = report.unchanged_failed
        if execution.bot_id and state is ExecutionState.PARTIAL and report.failure:
            execution.reason, execution.message = report.failure
        _end_execution(tenant, execution, touched, next_number, now)
    return ReportOutcome(Verdict.APPLIED, touched)


def take_progress(execution: Execution, sequence: int, progress: bytes) -> Verdict:
    """Apply a report that says RUNNING to an execution that is RUNNING: `take_report` in its most frequent case.

    Sets the sequence and the undecoded progress; `update_rate` follows once a group.
    """
    if sequence <= execution.sequence:
        return Verdict.DUPLICATE
    execution.sequence = sequence
    if progress == execution.progress:
        return Verdict.DUPLICATE
    execution.progress = progress
    return Verdict.APPLIED


def dispatched(execution: Execution) -> list[Subject]:
    """Note that the service of the stage has stored the execution."""
    if execution.state is not ExecutionState.QUEUED:
        return []
    execution.state, execution.unreachable = ExecutionState.DISPATCHED, False
    return [execution]


def unreachable(execution: Execution) -> list[Subject]:
    """Note, once, that the service of the stage could not be reached."""
    if execution.state is not ExecutionState.QUEUED or execution.unreachable:
        return []
    execution.unreachable = True
    return [execution]


def stalled(execution: Execution) -> list[Subject]:
    """Note that the service of the stage has fallen silent."""
    if execution.state not in (ExecutionState.DISPATCHED, ExecutionState.RUNNING):
        return []
    execution.state = ExecutionState.STALLED
    return [execution]


def fail_execution(
    tenant: Tenant, execution: Execution, reason: Reason, message: str, now: datetime
) -> list[Subject]:
    """End an execution that the coordinator gives up on."""
    if execution.state.ended:
        return []
    execution.reason, execution.message = reason, message
    return _end_as(tenant, execution, ExecutionState.FAILED, now)


def cancel_run(tenant: Tenant, run: Run, actor: str, now: datetime) -> list[Subject]:
    """Ask a run to stop, because `actor` wants so; one that has ended, or is asked already, stays as it is."""
    if run.state is not RunState.ACTIVE:
        return []
    run.state, run.cancelled_by, run.cancelling_at = RunState.CANCELLING, actor, now
    touched: list[Subject] = [run]
    for execution in tenant.executions.values():
        if execution.run_id == run.run_id and not execution.state.ended:
            execution.state, execution.cancelling_at = ExecutionState.CANCELLING, now
            execution.expected_end_at = execution.run_expected_end_at = None
            touched.append(execution)
    return touched


def cancelled(tenant: Tenant, execution: Execution, now: datetime) -> list[Subject]:
    """End an execution that was asked to stop: its service confirmed, or said nothing for too long."""
    if execution.state is not ExecutionState.CANCELLING:
        return []
    return _end_as(tenant, execution, ExecutionState.CANCELLED, now)


_DONE = frozenset({ExecutionState.SUCCEEDED, ExecutionState.PARTIAL})


def _judge(execution: Execution, report: StageReport) -> tuple[Verdict, str]:
    state = report.state
    if execution.state.ended:
        # An end that is told again may have other counts: of late recordings, or of items that newer executions took.
        same = state is execution.state or {state, execution.state} <= _DONE
        if same or report.sequence <= execution.sequence:
            return Verdict.DUPLICATE, ""
        return Verdict.STALE, f"the execution has ended as {execution.state.value}"
    if report.sequence <= execution.sequence:
        return Verdict.DUPLICATE, ""
    if state is ExecutionState.RUNNING:
        return Verdict.APPLIED, ""
    if not state.ended:
        return Verdict.ILLEGAL, f"a service may not report {state.value}"
    if report.counts.open:
        return Verdict.ILLEGAL, f"{state.value} with {report.counts.open} items open"
    if state in _DONE:
        if not report.discovered:
            return Verdict.ILLEGAL, f"{state.value} before every item was found"
        if (state is ExecutionState.PARTIAL) != (report.counts.failed > 0):
            return Verdict.ILLEGAL, f"{state.value} with {report.counts.failed} failed items"
    return Verdict.APPLIED, ""


def _end_as(
    tenant: Tenant, execution: Execution, state: ExecutionState, now: datetime
) -> list[Subject]:
    execution.state = state
    touched: list[Subject] = [execution]
    _end_execution(tenant, execution, touched, _no_number, now)
    return touched


def _no_number() -> ExecutionNumber:
    raise AssertionError("an execution that did not succeed starts nothing")


def _end_execution(
    tenant: Tenant,
    execution: Execution,
    touched: list[Subject],
    next_number: NextNumber,
    now: datetime,
) -> None:
    """Settle what follows from an ended execution: covered days, then the next stage or the end of the run."""
    execution.ended_at, execution.waiting, execution.unreachable = now, False, False
    remember(tenant, execution)
    run = tenant.runs[execution.run_id]
    if execution.discovered and not run.bot_id:
        for day in tenant.run_days(run, execution.stage):
            if day.covered_at is None:
                day.covered_at = now
                if day not in touched:
                    touched.append(day)
    if run.state is RunState.CANCELLING or execution.state is ExecutionState.CANCELLED:
        _end_run(tenant, run, RunState.CANCELLED, touched, now)
    elif execution.state is ExecutionState.FAILED or (
        # The only item of a meeting has failed: there is nothing to go on with.
        run.bot_id and execution.state is ExecutionState.PARTIAL
    ):
        run.reason, run.message = execution.reason, execution.message
        _end_run(tenant, run, RunState.FAILED, touched, now)
    else:
        _go_on(tenant, run, execution, touched, next_number, now)


def _go_on(
    tenant: Tenant,
    run: Run,
    execution: Execution,
    touched: list[Subject],
    next_number: NextNumber,
    now: datetime,
) -> None:
    stage = stage_after(run, execution.stage)
    if stage is None:
        executions = [e for e in tenant.executions.values() if e.run_id == run.run_id]
        failed = any(e.counts.failed for e in executions)
        known = [e for e in executions if e.unchanged_failed]
        if known:
            run.message = known_failures(known)
        ended = RunState.PARTIAL if failed or known else RunState.COMPLETED
        _end_run(tenant, run, ended, touched, now)
        return
    closed = None if run.bot_id else gate(tenant, run, execution.stage)
    if closed is not None:
        run.reason, run.message = Reason.GATE_NOT_MET, closed.why
        _end_run(tenant, run, RunState.FAILED, touched, now)
        return
    run.stage = stage
    following = open_execution(tenant, run, stage_mode(run, stage), next_number(), now)
    expect_next(tenant, run, execution, following)
    touched += [run, following]
    _move_bot(tenant, run, touched, now)


def known_failures(executions: list[Execution]) -> str:
    """Say which failures of before a run has left alone."""
    counts = ", ".join(f"{e.unchanged_failed} of {e.stage.value}" for e in executions)
    return f"failed before and left alone: {counts}; a retry of this run takes them up"


def _end_run(
    tenant: Tenant, run: Run, state: RunState, touched: list[Subject], now: datetime
) -> None:
    run.state, run.ended_at = state, now
    if tenant.run is run:
        tenant.run = None
    touched.append(run)
    _move_bot(tenant, run, touched, now)


def _move_bot(tenant: Tenant, run: Run, touched: list[Subject], now: datetime) -> None:
    """Move the bot of a meeting with its run; its record may have expired meanwhile."""
    bot = tenant.bots.get(run.bot_id) if run.bot_id else None
    if bot is not None and bot_steps.follow(bot, run, now):
        touched.append(bot)


def open_execution(
    tenant: Tenant, run: Run, mode: RunMode, number: ExecutionNumber, now: datetime
) -> Execution:
    """Add the execution of the stage that a run is in."""
    execution = Execution(
        number=number,
        run_id=run.run_id,
        owner=run.owner,
        stage=run.stage,
        mode=mode,
        created_at=now,
        progressed_at=now,
        bot_id=run.bot_id,
    )
    tenant.executions[number] = execution
    return execution
