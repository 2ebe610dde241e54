"""A stage service that does nothing by itself: it takes executions, and the test reports for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from potok.stage.v1 import stage_service_pb2 as pb
from potok.stage.v1 import stage_service_pb2_grpc as pb_grpc
from potok.status.v1 import stage_pb2

from services.kernel.rpc.server import serving
from tests.identity import guard


class FakeStages(pb_grpc.StageServiceServicer):
    """Serves all stages at one address."""

    def __init__(self) -> None:
        self.runs: asyncio.Queue[pb.RunStageRequest] = asyncio.Queue()
        self.cancels: asyncio.Queue[int] = asyncio.Queue()
        self.items: list[pb.Item] = []
        """What ListItems finds, in all stages and days."""
        self.previews: list[pb.PreviewStageRequest] = []
        self.preview: dict[int, pb.PreviewStageResponse] = {}
        """What PreviewStage finds, by stage."""
        self.faults: dict[int, list[pb.SettingFault]] = {}
        """What CheckSettings finds, by stage."""
        self.also: list[Callable[[grpc.aio.Server], object]] = []
        """Registers other services at the same address."""
        self.checks_fail = False
        """Whether CheckSettings, too, is down or stuck when the rest is."""
        self.down = False
        self.stuck = False

    async def RunStage(self, request: pb.RunStageRequest, context: Any) -> pb.RunStageResponse:
        await self._answer(context)
        self.runs.put_nowait(request)
        return pb.RunStageResponse(state=stage_pb2.EXECUTION_STATE_DISPATCHED)

    async def CancelStage(
        self, request: pb.CancelStageRequest, context: Any
    ) -> pb.CancelStageResponse:
        await self._answer(context)
        self.cancels.put_nowait(request.execution)
        return pb.CancelStageResponse(state=stage_pb2.EXECUTION_STATE_CANCELLED)

    async def ListItems(self, request: pb.ListItemsRequest, context: Any) -> pb.ListItemsResponse:
        await self._answer(context)
        found = [i for i in self.items if not request.states or i.state in request.states]
        return pb.ListItemsResponse(items=found)

    async def ListItemChanges(
        self, request: pb.ListItemChangesRequest, context: Any
    ) -> pb.ListItemChangesResponse:
        """Answer that nothing changed: nobody keeps a copy of what a test plays."""
        await self._answer(context)
        return pb.ListItemChangesResponse(cursor=request.cursor)

    async def CheckSettings(
        self, request: pb.CheckSettingsRequest, context: Any
    ) -> pb.CheckSettingsResponse:
        if self.checks_fail:
            await self._answer(context)
        return pb.CheckSettingsResponse(faults=self.faults.get(request.stage, []))

    async def PreviewStage(
        self, request: pb.PreviewStageRequest, context: Any
    ) -> pb.PreviewStageResponse:
        await self._answer(context)
        self.previews.append(request)
        return self.preview.get(request.stage, pb.PreviewStageResponse())

    async def _answer(self, context: Any) -> None:
        if self.stuck:
            await asyncio.Event().wait()
        if self.down:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "down for the test")

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve on a free port; yields the address."""

        def register(server: grpc.aio.Server) -> None:
            for one in self.also:
                one(server)
            pb_grpc.add_StageServiceServicer_to_server(self, server)

        async with serving("127.0.0.1:0", register, services=[], guard=guard()) as port:
            yield f"127.0.0.1:{port}"
