"""The services of the stages as the use cases need them."""

import asyncio
from collections.abc import Collection, Mapping, Sequence

import grpc
import structlog
from potok.stage.v1 import stage_service_pb2 as pb
from potok.stage.v1 import stage_service_pb2_grpc as pb_grpc

from services.coordinator.runs.mapping import (
    preview_stage_request,
    setting_fault_from_pb,
    stage_preview_from_pb,
)
from services.coordinator.state.domain import Run, SettingsCheck, StagePreview
from services.kernel.rpc.client import errors_of
from services.status.domain import ClientSettings, RunMode, SettingFault, Stage
from services.status.mapping import STAGE_TO_PB, settings_to_pb

log = structlog.get_logger()

PREVIEW_SECONDS = 120
CHECK_SECONDS = 3


class RpcStages:
    """Implements Stages."""

    def __init__(self, stubs: Mapping[Stage, "pb_grpc.StageServiceAsyncStub"]) -> None:
        self._stubs = stubs

    async def check_settings(
        self, stages: Collection[Stage], settings: ClientSettings, *, wait: bool
    ) -> SettingsCheck:
        answers = await asyncio.gather(
            *(self._check(stage, settings, wait=wait) for stage in stages)
        )
        faults = [fault for answer in answers for fault in answer or ()]
        silent = [s for s, answer in zip(stages, answers, strict=True) if answer is None]
        return SettingsCheck(faults=tuple(faults), silent=tuple(silent))

    async def _check(
        self, stage: Stage, settings: ClientSettings, *, wait: bool
    ) -> Sequence[SettingFault] | None:
        """Return what a stage says of settings; None where it does not answer."""
        request = pb.CheckSettingsRequest(
            stage=STAGE_TO_PB[stage], settings=settings_to_pb(settings)
        )
        try:
            answer = await self._stubs[stage].CheckSettings(
                request, timeout=CHECK_SECONDS, wait_for_ready=wait
            )
        except grpc.aio.AioRpcError as error:
            log.warning("settings_unchecked", stage=stage.value, status=error.code().name)
            return None
        return [setting_fault_from_pb(fault) for fault in answer.faults]

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
