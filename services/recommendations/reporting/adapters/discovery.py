"""Discovery where the stage before is served by the same service: its items lie in the same schema."""

from collections.abc import AsyncIterator, Sequence

import asyncpg

from services.stage.domain import Execution, Found, ItemFilter
from services.stage.listing import list_items
from services.status.domain import Stage

PAGE = 1000


async def discover_here(
    pool: asyncpg.Pool, stage_before: Stage, execution: Execution
) -> AsyncIterator[Sequence[Found]]:
    """Yield the items that `stage_before` has results of, page by page."""
    item_filter = ItemFilter(
        owner=execution.owner, stage=stage_before, days=execution.range, available=True
    )
    token = ""
    while True:
        page = await list_items(pool, item_filter, PAGE, token)
        yield [
            Found(
                item_id=item.item_id,
                day=item.day,
                upstream=item.output,
                duration_seconds=item.duration_seconds,
            )
            for item in page.items
        ]
        if not page.next_page_token:
            return
        token = page.next_page_token
