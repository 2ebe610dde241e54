"""The items of a stage, page by page."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from services.kernel.errors import InvalidInput
from services.stage.domain import Page
from services.stage.repository import item_rows
from services.status.domain import DateRange, ExecutionNumber, ItemState, Owner, Stage

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which items are asked for; `execution` 0: of any."""

    owner: Owner
    stage: Stage
    days: DateRange
    states: Sequence[ItemState]
    available: bool
    execution: ExecutionNumber


async def list_items(pool: asyncpg.Pool, listing: Listing, page_size: int, page_token: str) -> Page:
    """Return a page by day and id; raises InvalidInput for a token of another listing."""
    page_size = page_size or PAGE_SIZE
    after = parse_token(listing, page_token) if page_token else (listing.days.start, "")
    items = await item_rows.list_items(
        pool,
        stage=listing.stage,
        owner=listing.owner,
        days=listing.days,
        states=listing.states,
        available=listing.available,
        execution=listing.execution,
        after=after,
        page_size=page_size,
    )
    last = len(items) < page_size
    token = "" if last else write_token(listing, (items[-1].day, items[-1].item_id))
    return Page(items=items, next_page_token=token)


def write_token(listing: Listing, after: tuple[date, str]) -> str:
    """Return the opaque place in a listing."""
    body = json.dumps([_digest(listing), after[0].isoformat(), after[1]], separators=(",", ":"))
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def parse_token(listing: Listing, token: str) -> tuple[date, str]:
    """Return the day and id a page ended with; raises InvalidInput for anything but this listing's."""
    try:
        padded = token + "=" * (-len(token) % 4)
        digest, day, item_id = json.loads(base64.b64decode(padded, altchars="-_", validate=True))
        after = (date.fromisoformat(day), str(item_id))
    except (binascii.Error, ValueError, TypeError):
        raise InvalidInput("page_token: not a token; begin again without one") from None
    if digest != _digest(listing):
        raise InvalidInput("page_token: of another request; begin again without one")
    return after


def _digest(listing: Listing) -> str:
    states = sorted(state.value for state in listing.states)
    words = [
        listing.owner,
        listing.stage.value,
        listing.days.start.isoformat(),
        listing.days.end.isoformat(),
        *states,
        str(listing.available),
        str(listing.execution),
    ]
    return hashlib.sha256("\x00".join(words).encode()).hexdigest()[:12]
