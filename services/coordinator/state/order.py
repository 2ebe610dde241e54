"""The orders of the stages: which a run has, which comes before or after another, which a retry takes up."""

from services.coordinator.state.domain import (
    Execution,
    Run,
)
from services.kernel.errors import InvalidInput, WrongState
from services.status.domain import ExecutionState, RunMode, RunState, Stage

ORDER = (
    Stage.CALL_SYNC,
    Stage.TRANSCRIPTION,
    Stage.ANALYSIS,
    Stage.RECOMMENDATIONS,
    Stage.REPORTING,
)
"""Of the calls of a client."""
MEETING = (Stage.TRANSCRIPTION, Stage.ANALYSIS, Stage.TASKS)
"""Of a meeting, which has nothing to fetch and no range to sum up."""


def stage_before(stage: Stage) -> Stage | None:
    """Return the stage whose results `stage` consumes; None for the first."""
    place = ORDER.index(stage)
    return ORDER[place - 1] if place else None


def _order_of(run: Run) -> tuple[Stage, ...]:
    """Return the stages that a run has a part of, in their order."""
    return MEETING if run.bot_id else ORDER


def stage_after(run: Run, stage: Stage) -> Stage | None:
    """Return the next stage of a run; None after its last."""
    order = _order_of(run)
    return None if stage is run.last_stage else order[order.index(stage) + 1]


def run_stages(run: Run) -> list[tuple[Stage, RunMode]]:
    """Return the stages of a run in their order, each with the items it takes."""
    order = _order_of(run)
    place, end = order.index(run.first_stage), order.index(run.last_stage)
    return [(stage, stage_mode(run, stage)) for stage in order[place : end + 1]]


def stages_up_to(stage: Stage) -> tuple[Stage, ...]:
    """Return all stages of calls from the first one to `stage`; raises InvalidInput where it is none of theirs."""
    return ORDER[: _place("stage", stage) + 1]


def _place(field: str, stage: Stage) -> int:
    if stage not in ORDER:
        raise InvalidInput(
            f"{field}: {stage.value} is of meetings, calls have {', '.join(s.value for s in ORDER)}"
        )
    return ORDER.index(stage)


def stage_mode(run: Run, stage: Stage) -> RunMode:
    """Return which items a stage of a run takes: after a first one with FAILED, what is PENDING."""
    return run.mode if stage is run.first_stage or run.mode is RunMode.ALL else RunMode.PENDING


def consecutive(stages: tuple[Stage, ...]) -> tuple[Stage, Stage]:
    """Return first and last of the wanted stages; RECOMMENDATIONS is always followed by REPORTING."""
    wanted = stages or ORDER
    first = _place("stages", wanted[0])
    if wanted != ORDER[first : first + len(wanted)]:
        raise InvalidInput(
            f"stages: must be consecutive and in order, as in {', '.join(s.value for s in ORDER)}"
        )
    last = Stage.REPORTING if wanted[-1] is Stage.RECOMMENDATIONS else wanted[-1]
    return wanted[0], last


def retry_stages(run: Run, executions: list[Execution], stage: Stage | None) -> tuple[Stage, ...]:
    """Return the stages that a retry of an ended run has; raises where there is nothing to take up."""
    if not run.state.ended:
        raise WrongState(
            f"run {run.run_id} has not ended: cancel it or wait", reason="RUN_NOT_ENDED"
        )
    first = stage or next(
        (e.stage for e in executions if e.counts.failed or e.state is ExecutionState.FAILED), None
    )
    if first is None and run.state in (RunState.FAILED, RunState.CANCELLED):
        first = run.stage
    if first is None:
        raise WrongState(f"nothing failed in run {run.run_id}", reason="NOTHING_FAILED")
    if run.bot_id:
        raise WrongState(
            f"run {run.run_id} is of a meeting: its bot has ended and never changes, "
            "send the recording again without a bot_id",
            reason="RUN_OF_MEETING",
        )
    place, end = _place("stage", first), ORDER.index(run.last_stage)
    if place > end:
        raise InvalidInput(f"stage: run {run.run_id} ended with {run.last_stage.value}")
    return ORDER[place : end + 1]
