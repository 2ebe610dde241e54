"""One stage over a range of days as a button of its own: started or joined, and for CALL_SYNC waited for."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from services.coordinator.runs.ports import RunEnds
from services.coordinator.runs.usecases import Runs
from services.coordinator.state import order
from services.coordinator.state.domain import (
    Run,
    RunView,
)
from services.coordinator.state.ledger import RangeStatus
from services.kernel.errors import (
    Conflict,
    DomainError,
    TookTooLong,
    UpstreamUnavailable,
    WrongState,
)
from services.kernel.quota import Quota
from services.status.domain import DateRange, Reason, RunId, RunMode, RunState, Stage
from services.status.identity import Caller

TRIES = 3
"""Tries of a start: a run that stands in the way may end while it is looked at."""

WORK = {
    Stage.CALL_SYNC: "fetching the calls",
    Stage.TRANSCRIPTION: "transcribing the calls",
    Stage.ANALYSIS: "analysing the calls",
    Stage.RECOMMENDATIONS: "summing up the recommendations",
}
"""What each button does, for people."""

FOR_A_PERSON = frozenset(
    {
        Reason.SOURCE_INVALID,
        Reason.GATE_NOT_MET,
        Reason.INVALID_INPUT,
        Reason.ACCESS_DENIED,
        Reason.RECORDING_MISSING,
        Reason.NOT_AUDIO,
        Reason.BAD_AUDIO,
        Reason.TOO_LARGE,
        Reason.REFUSED,
        Reason.TRUNCATED,
        Reason.BAD_ANSWER,
        Reason.COST_LIMIT,
    }
)
"""The reasons of failed runs that a person has to mend: before that a repeat changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A run that the call has started, or found under way."""

    run: Run
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """A run of CALL_SYNC that has ended, and where the range is since."""

    run: Run
    message: str
    status: RangeStatus


class DateRanges:
    """The stages of a client's calls, one by one."""

    def __init__(self, runs: Runs, ends: RunEnds, sync_wait: timedelta, quota: Quota) -> None:
        """`quota` is that of users who wait."""
        self._runs = runs
        self._ends = ends
        self._sync_wait = sync_wait
        self._quota = quota

    async def begin(
        self, caller: Caller, client_id: str, days: DateRange, stage: Stage, *, end_field: str
    ) -> Begun:
        """Start the stage over the days, or join the run that does just that.

        `end_field` is what the request calls the last day. Raises InvalidInput for days to come, Conflict while another
        stage or range of the client is under way, WrongState out of order.
        """
        what = f"{WORK[stage]} of {client_id}, {days.start} to {days.end}"
        for _ in range(TRIES):
            try:
                started = await self._runs.start_run(
                    caller, client_id, days, (stage,), RunMode.PENDING, "", end_field=end_field
                )
            except Conflict as refusal:
                view = await self._in_the_way(refusal)
                if view.run.state.ended:
                    continue
                if not _is_same(view.run, stage, days):
                    raise
                return Begun(run=view.run, message=f"{what}: under way already")
            return Begun(run=started.run, message=f"{what}: started")
        raise UpstreamUnavailable(f"{what}: runs of the client come and go, try again")

    async def sync_calls(
        self, caller: Caller, client_id: str, days: DateRange, *, end_field: str
    ) -> Synced:
        """Fetch the calls of the days and wait until that has ended.

        The run goes on whatever becomes of the call. Raises, beside what `begin` does, UpstreamUnavailable or
        WrongState where the run failed, Conflict where it was cancelled, TookTooLong where it takes longer, LimitReached
        where too many wait already.
        """
        with self._quota.taken_by(caller.user):
            return await self._sync_calls(caller, client_id, days, end_field)

    async def _sync_calls(
        self, caller: Caller, client_id: str, days: DateRange, end_field: str
    ) -> Synced:
        begun = await self.begin(caller, client_id, days, Stage.CALL_SYNC, end_field=end_field)
        run_id = begun.run.run_id
        try:
            async with asyncio.timeout(self._sync_wait.total_seconds()):
                await self._ends.wait(run_id)
        except TimeoutError:
            raise TookTooLong(
                f"run {run_id} is not done after {self._sync_wait} and goes on: "
                "repeat the call to wait for it, or watch it",
                reason="RUN_GOES_ON",
                metadata={"run_id": run_id},
            ) from None
        run = (await self._runs.get_run(run_id)).run
        _check_success(run)
        status = await self.get_status(client_id, days, Stage.CALL_SYNC)
        return Synced(run=run, message=_sentence(status), status=status)

    async def get_status(self, client_id: str, days: DateRange, stage: Stage) -> RangeStatus:
        """Return where the stage is over the days, for a page that waits for its end; raises ClientNotFound."""
        return await self._runs.get_button_status(client_id, stage, days)

    async def _in_the_way(self, refusal: Conflict) -> RunView:
        if refusal.reason != "RUN_ACTIVE":
            raise refusal
        return await self._runs.get_run(RunId(refusal.metadata["run_id"]))


def _is_same(run: Run, stage: Stage, days: DateRange) -> bool:
    """Return whether a run under way is of this stage and these days alone, in whatever mode it was started."""
    return (
        run.state is RunState.ACTIVE
        and (run.first_stage, run.last_stage) == order.consecutive((stage,))
        and run.range == days
    )


def _check_success(run: Run) -> None:
    """Raise the error that stands for the end of a run without success."""
    metadata = {"run_id": run.run_id, "stage": run.stage.value}
    if run.state is RunState.CANCELLED:
        raise Conflict(
            f"run {run.run_id} was cancelled: start again if that was not meant",
            reason="RUN_CANCELLED",
            metadata=metadata,
        )
    if run.state is not RunState.FAILED:
        return
    branch: type[DomainError] = WrongState if run.reason in FOR_A_PERSON else UpstreamUnavailable
    reason = run.reason.value if run.reason else "RUN_FAILED"
    cause = run.message or reason.replace("_", " ").lower()
    raise branch(
        f"run {run.run_id} failed in {run.stage.value}: {cause}", reason=reason, metadata=metadata
    )


def _sentence(status: RangeStatus) -> str:
    if not status.total_calls:
        return "there are no calls in these days"
    failed = f", {status.failed} failed" if status.failed else ""
    return f"{status.success} of {status.total_calls} calls are there{failed}"
