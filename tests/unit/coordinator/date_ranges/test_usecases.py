"""What the end of a run means to whoever waited for it, and starts that meet one another."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest

from services.coordinator.date_ranges.usecases import FOR_A_PERSON, DateRanges
from services.coordinator.runs.ports import RunEnds
from services.coordinator.runs.usecases import Runs
from services.coordinator.state.domain import (
    Run,
    RunView,
)
from services.coordinator.state.ledger import OverallStatus, RangeStatus
from services.kernel.errors import (
    Conflict,
    DomainError,
    LimitReached,
    TookTooLong,
    UpstreamUnavailable,
    WrongState,
)
from services.kernel.quota import Quota
from services.status.domain import RETRYABLE, DateRange, Reason, RunId, RunState, Stage
from services.status.identity import Caller, Role
from tests.builders.coordinator import a_run

ANNA = Caller(
    user="anna",
    roles=frozenset({Role.OPERATOR}),
    clients=frozenset({"clinic"}),
    expires_at=datetime(2100, 1, 1, tzinfo=UTC),
)
NOTHING = RangeStatus(
    overall_status=OverallStatus.COMPLETED,
    total_calls=0,
    pending=0,
    processing=0,
    success=0,
    failed=0,
    progress_percentage=100.0,
    stale_days=0,
)
DAYS = DateRange(start=date(2026, 11, 20), end=date(2026, 11, 20))
END: dict[str, Any] = {"end_field": "end_date_str"}


class FakeRuns:
    """Answers starts and looks in turn: a Run, or the Run that stands in the way."""

    def __init__(self, *, starts: Sequence[Run | None], looks: Sequence[Run] = ()) -> None:
        self._starts = list(starts)
        self._looks = list(looks)

    async def start_run(self, *_: Any, end_field: str) -> RunView:
        assert end_field == "end_date_str"
        run = self._starts.pop(0)
        if run is None:
            raise Conflict("under way", reason="RUN_ACTIVE", metadata={"run_id": "run"})
        return RunView(run=run, executions=[])

    async def get_run(self, _: RunId) -> RunView:
        return RunView(run=self._looks.pop(0), executions=[])

    async def get_range_status(self, *_: Any) -> RangeStatus:
        return NOTHING


class Ended:
    """Every run has ended."""

    async def wait(self, run_id: RunId) -> None:
        assert run_id == "run"


def ranges(runs: FakeRuns, ends: RunEnds | None = None) -> DateRanges:
    quota = Quota(1, "waits")
    played = cast("Runs", runs)
    return DateRanges(played, ends or Ended(), timedelta(hours=1), quota)


async def sync_that_ends(run: Run) -> DomainError:
    with pytest.raises(DomainError) as raised:
        await ranges(FakeRuns(starts=[a_run()], looks=[run])).sync_calls(
            ANNA, "clinic", DAYS, **END
        )
    assert raised.value.metadata == {"run_id": "run", "stage": "CALL_SYNC"}
    return raised.value


@pytest.mark.parametrize("reason", Reason)
async def test_a_failure_says_by_its_reason_whether_to_repeat_or_to_mend(reason: Reason) -> None:
    error = await sync_that_ends(a_run(RunState.FAILED, reason))

    assert type(error) is (WrongState if reason in FOR_A_PERSON else UpstreamUnavailable)
    assert error.reason == reason.value


def test_nobody_has_to_mend_what_another_attempt_may() -> None:
    assert not FOR_A_PERSON & RETRYABLE


async def test_a_failure_without_a_reason_may_be_repeated() -> None:
    error = await sync_that_ends(a_run(RunState.FAILED))

    assert (type(error), error.reason) == (UpstreamUnavailable, "RUN_FAILED")


async def test_a_cancelled_run_is_a_conflict() -> None:
    error = await sync_that_ends(a_run(RunState.CANCELLED))

    assert (type(error), error.reason) == (Conflict, "RUN_CANCELLED")


async def test_a_run_that_ended_while_it_stood_in_the_way_is_no_conflict() -> None:
    fake = FakeRuns(starts=[None, a_run()], looks=[a_run(RunState.COMPLETED)])
    begun = await ranges(fake).begin(ANNA, "clinic", DAYS, Stage.CALL_SYNC, **END)

    assert begun.message == "fetching the calls of clinic, 2026-11-20 to 2026-11-20: started"


async def test_runs_that_come_and_go_are_not_chased_for_ever() -> None:
    fake = FakeRuns(starts=[None] * 3, looks=[a_run(RunState.COMPLETED)] * 3)
    with pytest.raises(UpstreamUnavailable, match="come and go"):
        await ranges(fake).begin(ANNA, "clinic", DAYS, Stage.CALL_SYNC, **END)


async def test_a_run_that_is_being_cancelled_is_a_conflict() -> None:
    fake = FakeRuns(starts=[None], looks=[a_run(RunState.CANCELLING)])
    with pytest.raises(Conflict):
        await ranges(fake).begin(ANNA, "clinic", DAYS, Stage.CALL_SYNC, **END)


async def test_a_wait_that_takes_too_long_names_the_run() -> None:
    class Never:
        async def wait(self, run_id: RunId) -> None:  # noqa: ARG002
            raise TimeoutError

    with pytest.raises(TookTooLong, match="run run is not done") as raised:
        await ranges(FakeRuns(starts=[a_run()]), Never()).sync_calls(ANNA, "clinic", DAYS, **END)

    assert raised.value.metadata == {"run_id": "run"}


async def test_a_user_waits_for_only_so_many_syncs() -> None:
    begun: asyncio.Queue[RunId] = asyncio.Queue()

    class Never:
        async def wait(self, run_id: RunId) -> None:
            begun.put_nowait(run_id)
            await asyncio.Event().wait()

    syncs = ranges(FakeRuns(starts=[a_run(), a_run()], looks=[]), Never())
    waiting = asyncio.ensure_future(syncs.sync_calls(ANNA, "clinic", DAYS, **END))
    assert await begun.get() == "run"
    with pytest.raises(LimitReached, match="anna has 1 waits here already"):
        await syncs.sync_calls(ANNA, "clinic", DAYS, **END)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    again = asyncio.ensure_future(syncs.sync_calls(ANNA, "clinic", DAYS, **END))
    assert await begun.get() == "run"
    again.cancel()
