"""The gate between two stages: whether the stage before has left enough for the next one to begin with."""

from typing import NamedTuple

from services.coordinator.state.domain import Run
from services.coordinator.state.order import stage_before
from services.coordinator.state.tenant import Tenant
from services.kernel.errors import WrongState
from services.status.domain import RunMode, Stage


class Closed(NamedTuple):
    """A gate that is closed: why and what to do, and the mode in which to run the stage before it again."""

    why: str
    mode: RunMode


def check_input(tenant: Tenant, run: Run) -> None:
    """Raise WrongState unless the stage before the first one of a run has covered its days and succeeded enough."""
    before = stage_before(run.first_stage)
    if before is None:
        return
    missing = [d.day for d in tenant.run_days(run, before) if d.covered_at is None]
    if missing:
        raise WrongState(
            f"{before.value} never covered {_spans(missing)}: run it over these days first",
            reason="STAGE_OUT_OF_ORDER",
            metadata={"stage": before.value, "days": ",".join(missing), **_over(run)},
        )
    closed = gate(tenant, run, before)
    if closed is not None:
        raise WrongState(
            closed.why,
            reason="GATE_NOT_MET",
            metadata={"stage": before.value, "mode": closed.mode.value, **_over(run)},
        )


def gate(tenant: Tenant, run: Run, stage: Stage) -> Closed | None:
    """Return why too little of `stage` succeeded over the run's range for the next one and what to do, or None.

    Where any success is enough, what failed for good closes nothing: no other attempt could open the gate again.
    """
    figures = [day.figures for day in tenant.run_days(run, stage)]
    success = sum(each.success for each in figures)
    tried = sum(each.items - each.skipped for each in figures)
    permanent = sum(each.permanent for each in figures)
    least = run.settings.min_success_ratio
    if tried == 0 or (permanent == tried and not least):
        return None
    if success and success / tried >= least:
        return None
    needed = f"at least {least:.0%}" if least else "at least one"
    still_open = sum(each.pending + each.processing for each in figures)
    advice, mode = _advice(stage, tried, success, permanent, still_open, least)
    found = f"{success} of {tried} items of {stage.value} succeeded, {needed} must"
    return Closed(f"{found}: {advice}", mode)


def _advice(
    stage: Stage, tried: int, success: int, permanent: int, still_open: int, least: float
) -> tuple[str, RunMode]:
    """Say what can open the gate, and in which mode: only what the reasons of the failures leave a chance."""
    retryable = tried - success - permanent - still_open
    if (tried - permanent) / tried < least or not (retryable or still_open):
        advice = (
            f"{permanent} failed for good, which no retry mends; do what their reasons say and run "
            f"{stage.value} in mode ALL, or set a lower min_success_ratio"
        )
        return advice, RunMode.ALL
    if still_open:
        return f"run {stage.value} again, {still_open} are not done yet", RunMode.PENDING
    return "retry its failures", RunMode.FAILED


def _over(run: Run) -> dict[str, str]:
    """Return what names the range of a run to who is to do something about it."""
    return {
        "client_id": run.client_id,
        "start_date": run.range.start.isoformat(),
        "end_date": run.range.end.isoformat(),
    }


def _spans(days: list[str]) -> str:
    return days[0] if len(days) == 1 else f"{len(days)} days ({days[0]} to {days[-1]})"
