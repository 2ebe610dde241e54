"""Where a range of days is: pure functions of the ledger, in O(days)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.coordinator.state.days import (
    DayFigures,
    RangeDay,
)
from services.status.domain import FastEnum, Stage

StageDays = Mapping[str, RangeDay]
"""The ledger days of one stage by their name, YYYY-MM-DD."""
FULL, ALMOST = 100.0, 99.99
NOTHING = RangeDay(figures=DayFigures(), covered=False)


class OverallStatus(FastEnum):
    """Where a stage is over a range, in a word; the words are those of the endpoints for browsers."""

    PENDING = "pending"
    PROCESSING = "processing"
    PARTIAL = "partial"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeStatus:
    """Where a stage is over a range; the four counts add up to `total_calls`."""

    overall_status: OverallStatus
    total_calls: int
    pending: int
    processing: int
    success: int
    failed: int
    progress_percentage: float
    stale_days: int

    @property
    def open(self) -> bool:
        """True where nothing is under way, but something is left to do, or may be."""
        return self.overall_status is OverallStatus.PENDING or (
            self.overall_status is OverallStatus.PARTIAL and self.progress_percentage < FULL
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLedger:
    """Where the calls of a range are in a stage: `found` is success + skipped + failed + pending + merged.

    `merged` counts other listings of calls, `listed` what the source had when it was last asked: of the first stage.
    `gone` counts those among them that the stage before no longer has a result of.
    """

    stage: Stage
    found: int
    success: int
    skipped: int
    failed: int
    pending: int
    available: int
    gone: int
    stale_days: int
    covered_days: int
    merged: int = 0
    listed: int = 0


def range_status(days: Sequence[str], chain: Sequence[StageDays], *, active: bool) -> RangeStatus:
    """Compute the status of the last stage of a chain that begins with the first one.

    `active` tells whether an execution of the stage over any of the days is under way. Results of the stage before that
    the stage does not know yet count as pending, so that a late call shows at once.
    """
    stage, before = chain[-1], chain[-2] if len(chain) > 1 else None
    pending = processing = success = failed = covered = 0
    for name in days:
        figures = _figures(stage, name)
        pending += figures.pending + _late(stage, before, name)
        if active:
            processing += figures.processing
        else:  # whoever worked on them was ended
            pending += figures.processing
        success += figures.success + figures.skipped - figures.merged
        failed += figures.failed
        covered += _is_covered(stage, name)
    total = pending + processing + success + failed
    all_covered = covered == len(days)
    if active:
        overall = OverallStatus.PROCESSING
    elif all_covered and not pending + processing + failed:
        overall = OverallStatus.COMPLETED
    elif success + failed:
        overall = OverallStatus.PARTIAL
    else:
        overall = OverallStatus.PENDING
    if all_covered and not active and not pending + processing:
        progress = FULL  # nothing is left to wait for, failures or not: pollers stop at it
    elif success < total:
        progress = min(round(100 * success / total, 2), ALMOST)
    else:
        progress = FULL if total else 0.0
    return RangeStatus(
        overall_status=overall,
        total_calls=total,
        pending=pending,
        processing=processing,
        success=success,
        failed=failed,
        progress_percentage=progress,
        stale_days=len(stale_days(days, chain)[-1]),
    )


def button_status(status: RangeStatus, *, ended: bool) -> RangeStatus:
    """Return a status for the page of the frontend guide, which polls until it reads `completed`, or `partial` at 100.

    There `progress_percentage` says how far the run is, and not how much is done: once a run over the range has `ended`,
    however that was, it is at 100, and `partial` while anything is left to do. The four numbers stay as they are.
    """
    if not (ended and status.open):
        return status
    return replace(status, overall_status=OverallStatus.PARTIAL, progress_percentage=FULL)


def stage_ledgers(days: Sequence[str], chain: Mapping[Stage, StageDays]) -> list[StageLedger]:
    """Account for the calls of every stage of a chain that begins with the first one, in its order."""
    ledgers = []
    before: StageDays | None = None
    for (stage, known), stale in zip(
        chain.items(), stale_days(days, list(chain.values())), strict=True
    ):
        figures = [_figures(known, name) for name in days]
        late = sum(_late(known, before, name) for name in days)
        ledgers.append(
            StageLedger(
                stage=stage,
                found=sum(each.items for each in figures) + late,
                success=sum(each.success for each in figures),
                skipped=sum(each.skipped - each.merged for each in figures),
                failed=sum(each.failed for each in figures),
                pending=sum(each.pending + each.processing for each in figures) + late,
                available=sum(each.available for each in figures),
                gone=sum(_gone(known, before, name) for name in days),
                stale_days=len(stale),
                covered_days=sum(_is_covered(known, name) for name in days),
                merged=sum(each.merged for each in figures),
                listed=sum(each.listed for each in figures),
            )
        )
        before = known
    return ledgers


def stale_days(days: Sequence[str], chain: Sequence[StageDays]) -> list[set[str]]:
    """Return, for each stage of a chain that begins with the first one, the days that the stages before have overtaken.

    A day is stale where the stage before has newer results than were consumed, or where calls are known that the stage
    before no longer has a result of. It is stale in every later stage too: what was made from something stale is no
    newer than that. A day from which nothing was made is not stale; its calls are pending or failed.
    """
    found: list[set[str]] = []
    before: StageDays | None = None
    for stage in chain:
        above = found[-1] if found else set()
        found.append({name for name in days if _is_stale(stage, before, name, above)})
        before = stage
    return found


def _is_stale(stage: StageDays, before: StageDays | None, name: str, above: set[str]) -> bool:
    if before is None or not _is_covered(stage, name):
        return False
    if _gone(stage, before, name):
        return True
    consumed = _figures(stage, name).input
    return consumed > 0 and (name in above or consumed < _figures(before, name).output)


def _gone(stage: StageDays, before: StageDays | None, name: str) -> int:
    """Return how many calls the stage knows that the stage before no longer has a result of."""
    if before is None or not _is_covered(stage, name):
        return 0
    return max(0, _figures(stage, name).items - _figures(before, name).available)


def _late(stage: StageDays, before: StageDays | None, name: str) -> int:
    """Return how many results of the stage before the stage does not know yet."""
    if before is None:
        return 0
    return max(0, _figures(before, name).available - _figures(stage, name).items)


def _figures(stage: StageDays, name: str) -> DayFigures:
    return stage.get(name, NOTHING).figures


def _is_covered(stage: StageDays, name: str) -> bool:
    return stage.get(name, NOTHING).covered
