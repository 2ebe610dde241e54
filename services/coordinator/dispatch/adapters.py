"""The services of the stages as the dispatcher tells them."""

from collections.abc import Mapping

from potok.stage.v1 import stage_service_pb2 as pb
from potok.stage.v1 import stage_service_pb2_grpc as pb_grpc

from services.coordinator.dispatch.domain import Assignment, Stopped
from services.coordinator.dispatch.mapping import run_stage_request
from services.kernel.rpc.client import errors_of
from services.status.domain import ExecutionNumber, Stage
from services.status.mapping import EXECUTION_STATE_FROM_PB

CALL_SECONDS = 10


class RpcStageServices:
    """Implements StageServices."""

    def __init__(self, stubs: Mapping[Stage, "pb_grpc.StageServiceAsyncStub"]) -> None:
        self._stubs = stubs

    async def run_stage(self, assignment: Assignment) -> None:
        request = run_stage_request(assignment)
        with errors_of(assignment.stage.value):
            await self._stubs[assignment.stage].RunStage(request, timeout=CALL_SECONDS)

    async def cancel_stage(self, stage: Stage, execution: ExecutionNumber) -> Stopped:
        with errors_of(stage.value):
            response = await self._stubs[stage].CancelStage(
                pb.CancelStageRequest(execution=execution), timeout=CALL_SECONDS
            )
        return Stopped(
            state=EXECUTION_STATE_FROM_PB.get(response.state),
            progress=response.progress.SerializeToString(),
        )
