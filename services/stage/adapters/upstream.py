"""Discovery of every stage but the first: the items of the stage before that hold a readable result."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

import stamina
from potok.stage.v1 import stage_service_pb2

from services.kernel.errors import UpstreamUnavailable
from services.kernel.rpc.client import errors_of
from services.stage.domain import Execution, Found, ItemId
from services.status.domain import Stage
from services.status.mapping import STAGE_TO_PB, date_range_to_pb

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.stage.v1.stage_service_pb2_grpc import StageServiceAsyncStub

PAGE = 1000
DEADLINE = 10.0
"""Seconds for one page."""
ATTEMPTS = 5


async def discover_upstream(
    stub: "StageServiceAsyncStub", execution: Execution, stage_before: Stage
) -> AsyncIterator[Sequence[Found]]:
    """Yield the items that `stage_before` has results of, page by page; raises UpstreamUnavailable.

    For a bot that is its meeting alone, wherever else the owner was on that day.
    """
    request = stage_service_pb2.ListItemsRequest(
        owner=execution.owner,
        stage=STAGE_TO_PB[stage_before],
        range=date_range_to_pb(execution.range),
        available=True,
        page_size=PAGE,
    )
    while True:
        response = await _list_items(stub, request)
        yield [
            Found(
                item_id=ItemId(item.item_id),
                day=date.fromisoformat(item.day),
                upstream=item.output,
                duration_seconds=(
                    item.duration_seconds if item.HasField("duration_seconds") else None
                ),
            )
            for item in response.items
            if execution.bot_id in ("", item.item_id)
        ]
        if not response.next_page_token:
            return
        request.page_token = response.next_page_token


@stamina.retry(on=UpstreamUnavailable, attempts=ATTEMPTS, wait_initial=0.1, wait_max=2.0)
async def _list_items(
    stub: "StageServiceAsyncStub", request: stage_service_pb2.ListItemsRequest
) -> stage_service_pb2.ListItemsResponse:
    with errors_of("the stage before"):
        return await stub.ListItems(request, timeout=DEADLINE)
