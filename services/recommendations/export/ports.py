"""What taking reports out needs from the outside."""

from collections.abc import Sequence
from typing import Protocol

from services.recommendations.export.domain import CallLine, Locale, Sheet
from services.status.domain import AuditEntry, DateRange, Owner


class ExportRepository(Protocol):
    """The calls of a range one by one, and who took them."""

    async def list_calls(self, owner: Owner, days: DateRange, limit: int) -> list[CallLine]:
        """Return at most `limit` calls of a range, the earliest first."""

    async def get_locale(self, owner: Owner) -> Locale:
        """Return how the owner's people read, as its last run was told; the default where none is known."""

    async def insert_audit_entry(self, entry: AuditEntry) -> None:
        """Keep who took a report."""


class FileWriter(Protocol):
    """Writes sheets into a file; it blocks."""

    content_type: str

    def write(self, sheets: Sequence[Sheet]) -> bytes:
        """Return the file."""
