"""The orders of the stages: those of a run, the one before or after another, those that a retry takes up."""

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
"""The stages of the calls of a client."""
MEETING = (Stage.TRANSCRIPTION, Stage.ANALYSIS, Stage.TASKS)
"""The stages of a meeting, which has nothing to fetch and no range to sum up."""
FOLLOWED_BY = {Stage.RECOMMENDATIONS: Stage.REPORTING}
"""The stage that a run goes on to after another one, whose result it shows."""


def stage_before(stage: Stage) -> Stage | None:
    """Return the stage whose results `stage` consumes; None for the first."""
    index = ORDER.index(stage)
    return ORDER[index - 1] if index else None


def _order_of(run: Run) -> tuple[Stage, ...]:
    """Return the order that the stages of a run are taken from."""
    return MEETING if run.bot_id else ORDER


def stage_after(run: Run, stage: Stage) -> Stage | None:
    """Return the next stage of a run; None after its last."""
    order = _order_of(run)
    return None if stage is run.last_stage else order[order.index(stage) + 1]


def run_stages(run: Run) -> list[tuple[Stage, RunMode]]:
    """Return the stages of a run in their order, each with the items it takes."""
    order = _order_of(run)
    first, last = order.index(run.first_stage), order.index(run.last_stage)
    return [(stage, stage_mode(run, stage)) for stage in order[first : last + 1]]


def stages_up_to(stage: Stage) -> tuple[Stage, ...]:
    """Return all stages of calls from the first one to `stage`; raises InvalidInput where calls have no such stage."""
    return ORDER[: _index_of("stage", stage) + 1]


def _index_of(field: str, stage: Stage) -> int:
    if stage not in ORDER:
        raise InvalidInput(
            f"{field}: {stage.value} is of meetings, calls have {', '.join(s.value for s in ORDER)}"
        )
    return ORDER.index(stage)


def stage_mode(run: Run, stage: Stage) -> RunMode:
    """Return which items a stage of a run takes; the mode FAILED is that of its first stage, PENDING of those after."""
    return run.mode if stage is run.first_stage or run.mode is RunMode.ALL else RunMode.PENDING


def consecutive(stages: tuple[Stage, ...]) -> tuple[Stage, Stage]:
    """Return the first and the last stage of a run over `stages`, over all stages of calls where none is named.

    What always follows the last one comes after it. Raises InvalidInput for stages that do not follow one another.
    """
    named = stages or ORDER
    first = _index_of("stages", named[0])
    if named != ORDER[first : first + len(named)]:
        raise InvalidInput(
            f"stages: must be consecutive and in order, as in {', '.join(s.value for s in ORDER)}"
        )
    return named[0], FOLLOWED_BY.get(named[-1], named[-1])


def retry_stages(run: Run, executions: list[Execution], stage: Stage | None) -> tuple[Stage, ...]:
    """Return the stages of a retry of an ended run; raises WrongState where there is nothing to take up."""
    if not run.state.ended:
        raise WrongState(
            f"run {run.run_id} has not ended: cancel it or wait",
            reason="RUN_NOT_ENDED",
            metadata={"run_id": run.run_id},
        )
    first = stage or next(
        (
            e.stage
            for e in executions
            if e.counts.failed or e.unchanged_failed or e.state is ExecutionState.FAILED
        ),
        None,
    )
    if first is None and run.state in (RunState.FAILED, RunState.CANCELLED):
        first = run.stage
    if first is None:
        raise WrongState(
            f"nothing failed in run {run.run_id}",
            reason="NOTHING_FAILED",
            metadata={
                "client_id": run.client_id,
                "start_date": run.range.start.isoformat(),
                "end_date": run.range.end.isoformat(),
            },
        )
    if run.bot_id:
        raise WrongState(
            f"run {run.run_id} is of a meeting: its bot has ended and never changes, "
            "send the recording again without a bot_id",
            reason="RUN_OF_MEETING",
        )
    begin, end = _index_of("stage", first), ORDER.index(run.last_stage)
    if begin > end:
        raise InvalidInput(f"stage: run {run.run_id} ended with {run.last_stage.value}")
    return ORDER[begin : end + 1]
