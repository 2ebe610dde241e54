"""The services of the stages as the use cases need them."""

from collections.abc import Mapping, Sequence

from potok.stage.v1 import stage_service_pb2 as pb
from potok.stage.v1 import stage_service_pb2_grpc as pb_grpc

from services.coordinator.runs.mapping import preview_stage_request, stage_preview_from_pb
from services.coordinator.state.domain import (
    Run,
    StagePreview,
)
from services.kernel.rpc.client import errors_of
from services.status.domain import RunMode, Stage

PREVIEW_SECONDS = 120


class RpcStages:
    """Implements Stages."""

    def __init__(self, stubs: Mapping[Stage, "pb_grpc.StageServiceAsyncStub"]) -> None:
        self._stubs = stubs

    async def preview_stages(
        self, run: Run, modes: Sequence[tuple[Stage, RunMode]]
    ) -> list[StagePreview]:
        # Items stay protobuf on their way from stage to stage: there may be twenty thousand, and this is a busy loop.
        previews = []
        coming: Sequence[pb.PreviewedItem] = ()
        for stage, mode in modes:
            request = preview_stage_request(run, stage, mode, coming)
            with errors_of(stage.value):
                answer = await self._stubs[stage].PreviewStage(request, timeout=PREVIEW_SECONDS)
            previews.append(stage_preview_from_pb(stage, answer))
            coming = answer.taken
        return previews
