"""The pause that a host asks for by its header Retry-After."""

import email.utils
from datetime import UTC, datetime, timedelta

LONGEST = timedelta(hours=1)
"""A host that asks for a longer one is asked again all the same."""


def retry_after(header: str, now: datetime) -> timedelta | None:
    """Return the pause, in seconds or until a date (RFC 9110, 10.2.3); None where it is neither."""
    try:
        pause = timedelta(seconds=float(header))
    except OverflowError:
        return None
    except ValueError:
        try:
            until = email.utils.parsedate_to_datetime(header)
        except (ValueError, OverflowError):
            return None
        pause = until.replace(tzinfo=until.tzinfo or UTC) - now
    return min(max(pause, timedelta(0)), LONGEST)
