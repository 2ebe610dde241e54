"""The time as everybody here means it: aware, UTC."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current moment."""
    return datetime.now(UTC)
