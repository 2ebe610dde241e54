"""potok.stage.v1.StageService: unpack, call, pack."""

import asyncpg
from potok.stage.v1 import stage_service_pb2 as pb
from potok.stage.v1 import stage_service_pb2_grpc

from services.kernel.rpc.server import Context
from services.stage.changes import list_item_changes
from services.stage.domain import ItemFilter
from services.stage.executions import Executions
from services.stage.listing import list_items
from services.stage.mapping import (
    execution_from_pb,
    item_changes_to_pb,
    item_to_pb,
    preview_to_pb,
    previewed_from_pb,
    progress_to_pb,
    setting_fault_to_pb,
)
from services.stage.preview import Previews
from services.status.domain import ExecutionNumber, Owner
from services.status.mapping import (
    EXECUTION_STATE_TO_PB,
    ITEM_STATE_FROM_PB,
    STAGE_FROM_PB,
    date_range_from_pb,
    settings_from_pb,
)


class StageServicer(stage_service_pb2_grpc.StageServiceServicer):
    """The one interface of all stages."""

    def __init__(self, pool: asyncpg.Pool, executions: Executions, previews: Previews) -> None:
        self._pool = pool
        self._executions = executions
        self._previews = previews

    async def RunStage(self, request: pb.RunStageRequest, context: Context) -> pb.RunStageResponse:
        state = await self._executions.run_stage(execution_from_pb(request))
        return pb.RunStageResponse(state=EXECUTION_STATE_TO_PB[state])

    async def CancelStage(
        self,
        request: pb.CancelStageRequest,
        context: Context,
    ) -> pb.CancelStageResponse:
        state, progress = await self._executions.cancel(ExecutionNumber(request.execution))
        return pb.CancelStageResponse(
            state=EXECUTION_STATE_TO_PB[state],
            progress=progress_to_pb(progress) if progress else None,
        )

    async def ListItems(
        self, request: pb.ListItemsRequest, context: Context
    ) -> pb.ListItemsResponse:
        item_filter = ItemFilter(
            owner=Owner(request.owner),
            stage=STAGE_FROM_PB[request.stage],
            days=date_range_from_pb(request.range),
            states=[ITEM_STATE_FROM_PB[state] for state in request.states if state],
            available=request.available,
            execution=ExecutionNumber(request.execution),
        )
        page = await list_items(self._pool, item_filter, request.page_size, request.page_token)
        return pb.ListItemsResponse(
            items=[item_to_pb(item) for item in page.items], next_page_token=page.next_page_token
        )

    async def ListItemChanges(
        self, request: pb.ListItemChangesRequest, context: Context
    ) -> pb.ListItemChangesResponse:
        stage = STAGE_FROM_PB[request.stage]
        self._executions.check_served(stage)
        page = await list_item_changes(self._pool, stage, request.cursor, request.page_size)
        return item_changes_to_pb(page)

    async def CheckSettings(
        self, request: pb.CheckSettingsRequest, context: Context
    ) -> pb.CheckSettingsResponse:
        faults = await self._previews.check_settings(
            STAGE_FROM_PB[request.stage], settings_from_pb(request.settings)
        )
        return pb.CheckSettingsResponse(faults=map(setting_fault_to_pb, faults))

    async def PreviewStage(
        self, request: pb.PreviewStageRequest, context: Context
    ) -> pb.PreviewStageResponse:
        execution, coming = previewed_from_pb(request)
        return preview_to_pb(await self._previews.preview_stage(execution, coming))
