"""How long a unary call may take: ten seconds, or what its proto says."""

from datetime import timedelta
from typing import Any

import grpc
import pytest
from potok.coordinator.v1 import coordinator_service_pb2
from potok.stage.v1 import stage_service_pb2 as pb
from potok.stage.v1 import stage_service_pb2_grpc as pb_grpc

from services.kernel.rpc.server import serving
from services.status.rpc.deadlines import deadlines_of
from tests.fakes.stage_services import FakeStages
from tests.fakes.stage_work import a_run_request
from tests.identity import guard, open_channel

STAGE_SERVICE = pb.DESCRIPTOR.services_by_name["StageService"].full_name
COORDINATOR_SERVICE = coordinator_service_pb2.DESCRIPTOR.services_by_name[
    "CoordinatorService"
].full_name


async def test_a_call_ends_at_the_deadline_of_its_method_whatever_its_caller_allows() -> None:
    stages = FakeStages()

    def register(server: grpc.aio.Server) -> None:
        pb_grpc.add_StageServiceServicer_to_server(stages, server)

    short = {f"/{STAGE_SERVICE}/RunStage": timedelta(seconds=0.01)}
    async with (
        serving("127.0.0.1:0", register, services=[], guard=guard(), deadlines=short) as port,
        open_channel(f"127.0.0.1:{port}") as channel,
    ):
        stub: Any = pb_grpc.StageServiceStub(channel)
        stages.stuck = True
        with pytest.raises(grpc.aio.AioRpcError, match=r"not done within 0\.01 s") as raised:
            await stub.RunStage(a_run_request(), timeout=60)
        cancel = stub.CancelStage(pb.CancelStageRequest(execution=7), timeout=0.5)
        with pytest.raises(grpc.aio.AioRpcError, match="Deadline Exceeded"):
            await cancel  # by its caller's, which is shorter than the usual one
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_the_deadlines_are_those_that_the_protos_name() -> None:
    assert deadlines_of([STAGE_SERVICE, COORDINATOR_SERVICE]) == {
        f"/{STAGE_SERVICE}/PreviewStage": timedelta(seconds=120),
        f"/{COORDINATOR_SERVICE}/PreviewRun": timedelta(seconds=150),
    }
