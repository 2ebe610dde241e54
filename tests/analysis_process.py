"""The analysis service as it is started, and its stage run to an end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import grpc
from potok.analysis.v1 import analysis_pb2, analysis_service_pb2
from potok.analysis.v1.analysis_service_pb2_grpc import AnalysisServiceStub
from potok.stage.v1 import stage_service_pb2
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.status.v1 import progress_pb2, stage_pb2

from deploy.local.postgres import free_port
from tests.builders.analysis import CLINIC
from tests.conftest import Database
from tests.fakes.analysis import CallsBefore
from tests.identity import identity_told, open_channel
from tests.processes import running_service
from tests.waiting import PATIENCE, in_time, until_ready

if TYPE_CHECKING:
    from potok.analysis.v1.analysis_service_pb2_grpc import AnalysisServiceAsyncStub


DAY = progress_pb2.DateRange(start_date="2026-03-01", end_date="2026-03-01")


@contextlib.asynccontextmanager
async def the_service(
    before: CallsBefore, database: Database, **settings: str
) -> AsyncIterator[grpc.aio.Channel]:
    """Start the service after those before it; yields a channel. It must end well when it is asked to."""
    address = f"127.0.0.1:{free_port()}"
    async with before.serving() as upstream:
        told = {
            **identity_told(database, "analysis"),
            "LISTEN": address,
            "COORDINATOR": "127.0.0.1:1",
            "REPORT_TIMEOUT": "PT1S",
            "UPSTREAM": upstream,
            "CALLS": upstream,
            **settings,
        }
        async with running_service("analysis", told), open_channel(address) as channel:
            await until_ready(channel)
            yield channel


async def run(
    channel: grpc.aio.Channel,
    execution: int,
    *,
    playbook: str = "clinic",
    run_id: str | None = None,
    patience: float = PATIENCE,
) -> tuple[int, dict[str, Any]]:
    """Run the stage to its end; returns how it ended and its items by id."""
    stub: Any = StageServiceStub(channel)
    request = stage_service_pb2.RunStageRequest(
        execution=execution,
        stage=stage_pb2.STAGE_ANALYSIS,
        run_id=run_id or str(uuid4()),
        owner=CLINIC,
        mode=stage_pb2.RUN_MODE_ALL,
        range=DAY,
        settings=progress_pb2.ClientSettings(
            time_zone="Europe/Moscow",
            source="folder:/calls",
            playbook=playbook,
            language="ru",
            weight=1,
        ),
    )
    async with in_time("the execution has ended", patience):
        while True:
            answer = await stub.RunStage(request)
            if answer.state >= stage_pb2.EXECUTION_STATE_SUCCEEDED:
                break
            await asyncio.sleep(0.05)
    listing = stage_service_pb2.ListItemsRequest(
        owner=CLINIC, stage=stage_pb2.STAGE_ANALYSIS, range=DAY
    )
    items = (await stub.ListItems(listing)).items
    return answer.state, {item.item_id: item for item in items}


async def listed(channel: grpc.aio.Channel) -> dict[str, analysis_pb2.Analysis]:
    """Return all analyses by the id of their call."""
    stub: AnalysisServiceAsyncStub = AnalysisServiceStub(channel)
    request = analysis_service_pb2.ListAnalysesRequest(owner=CLINIC, range=DAY)
    response = await stub.ListAnalyses(request)
    return {analysis.call_id: analysis for analysis in response.analyses}
