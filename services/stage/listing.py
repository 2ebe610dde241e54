"""The items of a stage, page by page."""

from datetime import date

from services.kernel.paging import Page, day, page_of, page_start, text
from services.stage.domain import ItemFilter, StoredItem
from services.stage.repository import item_rows
from services.stage.repository.database import Reader

PAGE_SIZE = 100
POSITION = (day, text)
"""What a page ended with: the day of an item and its id."""


async def list_items(
    reader: Reader, item_filter: ItemFilter, page_size: int, page_token: str
) -> Page[StoredItem]:
    """Return a page by day and id, of PAGE_SIZE items for 0; raises InvalidInput for a token of another list."""
    page_size = page_size or PAGE_SIZE
    listing = listing_of(item_filter)
    after = page_start(listing, page_token, POSITION, _position) or (item_filter.days.start, "")
    found = await item_rows.list_items(reader, item_filter, after, page_size + 1)
    return page_of(listing, found, page_size, lambda item: (item.day.isoformat(), item.item_id))


def listing_of(item_filter: ItemFilter) -> str:
    """Name the list in its page tokens."""
    states = sorted(state.value for state in item_filter.states)
    words = [
        "ListItems",
        item_filter.owner,
        item_filter.stage.value,
        item_filter.days.start.isoformat(),
        item_filter.days.end.isoformat(),
        *states,
        str(item_filter.available),
        str(item_filter.execution),
    ]
    return "\x00".join(words)


def _position(ended_on: date, item_id: str) -> tuple[date, str]:
    return ended_on, item_id
