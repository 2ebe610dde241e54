"""The items of a stage as they change, page by page: what a copy of them is kept by."""

from services.kernel.errors import InvalidInput
from services.kernel.paging import page_start, page_token, serial, text
from services.stage.domain import ItemChanges
from services.stage.repository import item_rows
from services.stage.repository.database import Reader
from services.stage.repository.item_rows import ChangePosition
from services.status.domain import Stage

PAGE_SIZE = 500
_START = ChangePosition(0, "", "")


async def list_item_changes(
    reader: Reader, stage: Stage, cursor: str, page_size: int
) -> ItemChanges:
    """Return what changed after a cursor, of PAGE_SIZE items for 0.

    Raises InvalidInput for a cursor of something else, or of a database that has seen more than this one: that was
    restored since, and its copies have to be made anew.
    """
    page_size = page_size or PAGE_SIZE
    listing = f"ListItemChanges {stage.value}"
    try:
        after = page_start(listing, cursor, (serial, text, text), ChangePosition) or _START
    except InvalidInput:
        raise InvalidInput("cursor: is not one of this stage, begin again without one") from None
    as_of, newest = await item_rows.get_complete_until(reader, stage)
    if after.change > newest:
        raise InvalidInput("cursor: is ahead of the database, begin again without one")
    found = await item_rows.list_item_changes(reader, stage, after, page_size + 1)
    listed = found[:page_size]
    position = listed[-1][0] if listed else after
    return ItemChanges(
        changes=[change for _, change in listed],
        cursor=page_token(listing, position),
        more=len(found) > page_size,
        as_of=as_of,
    )
