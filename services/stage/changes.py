"""The items of a stage as they change, page by page: what a copy of them is kept by."""

from datetime import datetime, timedelta

from services.kernel.errors import InvalidInput
from services.kernel.paging import moment, page_start, page_token, serial, text
from services.stage.domain import ItemChanges
from services.stage.repository import item_rows
from services.stage.repository.database import Reader
from services.stage.repository.item_rows import ChangePosition
from services.status.domain import Stage

PAGE_SIZE = 500
KEPT = timedelta(days=30)
"""How long it is known that an item was removed."""
MISSED = KEPT - timedelta(days=1)
"""A copy that has been whole so long ago may have missed that items were removed."""
RENEWED = timedelta(days=1)
"""After so long a cursor says anew that all was read, though nothing has changed."""
_START = ChangePosition(0, "", "")


async def list_item_changes(
    reader: Reader, stage: Stage, cursor: str, page_size: int
) -> ItemChanges:
    """Return what changed after a cursor, of PAGE_SIZE items for 0.

    Raises InvalidInput for a cursor of something else, of a database that has seen more than this one: that was restored
    since, and its copies have to be made anew; or for one so old that it is not known any more what was removed since.
    """
    page_size = page_size or PAGE_SIZE
    listing = f"ListItemChanges {stage.value}"
    as_of, newest = await item_rows.get_complete_until(reader, stage)
    after, whole_at = _read(listing, cursor) or (_START, as_of)
    if after.change > newest:
        raise InvalidInput("cursor: is ahead of the database, begin again without one")
    if as_of - whole_at > MISSED:
        raise InvalidInput("cursor: is too old, begin again without one")
    found = await item_rows.list_item_changes(reader, stage, after, page_size + 1)
    listed = found[:page_size]
    more = len(found) > page_size
    if listed or not cursor or as_of - whole_at > RENEWED:
        position = listed[-1][0] if listed else after
        # Before all is read, a copy is as whole as it was.
        cursor = page_token(listing, (*position, (whole_at if more else as_of).isoformat()))
    return ItemChanges(
        changes=[change for _, change in listed], cursor=cursor, more=more, as_of=as_of
    )


def _read(listing: str, cursor: str) -> tuple[ChangePosition, datetime] | None:
    """Return where a cursor is, and when its copy was whole; None for an empty one."""
    try:
        return page_start(
            listing,
            cursor,
            (serial, text, text, moment),
            lambda change, owner, item_id, at: (ChangePosition(change, owner, item_id), at),
        )
    except InvalidInput:
        raise InvalidInput("cursor: is not one of this stage, begin again without one") from None
