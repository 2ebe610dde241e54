"""How fast an execution gets on, by the counts that its service reports."""

from datetime import datetime

from services.coordinator.state.domain import (
    Execution,
)
from services.status.domain import ItemCounts

SMOOTHING_SECONDS = 20.0
"""Time constant of the reported rate."""
RATED_AFTER_SECONDS = 5.0
"""The least age of a rate. A younger one says nothing: the first of four recordings may be one that fails at once."""


def update_rate(
    execution: Execution, counts: ItemCounts, now: datetime, *, discovered: bool, waiting: bool
) -> None:
    """Take newly reported counts, and fold what ended since the last ones into the rate.

    The rate is the mean at first, then exponentially smoothed.
    """
    execution.waiting, execution.unreachable = waiting, False
    if counts == execution.counts and discovered == execution.discovered:
        return
    ended, since = counts.ended - execution.counts.ended, execution.rated_at
    if since is None:
        ended, since = counts.ended, execution.created_at
    age, seconds = (now - execution.created_at).total_seconds(), (now - since).total_seconds()
    if ended > 0 and seconds > 0 and age >= RATED_AFTER_SECONDS:
        weight = min(1.0, seconds / min(SMOOTHING_SECONDS, age))
        execution.items_per_second += weight * (ended / seconds - execution.items_per_second)
        execution.rated_at = now
    execution.progressed_at = now
    execution.counts, execution.discovered = counts, discovered
