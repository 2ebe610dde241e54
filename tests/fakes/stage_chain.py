"""All five stages on the real library and a real coordinator; only what they do with a call is a fake."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc
from potok.coordinator.v1 import range_status_pb2, run_pb2
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.status.v1 import progress_pb2

from services.coordinator.app import running
from services.coordinator.settings import CoordinatorSettings
from services.coordinator.state.order import ORDER, stage_before
from services.stage.adapters.upstream import discover_upstream
from services.stage.app import stage_service
from services.stage.domain import Execution, Found, Limits
from services.status.domain import RunMode, Stage
from services.status.mapping import RUN_MODE_TO_PB, STAGE_FROM_PB, STAGE_TO_PB
from tests.conftest import Database
from tests.coordination import QUICK, SETTINGS
from tests.fakes.stage_work import DAY, FakeStage, quick_settings
from tests.identity import identity, open_channel, settings_of
from tests.waiting import until

DAYS = 2
RANGE = progress_pb2.DateRange(
    start_date=DAY.isoformat(), end_date=(DAY + timedelta(DAYS - 1)).isoformat()
)
OWNER = "client:clinic"
LIMITS = Limits(batch=10, attempts=1)


@dataclass(kw_only=True, eq=False)
class ChainedStage(FakeStage):
    """A stage that discovers what the stage before it has; the first lists its `items`."""

    limits: Limits = field(default_factory=lambda: LIMITS)
    upstream: Any = None

    async def discover(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        before = stage_before(self.stage)
        pages = (
            super().discover(execution)
            if before is None
            else discover_upstream(self.upstream, execution, before)
        )
        async for page in pages:
            yield page


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The stages by name, a stub of the coordinator, and the database of the stages."""

    stages: dict[Stage, ChainedStage]
    stub: Any
    pool: Any

    async def run(self, *stages: Stage, mode: RunMode = RunMode.PENDING) -> dict[Stage, list[str]]:
        """Run stages, by default all, to their end; returns the calls that each worked on."""
        for each in self.stages.values():
            each.worked.clear()
        started = await self.stub.StartRun(pb.StartRunRequest(**self._start(stages, mode)))
        request = pb.GetRunRequest(run_id=started.run.status.run_id)

        async def has_ended() -> bool:
            return bool((await self.stub.GetRun(request)).run.status.HasField("end_time"))

        await until(has_ended, "the run has ended")
        return self.worked()

    def worked(self) -> dict[Stage, list[str]]:
        """Return the calls that each stage has worked on in the last run."""
        return {
            stage: sorted(name.removeprefix(f"{OWNER}/") for name in each.worked)
            for stage, each in self.stages.items()
            if each.worked
        }

    async def preview(self, *stages: Stage, mode: RunMode = RunMode.PENDING) -> dict[Stage, int]:
        """Return how many calls each stage of a run would take, where it would any."""
        answer = await self.stub.PreviewRun(pb.PreviewRunRequest(**self._start(stages, mode)))
        return {STAGE_FROM_PB[each.stage]: each.calls for each in answer.stages if each.calls}

    async def ledger(self) -> dict[Stage, range_status_pb2.StageLedger]:
        """Return where the calls are; nothing may be lost."""
        request = pb.GetLedgerRequest(client_id="clinic", range=RANGE)
        answer = await self.stub.GetLedger(request)
        for each in answer.stages:
            assert each.found == (
                each.success + each.skipped + each.failed + each.pending + each.merged
            )
        return {STAGE_FROM_PB[each.stage]: each for each in answer.stages}

    async def stale(self) -> dict[Stage, int]:
        """Return how many days are stale in each stage that has any."""
        ledger = await self.ledger()
        return {stage: each.stale_days for stage, each in ledger.items() if each.stale_days}

    async def status(self, stage: Stage) -> range_status_pb2.RangeStatus:
        request = pb.GetRangeStatusRequest(
            client_id="clinic", stage=STAGE_TO_PB[stage], range=RANGE
        )
        answer: pb.GetRangeStatusResponse = await self.stub.GetRangeStatus(request)
        return answer.status

    def _start(self, stages: tuple[Stage, ...], mode: RunMode) -> dict[str, Any]:
        return {
            "client_id": "clinic",
            "range": RANGE,
            "stages": [STAGE_TO_PB[stage] for stage in stages],
            "mode": RUN_MODE_TO_PB[mode],
        }


@contextlib.asynccontextmanager
async def chain(database: Database, free_port: int, *found: Found) -> AsyncIterator[Chain]:
    """Serve the stages from one process, the calls of the source being `found`, and a coordinator at a port."""
    stages = {stage: ChainedStage(stage=stage) for stage in ORDER}
    stages[Stage.CALL_SYNC].items[OWNER] = list(found)
    dsn, coordinator = database.dsn("transcription_system"), f"127.0.0.1:{free_port}"
    async with contextlib.AsyncExitStack() as stack:
        pool = await stack.enter_async_context(database.pool("transcription_system", size=8))
        port = await stack.enter_async_context(
            stage_service(
                "transcription",
                pool,
                list(stages.values()),
                quick_settings(dsn, coordinator),
                identity("transcription"),
            )
        )
        address = f"127.0.0.1:{port}"
        channel = await stack.enter_async_context(open_channel(address))
        for stage in stages.values():
            stage.upstream = StageServiceStub(channel)
        settings = CoordinatorSettings(
            **settings_of(database, "coordinator"),
            listen=coordinator,
            stages=dict.fromkeys(Stage, address),
            bot_status=address,
            limits=QUICK,
            drain=timedelta(0),
        )
        await stack.enter_async_context(running(settings))
        channel = await stack.enter_async_context(open_channel(coordinator))
        stub: Any = pb_grpc.CoordinatorServiceStub(channel)
        client = run_pb2.Client(client_id="clinic", settings=SETTINGS)
        await stub.SetClient(pb.SetClientRequest(client=client))
        yield Chain(stages=stages, stub=stub, pool=pool)
