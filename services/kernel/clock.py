"""The time, always aware and in UTC."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current moment."""
    return datetime.now(UTC)
