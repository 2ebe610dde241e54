"""Where a page ended, of a list that has the newest first."""

from datetime import UTC, datetime
from typing import NamedTuple


class Position(NamedTuple):
    """The last row of a page: when it was created, and its id, which tells rows of one moment apart."""

    created_at: datetime
    id: str

    @property
    def keys(self) -> tuple[str, str]:
        """The keys of a page token."""
        return self.created_at.isoformat(), self.id


def position(created_at: str, last_id: str) -> Position:
    """Return the position that keys of a page token name; raises ValueError, TypeError or OverflowError for others."""
    moment = datetime.fromisoformat(created_at)
    if moment.tzinfo is None:
        raise ValueError(f"{created_at} has no time zone")
    return Position(moment.astimezone(UTC), str(last_id))
