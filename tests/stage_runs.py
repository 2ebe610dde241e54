"""A stage of a service that runs by itself, run to its end as a coordinator does."""

import asyncio
from typing import Any
from uuid import uuid4

import grpc
from potok.stage.v1 import stage_service_pb2 as pb
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.status.v1 import stage_pb2
from potok.status.v1.progress_pb2 import ClientSettings, DateRange

from tests.waiting import PATIENCE, in_time

CLINIC = "client:clinic"


def a_stage_request(
    stage: "stage_pb2.Stage.ValueType",
    execution: int,
    days: DateRange,
    *,
    owner: str = CLINIC,
    run_id: str = "",
    bot_id: str = "",
    mode: "stage_pb2.RunMode.ValueType" = stage_pb2.RUN_MODE_PENDING,
    **settings: Any,
) -> pb.RunStageRequest:
    """Return what begins an execution, of a run of its own unless `run_id` names one; `settings` are the client's."""
    usual: dict[str, Any] = {
        "time_zone": "Europe/Moscow",
        "source": "folder:/calls",
        "playbook": "clinic",
        "language": "ru",
        "weight": 1,
    }
    return pb.RunStageRequest(
        execution=execution,
        stage=stage,
        run_id=run_id or str(uuid4()),
        owner=owner,
        bot_id=bot_id,
        mode=mode,
        range=days,
        settings=ClientSettings(**(usual | settings)),
    )


async def run_to_end(
    channel: grpc.aio.Channel, request: pb.RunStageRequest, patience: float = PATIENCE
) -> int:
    """Ask for an execution until it has ended; returns how."""
    stub: Any = StageServiceStub(channel)
    async with in_time("the execution has ended", patience):
        while (state := (await stub.RunStage(request)).state) < stage_pb2.EXECUTION_STATE_SUCCEEDED:
            await asyncio.sleep(0.05)
    return int(state)


async def items_of(channel: grpc.aio.Channel, request: pb.RunStageRequest) -> dict[str, pb.Item]:
    """Return the items of the stage, owner and days of a request, by their ids."""
    stub: Any = StageServiceStub(channel)
    listing = pb.ListItemsRequest(owner=request.owner, stage=request.stage, range=request.range)
    return {item.item_id: item for item in (await stub.ListItems(listing)).items}
