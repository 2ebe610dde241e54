"""A coordinator under test: replicas on a database, stages that obey, a reporter and watchers."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import grpc
from google.protobuf.json_format import MessageToDict
from potok.coordinator.v1 import (
    bot_report_service_pb2_grpc,
    bot_service_pb2,
    bot_service_pb2_grpc,
    report_pb2,
    run_pb2,
    watch_pb2,
)
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc
from potok.stage.v1 import stage_service_pb2 as stage_pb
from potok.status.v1 import event_pb2, progress_pb2, stage_pb2

from services.coordinator.app import running
from services.coordinator.settings import CoordinatorSettings, Limits
from services.status.domain import Stage
from tests.conftest import Database
from tests.fakes.bots import FakeBots, fake_bots
from tests.fakes.stage_services import FakeStages
from tests.identity import open_channel, settings_of
from tests.waiting import PATIENCE

DAY = "2026-11-20"
RANGE = progress_pb2.DateRange(start_date=DAY, end_date=DAY)
SETTINGS = progress_pb2.ClientSettings(
    time_zone="UTC", source="folder:/calls", playbook="clinic", language="ru", weight=1
)
QUICK = Limits(
    silent=timedelta(seconds=60),
    watchdog=timedelta(milliseconds=50),
    dispatch=timedelta(milliseconds=50),
    watch_drain=timedelta(milliseconds=50),
)

RUNNING = stage_pb2.EXECUTION_STATE_RUNNING
SUCCEEDED = stage_pb2.EXECUTION_STATE_SUCCEEDED
PARTIAL = stage_pb2.EXECUTION_STATE_PARTIAL
FAILED = stage_pb2.EXECUTION_STATE_FAILED


def a_report(
    execution: int,
    sequence: int,
    state: "stage_pb2.ExecutionState.ValueType" = RUNNING,
    *,
    days: tuple[progress_pb2.DayCounts, ...] | None = None,
    reason: "stage_pb2.Reason.ValueType" = stage_pb2.REASON_UNSPECIFIED,
    **items: int,
) -> report_pb2.Report:
    """Return a report; its one day says the same as its items unless `days` says otherwise."""
    if days is None:
        days = (
            progress_pb2.DayCounts(
                day=DAY, version=sequence, available=items.get("success", 0), **items
            ),
        )
    return report_pb2.Report(
        execution=execution,
        sequence=sequence,
        state=state,
        progress=progress_pb2.StageProgress(
            items=progress_pb2.ItemCounts(**items), discovered=True, reason=reason
        ),
        days=days,
    )


class Reporter:
    """One ReportStatus stream."""

    def __init__(self, stub: "pb_grpc.CoordinatorServiceAsyncStub") -> None:
        self._call = stub.ReportStatus()
        self._batches = itertools.count(1)

    async def send(
        self, *reports: report_pb2.Report, heartbeats: tuple[int, ...] = ()
    ) -> list[pb.ReportVerdict]:
        """Send one batch and wait for its acknowledgement; returns the verdicts that are not APPLIED."""
        number = next(self._batches)
        await self._call.write(
            pb.ReportStatusRequest(batch=number, reports=reports, heartbeats=heartbeats)
        )
        async with asyncio.timeout(PATIENCE):
            answer: Any = await self._call.read()
        assert answer.batch == number
        return list(answer.verdicts)

    def close(self) -> None:
        self._call.cancel()


@dataclass
class Watcher:
    """One WatchStatus stream, and all that came over it."""

    call: Any
    frames: list[pb.WatchStatusResponse] = field(default_factory=list)

    async def frame(self) -> pb.WatchStatusResponse:
        """Read one frame; raises what ended the stream."""
        async with asyncio.timeout(PATIENCE):
            read: Any = await self.call.read()
        assert read is not grpc.aio.EOF, "the stream has ended"
        frame: pb.WatchStatusResponse = read
        self.frames.append(frame)
        return frame

    async def until(self, kind: "watch_pb2.FrameKind.ValueType") -> pb.WatchStatusResponse:
        """Read up to the first frame of a kind."""
        while (frame := await self.frame()).kind != kind:
            pass
        return frame

    async def revision(self, revision: int) -> None:
        """Read until everything up to `revision` is there."""
        while not self.frames or self.frames[-1].revision < revision:
            await self.frame()

    async def run_ends(self) -> event_pb2.RunStatus:
        """Read until a run has ended."""
        while True:
            for change in (await self.frame()).changes:
                for event in change.events:
                    if event.run.HasField("end_time"):
                        return event.run

    @property
    def token(self) -> str:
        return self.frames[-1].resume_token

    @property
    def changes(self) -> list[event_pb2.Change]:
        """All changes after the snapshot, in order of arrival."""
        return [
            change
            for frame in self.frames
            if frame.kind == watch_pb2.FRAME_KIND_CHANGES
            for change in frame.changes
        ]

    @property
    def revisions(self) -> list[int]:
        return [change.revision for change in self.changes]


@dataclass
class Replica:
    """A coordinator and a stub of it."""

    stub: "pb_grpc.CoordinatorServiceAsyncStub"
    address: str
    channel: grpc.aio.Channel
    streams: list[Any] = field(default_factory=list)

    @property
    def bots(self) -> "bot_service_pb2_grpc.BotServiceAsyncStub":
        return bot_service_pb2_grpc.BotServiceStub(self.channel)

    async def set_client(self, client_id: str) -> None:
        client = run_pb2.Client(client_id=client_id, settings=SETTINGS)
        await self.stub.SetClient(pb.SetClientRequest(client=client))

    def reporter(self) -> Reporter:
        reporter = Reporter(self.stub)
        self.streams.append(reporter._call)
        return reporter

    def watch(self, **request: Any) -> Watcher:
        call = self.stub.WatchStatus(pb.WatchStatusRequest(**request))
        self.streams.append(call)
        return Watcher(call)

    async def start(self, client_id: str = "clinic", **request: Any) -> pb.StartRunResponse:
        return await self.stub.StartRun(
            pb.StartRunRequest(client_id=client_id, range=RANGE, **request)
        )


@contextlib.asynccontextmanager
async def calling(address: str, own: str = "") -> AsyncIterator[Replica]:
    """Call a replica by a token, or else as one who is let in everywhere, for as long as the block lasts."""
    async with open_channel(address, own) as channel:
        replica = Replica(pb_grpc.CoordinatorServiceStub(channel), address, channel)
        yield replica
        for stream in replica.streams:
            stream.cancel()


@dataclass
class Coordination:
    """Replicas share a database and the stages."""

    database: Database
    stages: FakeStages
    bots: FakeBots
    address: str

    @contextlib.asynccontextmanager
    async def replica(
        self,
        limits: Limits = QUICK,
        drain: timedelta = timedelta(0),
        listen: str = "127.0.0.1:0",
        issuer_key: Path | None = None,
    ) -> AsyncIterator[Replica]:
        """Run one more replica until the block ends; calls under way have `drain` to end then."""
        settings = CoordinatorSettings(
            **settings_of(self.database, "coordinator"),
            listen=listen,
            stages=dict.fromkeys(Stage, self.address),
            bot_status=self.address,
            limits=limits,
            drain=drain,
            issuer_key=issuer_key,
        )
        async with running(settings) as port, calling(f"127.0.0.1:{port}") as replica:
            self.bots.reports = bot_report_service_pb2_grpc.BotReportServiceStub(replica.channel)
            await replica.set_client("clinic")
            yield replica

    async def next_stage(self) -> stage_pb.RunStageRequest:
        """Wait for the next RunStage."""
        async with asyncio.timeout(PATIENCE):
            return await self.stages.runs.get()

    async def dispatched(self) -> int:
        """Wait for the next RunStage; returns its execution."""
        return (await self.next_stage()).execution

    async def cancelled(self) -> int:
        """Wait for the next CancelStage; returns its execution."""
        async with asyncio.timeout(PATIENCE):
            return await self.stages.cancels.get()


@contextlib.asynccontextmanager
async def coordination(database: Database) -> AsyncIterator[Coordination]:
    """Serve fake stages for replicas on the database."""
    stages, bots = FakeStages(), fake_bots()
    stages.also.append(bots.register)
    async with stages.serving() as address:
        yield Coordination(database, stages, bots, address)


async def end_stage(world: Coordination, replica: Replica, **items: Any) -> None:
    """Let the stage that is dispatched next end with these items, partly where some failed."""
    execution = await world.dispatched()
    state = PARTIAL if items.get("failed") else SUCCEEDED
    assert await replica.reporter().send(a_report(execution, 9, state, **items)) == []


async def end_meeting(world: Coordination, replica: Replica, stages: int = 3) -> None:
    """Let the next stages of a meeting succeed with it, or with nothing after it was skipped."""
    reporter = replica.reporter()
    for _ in range(stages):
        execution = await world.dispatched()
        assert await reporter.send(a_report(execution, 1, SUCCEEDED, days=(), success=1)) == []


async def progress(world: Coordination, replica: Replica, reports: int = 5) -> int:
    """Start a run and report some progress; returns the execution, whose last sequence is `reports`."""
    await replica.start()
    execution = await world.dispatched()
    reporter = replica.reporter()
    for sequence in range(1, reports + 1):
        await reporter.send(a_report(execution, sequence, pending=100 - sequence, success=sequence))
    return execution


async def head(sql: asyncpg.Connection) -> int:
    """Return the newest revision of the log."""
    revision: int = await sql.fetchval("SELECT revision FROM coordinator.log_head")
    return revision


async def record(replica: Replica, bot_id: str) -> dict[str, Any]:
    """Return the record of a bot as a browser gets it."""
    request = bot_service_pb2.GetBotStatusRequest(bot_id=bot_id)
    answer = await replica.bots.GetBotStatus(request)
    return MessageToDict(
        answer, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
