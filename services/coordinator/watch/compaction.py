"""The log is kept for a time: what is older goes, and a watch can no longer resume from there."""

from datetime import timedelta

from services.coordinator.watch.repository import compact, delete_compacted
from services.kernel.postgres import ConnectionOrPool

COMPACTED_AT_ONCE = 5_000


async def compact_log(pool: ConnectionOrPool, retention: timedelta) -> None:
    """Raise the mark of the log, then delete what lies behind it in small batches."""
    await compact(pool, retention)
    while await delete_compacted(pool, COMPACTED_AT_ONCE) == COMPACTED_AT_ONCE:
        pass
