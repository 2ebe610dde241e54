"""The analysis service as it is started, and its stage run to an end."""

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc
from potok.analysis.v1 import analysis_pb2, analysis_service_pb2
from potok.analysis.v1.analysis_service_pb2_grpc import AnalysisServiceStub
from potok.status.v1 import progress_pb2, stage_pb2

from deploy.local.postgres import free_port
from tests.builders.analysis import CLINIC
from tests.conftest import Database
from tests.fakes.analysis import CallsBefore
from tests.identity import identity_told, open_channel
from tests.processes import running_service
from tests.stage_runs import a_stage_request, items_of, run_to_end
from tests.waiting import PATIENCE, until_ready

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
    run_id: str = "",
    patience: float = PATIENCE,
) -> tuple[int, dict[str, Any]]:
    """Run the stage to its end; returns how it ended and its items by id."""
    request = a_stage_request(
        stage_pb2.STAGE_ANALYSIS,
        execution,
        DAY,
        run_id=run_id,
        mode=stage_pb2.RUN_MODE_ALL,
        playbook=playbook,
    )
    state = await run_to_end(channel, request, patience)
    return state, await items_of(channel, request)


async def listed(channel: grpc.aio.Channel) -> dict[str, analysis_pb2.Analysis]:
    """Return all analyses by the id of their call."""
    stub: AnalysisServiceAsyncStub = AnalysisServiceStub(channel)
    request = analysis_service_pb2.ListAnalysesRequest(owner=CLINIC, range=DAY)
    response = await stub.ListAnalyses(request)
    return {analysis.call_id: analysis for analysis in response.analyses}
