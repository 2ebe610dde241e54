"""The status of a range of days: a pure function of the ledger, in O(days)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.coordinator.domain import Day


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeStatus:
    """Where a stage is over a range; the four counts add up to `total_calls`."""

    overall_status: str
    total_calls: int
    pending: int
    processing: int
    success: int
    failed: int
    progress_percentage: float


def range_status(
    days: Iterable[str], stage: Mapping[str, Day], before: Mapping[str, Day], *, active: bool
) -> RangeStatus:
    """Compute the status of a stage from its ledger days and those of the stage before.

    `active`: an execution of the stage over any of the days is under way. What the stage before holds ready and the
    stage does not know yet counts as pending, so that a late call shows at once.
    """
    wanted = list(days)
    pending = processing = success = failed = covered = 0
    for name in wanted:
        day, source = stage.get(name), before.get(name)
        known = day.figures.items if day else 0
        late = max(0, (source.figures.available if source else 0) - known)
        pending += late
        if day is None:
            continue
        pending += day.figures.pending
        processing += day.figures.processing
        success += day.figures.success + day.figures.skipped
        failed += day.figures.failed
        covered += day.covered_at is not None
    total = pending + processing + success + failed
    all_covered = covered == len(wanted)
    if active:
        overall = "processing"
    elif all_covered and not pending + processing + failed:
        overall = "completed"
    elif success + failed:
        overall = "partial"
    else:
        overall = "pending"
    if total:
        progress = round(100 * success / total, 2)
    else:
        progress = 100.0 if covered and not active else 0.0
    return RangeStatus(
        overall_status=overall,
        total_calls=total,
        pending=pending,
        processing=processing,
        success=success,
        failed=failed,
        progress_percentage=progress,
    )
