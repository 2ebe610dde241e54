"""Discovery where the stage before is served by the same service: its items lie in the same schema."""

from collections.abc import AsyncIterator, Sequence

import asyncpg

from services.stage.domain import Execution, Found
from services.stage.listing import Listing, list_items
from services.status.domain import ExecutionNumber, Stage

PAGE = 1000


async def discover_here(
    pool: asyncpg.Pool, stage_before: Stage, execution: Execution
) -> AsyncIterator[Sequence[Found]]:
    """Yield the items that `stage_before` has results of, page by page."""
    listing = Listing(
        owner=execution.owner,
        stage=stage_before,
        days=execution.range,
        states=(),
        available=True,
        execution=ExecutionNumber(0),
    )
    token = ""
    while True:
        page = await list_items(pool, listing, PAGE, token)
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
