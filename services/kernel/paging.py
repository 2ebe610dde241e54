"""Lists page by page: a token says where a page ended, and of which list it was."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.kernel.errors import InvalidInput

T = TypeVar("T")

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

    `listing` names the list and everything that selects from it, so that a token of another one is refused. `keys` returns
    the columns the list is ordered by, which lead to the item again.
    """
    items = found[:page_size]
    token = page_token(listing, keys(items[-1])) if len(found) > page_size else ""
    return Page(items=items, next_page_token=token)


def page_token(listing: str, keys: Iterable[Key]) -> str:
    """Return the opaque token of the page after an item."""
    body = json.dumps([_digest(listing), *keys], separators=(",", ":"))
    return base64.urlsafe_b64encode(body.encode()).decode()


def page_start(listing: str, token: str, read: Callable[..., T]) -> T | None:
    """Return what `read` makes of the keys in a token, None where the token is empty: the first page.

    `read` takes the keys of `page_token` and raises what Python raises where they are not what it expects. Raises
    InvalidInput for anything but a token of this list.
    """
    if not token:
        return None
    try:
        digest, *keys = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
        _check_texts(keys)
        start = read(*keys)
    except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
        raise InvalidInput(
            "page_token: is not a token of this service, begin again without one"
        ) from None
    if digest != _digest(listing):
        raise InvalidInput("page_token: is of another list, begin again without one")
    return start


def _check_texts(keys: Iterable[Key]) -> None:
    """Raise ValueError for text that Postgres cannot hold."""
    for key in keys:
        if isinstance(key, str) and b"\0" in key.encode():
            raise ValueError("a key holds the character NUL")


def _digest(listing: str) -> str:
    return hashlib.sha256(listing.encode()).hexdigest()[:12]
