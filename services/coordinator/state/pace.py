"""How fast an execution gets on, and when it and its run are expected to end, by what its service reports."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from services.coordinator.state.domain import Execution, Run
from services.coordinator.state.estimate import (
    NO_DETAILS,
    RATED_AFTER_SECONDS,
    Details,
    Pace,
    Remaining,
    Work,
)
from services.coordinator.state.order import run_stages
from services.coordinator.state.tenant import EarlierExecution, Tenant
from services.status.domain import ExecutionState, ItemCounts, Stage

QUICK_SECONDS, QUICK_REPORTS = 0.1, 3
"""Reports that follow one another more quickly are looked at so often, then only once in so long: estimates cost time."""
MANY_A_SECOND, OF_MANY_SECONDS = 100.0, 2.0
"""Where so many items end a second the cost of each matters no more, and reports are looked at even more seldom."""
LATER, SOONER = 0.10, 0.15
"""By what part of the time left it may change before the expected end is moved: people count down to it."""
SURE, STILL_SURE = 0.32, 0.40
"""An end is told where the time left is known to within such a part of it, one standard deviation; and stays told up to that."""
OTHERWISE = 0.2
"""The same, of a later stage that is known by earlier runs."""
MANY = 5
"""Of fewer recordings of unknown length nobody can say how long they take."""
BY_LENGTH = frozenset({Stage.TRANSCRIPTION})
"""Stages whose work grows with the length of calls; in others each call takes as long as another."""
MOST_SECONDS = 30 * 86400.0
"""What is expected to take longer is unknown."""
EARLIER_EXECUTIONS = 10
"""So many are remembered of each stage of an owner."""


def update_rate(
    tenant: Tenant,
    execution: Execution,
    counts: ItemCounts,
    now: datetime,
    *,
    discovered: bool,
    waiting: bool,
    details: Details = NO_DETAILS,
) -> None:
    """Take newly reported figures, and compute the rate and the expected ends anew."""
    execution.waiting, execution.unreachable = waiting, False
    execution.reported_at = now
    if counts != execution.counts or discovered != execution.discovered:
        execution.progressed_at = now
        execution.counts, execution.discovered = counts, discovered
    pace, at = execution.pace, now.timestamp()
    if pace is None:
        pace = execution.pace = Pace()
    since = at - pace.last_at
    if since >= (QUICK_SECONDS if pace.rate < MANY_A_SECOND else OF_MANY_SECONDS):
        pace.quick = 0
    elif pace.quick >= QUICK_REPORTS and counts.open and discovered:
        end = execution.expected_end_at
        if end is None or end > now:
            return
    pace.quick += 1
    created_at = execution.created_at.timestamp()
    work = Work.of(counts, details, waiting=waiting)
    pace.take(work, at, created_at)
    if at - created_at >= RATED_AFTER_SECONDS:
        execution.items_per_second = pace.rate
    run = tenant.runs.get(execution.run_id)
    if run is not None:
        _expect(tenant, run, execution, work, at)


def expect_next(tenant: Tenant, run: Run, before: Execution, execution: Execution) -> None:
    """Expect an end of a stage that has just begun, by the one `before` it and by earlier runs."""
    items, length = _coming(before)
    seconds = _earlier_seconds(
        tenant.earlier.get(execution.stage, ()), execution.stage, items, length
    )
    left = None
    if seconds is not None:
        execution.expected_end_at = execution.created_at + timedelta(seconds=seconds)
        left = Remaining(seconds, 0.0, 0.0)
    _expect_run(tenant, run, execution, left, items, length)


def remember(tenant: Tenant, execution: Execution) -> None:
    """Keep, of an execution that did its work, how long it took; it is expected to end no longer."""
    execution.expected_end_at = execution.run_expected_end_at = None
    if execution.state in (ExecutionState.SUCCEEDED, ExecutionState.PARTIAL) and execution.ended_at:
        earlier = earlier_execution(
            execution.counts,
            execution.pace.length if execution.pace else 0.0,
            execution.ended_at - execution.created_at,
        )
        if earlier is not None:
            known = tenant.earlier.setdefault(execution.stage, [])
            known.insert(0, earlier)
            del known[EARLIER_EXECUTIONS:]


def earlier_execution(
    counts: ItemCounts, length: float, duration: timedelta
) -> EarlierExecution | None:
    """Return what an ended execution tells of later ones; None where it had nothing to do."""
    if not counts.ended:
        return None
    return EarlierExecution(counts.ended, length, duration.total_seconds())


def _expect(tenant: Tenant, run: Run, execution: Execution, work: Work, at: float) -> None:
    pace, left = execution.pace, None
    if (
        pace is not None
        and execution.discovered
        and execution.state is not ExecutionState.CANCELLING
    ):
        items = work.ended + work.open
        if items and not pace.earlier:
            earlier = tenant.earlier.get(execution.stage, ())
            took = _earlier_seconds(earlier, execution.stage, items, work.length)
            pace.earlier = took / items if took else None
        if work.waiting and work.until_at is None:
            # Nobody knows until when. It may be the moment between two items, so what was shown stays until then.
            shown = execution.expected_end_at
            seconds = shown.timestamp() - at if shown and shown.timestamp() > at else None
            left = None if seconds is None else Remaining(seconds, 0.0, 0.0)
        else:
            left = pace.remaining(at)
    now = execution.reported_at or execution.created_at
    execution.expected_end_at = _moved(execution.expected_end_at, now, left)
    _expect_run(tenant, run, execution, left, *_coming(execution))


def _expect_run(
    tenant: Tenant,
    run: Run,
    execution: Execution,
    left: Remaining | None,
    items: float,
    length: float,
) -> None:
    """Add to what is left of a stage what the later ones of its run took in earlier runs."""
    seconds = 0.0
    if left is None:
        execution.run_expected_end_at = None
        return
    stages = [stage for stage, _ in run_stages(run)]
    for stage in stages[stages.index(execution.stage) + 1 :]:
        took = _earlier_seconds(tenant.earlier.get(stage, ()), stage, items, length)
        if took is None:
            execution.run_expected_end_at = None
            return
        seconds += took
    now = execution.reported_at or execution.created_at
    left = Remaining(
        left.seconds + seconds, math.hypot(left.spread, OTHERWISE * seconds), left.next
    )
    execution.run_expected_end_at = _moved(execution.run_expected_end_at, now, left)


def _moved(shown: datetime | None, now: datetime, expected: Remaining | None) -> datetime | None:
    """Return the expected end to show: the one that was shown, unless the time left has changed by much."""
    if expected is None or not expected.seconds <= MOST_SECONDS:
        return None
    seconds, spread, until_next = expected
    if spread > (seconds - until_next / 2) * (STILL_SURE if shown is not None else SURE):
        return None
    if shown is not None and shown > now:
        left = (shown - now).total_seconds()
        if -SOONER * left <= seconds - left <= LATER * left:
            return shown
    return now + timedelta(seconds=round(seconds, 1))


def _coming(execution: Execution) -> tuple[float, float]:
    """Return how many items of a stage the next one will have, and how long their calls are."""
    counts = execution.counts
    told = counts.ended if counts.ended >= MANY or not counts.open else 0
    success = counts.success / told if told else 1.0
    items = counts.success + counts.open * success
    total = counts.ended + counts.open
    length = execution.pace.length if execution.pace else 0.0
    return items, length * items / total if total else 0.0


def _earlier_seconds(
    earlier: Sequence[EarlierExecution], stage: Stage, items: float, length: float
) -> float | None:
    """Return how long a stage takes for so many items, by the earlier execution that was most like it."""
    if items < 1:  # it may have work that earlier runs have left
        return None
    sizes: list[tuple[float, float]] = []
    if stage in BY_LENGTH:
        sizes = [(length / each.length, each.seconds) for each in earlier if each.length and length]
    if not sizes and (stage not in BY_LENGTH or items >= MANY):
        sizes = [(items / each.items, each.seconds) for each in earlier]
    if not sizes:
        return None
    ratio, seconds = min(sizes, key=lambda size: abs(math.log(size[0])))
    return ratio * seconds
