"""Lists page by page: a token says where a page ended, of which list it was, and who read it."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from services.kernel.calling import calling
from services.kernel.errors import InvalidInput

T = TypeVar("T")

LONGEST = 1_000
"""Characters of a key."""
EARLIEST = datetime(1000, 1, 1, tzinfo=UTC)
LATEST = datetime(9998, 12, 31, tzinfo=UTC)
"""Times between which a day may be added or a time zone be counted in."""

Key = str | int | float | bool
"""A column that a list is ordered by, as JSON has it; times and dates as ISO text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some items of a list in its order; `next_page_token` is empty on the last page."""

    items: Sequence[T]
    next_page_token: str


def page_of(
    listing: str, found: Sequence[T], page_size: int, keys: Callable[[T], Iterable[Key]]
) -> Page[T]:
    """Return a page of at most `page_size` items; `found` holds one item more where there are more.

    `listing` names the list and everything that selects from it, so that a token of another one is refused, as is one that
    somebody else got. `keys` returns
    the columns the list is ordered by, which lead to the item again.
    """
    items = found[:page_size]
    token = page_token(listing, keys(items[-1])) if len(found) > page_size else ""
    return Page(items=items, next_page_token=token)


def page_token(listing: str, keys: Iterable[Key]) -> str:
    """Return the opaque token of the page after an item."""
    body = json.dumps([_digest(listing), *keys], separators=(",", ":"))
    return base64.urlsafe_b64encode(body.encode()).decode()


def page_start(
    listing: str,
    token: str,
    kinds: Sequence[Callable[[Any], Any]],
    read: Callable[..., T],
) -> T | None:
    """Return what `read` makes of the keys in a token, None where the token is empty: the first page.

    `kinds` says of each key of `page_token` what it is: `text`, `day`, `moment`, `whole`, `serial`, `real`, `yes_or_no`, `unique`.
    Raises InvalidInput for anything but a token of this list that its caller got.
    """
    if not token:
        return None
    try:
        digest, *keys = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
        values = [kind(key) for kind, key in zip(kinds, keys, strict=True)]
    except (ValueError, TypeError, RecursionError):
        raise InvalidInput(
            "page_token: is not a token of this service, begin again without one"
        ) from None
    if digest != _digest(listing):
        raise InvalidInput("page_token: is of another list, begin again without one")
    return read(*values)


def text(key: Any) -> str:
    """Read text that Postgres can hold; raises ValueError or TypeError, as all of these do."""
    if not isinstance(key, str):
        raise TypeError(key)
    if len(key) > LONGEST or b"\0" in key.encode():
        raise ValueError(key)
    return key


def day(key: Any) -> date:
    """Read a day."""
    found: date = _within(date.fromisoformat(text(key)), EARLIEST.date(), LATEST.date())
    return found


def moment(key: Any) -> datetime:
    """Read a time that has its zone."""
    found = datetime.fromisoformat(text(key))
    if found.tzinfo is None or found.utcoffset() is None:
        raise ValueError(key)
    _within(found, EARLIEST, LATEST)
    return found.astimezone(UTC)


def whole(key: Any) -> int:
    """Read a number that an integer of Postgres holds."""
    return _number(key, 2**31)


def serial(key: Any) -> int:
    """Read a number that a bigint of Postgres holds."""
    return _number(key, 2**63)


def real(key: Any) -> float:
    """Read a finite number."""
    if not isinstance(key, int | float) or isinstance(key, bool):
        raise TypeError(key)
    return float(_within(key, -1e15, 1e15))


def yes_or_no(key: Any) -> bool:
    """Read a truth."""
    if not isinstance(key, bool):
        raise TypeError(key)
    return key


def unique(key: Any) -> UUID:
    """Read a UUID."""
    return UUID(text(key))


def _number(key: Any, end: int) -> int:
    if not isinstance(key, int) or isinstance(key, bool):
        raise TypeError(key)
    return int(_within(key, -end, end - 1))


def _within(value: Any, least: Any, most: Any) -> Any:
    if not least <= value <= most:  # so is no NaN
        raise ValueError(value)
    return value


def _digest(listing: str) -> str:
    return hashlib.sha256(f"{calling.get()}\0{listing}".encode()).hexdigest()[:12]
