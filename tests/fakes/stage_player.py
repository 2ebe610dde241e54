"""Plays all stage services by itself: takes each execution, works through its items and reports."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc
from potok.coordinator.v1 import report_pb2
from potok.stage.v1 import stage_service_pb2 as stage_pb
from potok.status.v1 import progress_pb2, stage_pb2

from tests.coordination import DAY
from tests.fakes.stage_services import FakeStages


@dataclass(slots=True)
class Player:
    """What the stages do: so many items each, and who fails. `gate` holds every step until it is set."""

    stages: FakeStages
    stub: "pb_grpc.CoordinatorServiceAsyncStub"
    items: int = 3
    failing: Mapping[int, int] = field(default_factory=dict)
    """Stage -> how many of its items fail."""
    pace_seconds: float = 0.0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    @contextlib.asynccontextmanager
    async def playing(self) -> AsyncIterator["Player"]:
        """Play until the block ends."""
        task = asyncio.create_task(self._play())
        try:
            yield self
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _play(self) -> None:
        call = self.stub.ReportStatus()
        batch = 0
        try:
            while True:
                request = await self.stages.runs.get()
                async for report in self._reports(request):
                    batch += 1
                    await call.write(pb.ReportStatusRequest(batch=batch, reports=[report]))
                    await call.read()
        finally:
            call.cancel()

    async def _reports(self, request: stage_pb.RunStageRequest) -> AsyncIterator[report_pb2.Report]:
        failing = self.failing.get(request.stage, 0)
        items = 1 if request.bot_id else self.items
        for done in range(items + 1):
            await self.gate.wait()
            await asyncio.sleep(self.pace_seconds)
            yield self._report(request, items, done, min(done, failing))

    def _report(
        self, request: stage_pb.RunStageRequest, items: int, done: int, failed: int
    ) -> report_pb2.Report:
        counts = {"pending": items - done, "success": done - failed, "failed": failed}
        state = stage_pb2.EXECUTION_STATE_RUNNING
        if done == items:
            state = (
                stage_pb2.EXECUTION_STATE_PARTIAL if failed else stage_pb2.EXECUTION_STATE_SUCCEEDED
            )
        failure = progress_pb2.ItemFailure(
            item_id="call-1", reason=stage_pb2.REASON_BAD_AUDIO, message="it cannot be decoded"
        )
        return report_pb2.Report(
            execution=request.execution,
            sequence=done + 1,
            state=state,
            progress=progress_pb2.StageProgress(
                items=progress_pb2.ItemCounts(**counts),
                discovered=True,
                failures=[failure] * bool(failed),
            ),
            days=[
                progress_pb2.DayCounts(
                    day=DAY,
                    version=request.execution * 1000 + done,
                    available=counts["success"],
                    **counts,
                )
            ]
            * (not request.bot_id),  # meetings are in no ledger
        )
