"""What stages say of calls: of this service by its own rows, of the others by RPC."""

from typing import TYPE_CHECKING

import asyncpg
from potok.stage.v1 import stage_service_pb2

from services.call_sync.calls.domain import CursorRefused, StageChange, StageChanges
from services.call_sync.domain import CallId
from services.kernel.errors import InvalidInput
from services.kernel.rpc.client import errors_of
from services.kernel.rpc.convert import moment
from services.stage.changes import list_item_changes
from services.stage.domain import ItemChange
from services.status.domain import Owner, Stage
from services.status.mapping import ITEM_STATE_FROM_PB, REASON_FROM_PB, STAGE_TO_PB

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.stage.v1.stage_service_pb2_grpc import StageServiceAsyncStub

PAGE = 500
DEADLINE = 10.0
"""Seconds for one page."""


class OwnStage:
    """Implements StageSource by the items in a database."""

    def __init__(self, pool: asyncpg.Pool, stage: Stage, page_size: int = PAGE) -> None:
        self._pool = pool
        self._stage = stage
        self._page_size = page_size

    async def list_changes(self, cursor: str) -> StageChanges:
        try:
            page = await list_item_changes(self._pool, self._stage, cursor, self._page_size)
        except InvalidInput as error:
            raise CursorRefused(str(error)) from error
        return StageChanges(
            changes=[_own_change(change) for change in page.changes],
            cursor=page.cursor,
            more=page.more,
            as_of=page.as_of,
        )


class RpcStage:
    """Implements StageSource by the service that serves a stage."""

    def __init__(self, stub: "StageServiceAsyncStub", stage: Stage) -> None:
        self._stub = stub
        self._stage = stage

    async def list_changes(self, cursor: str) -> StageChanges:
        request = stage_service_pb2.ListItemChangesRequest(
            stage=STAGE_TO_PB[self._stage], cursor=cursor, page_size=PAGE
        )
        try:
            with errors_of(self._stage.value):
                page = await self._stub.ListItemChanges(request, timeout=DEADLINE)
        except InvalidInput as error:
            raise CursorRefused(str(error)) from error
        return StageChanges(
            changes=[_change_from_pb(change) for change in page.items],
            cursor=page.cursor,
            more=page.more,
            as_of=moment(page.as_of_time),
        )


def _own_change(change: ItemChange) -> StageChange:
    item = change.item
    if item is None:
        return StageChange(owner=change.owner, call_id=CallId(change.item_id))
    return StageChange(
        owner=change.owner,
        call_id=CallId(change.item_id),
        state=item.state,
        reason=item.reason,
        message=item.message,
        output=item.output,
        updated_at=item.updated_at,
    )


def _change_from_pb(change: stage_service_pb2.ChangedItem) -> StageChange:
    item = change.item
    if change.removed:
        return StageChange(owner=Owner(change.owner), call_id=CallId(item.item_id))
    return StageChange(
        owner=Owner(change.owner),
        call_id=CallId(item.item_id),
        state=ITEM_STATE_FROM_PB[item.state],
        reason=REASON_FROM_PB.get(item.reason),
        message=item.message,
        output=item.output,
        updated_at=moment(item.update_time),
    )
