"""Where a page ended, of a list that has the newest first."""

from datetime import datetime
from typing import NamedTuple


class Position(NamedTuple):
    """The last row of a page: when it was created, and its id, which tells rows of one moment apart."""

    created_at: datetime
    id: str

    @property
    def keys(self) -> tuple[str, str]:
        """The keys of a page token."""
        return self.created_at.isoformat(), self.id
