"""The traffic of the coordinator benchmarks: runs of many clients, prebuilt reports, watchers that count."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc
from potok.coordinator.v1 import report_pb2, run_pb2
from potok.status.v1 import progress_pb2, stage_pb2

from benchmarks.arena import Arena, connected
from deploy.local.postgres import free_port
from services.status.domain import Stage
from tests.fakes.stage_services import FakeStages
from tests.identity import environment_of

METHOD = "/potok.coordinator.v1.CoordinatorService"
DAY = "2026-11-20"
RANGE = progress_pb2.DateRange(start_date=DAY, end_date=DAY)
SETTINGS = progress_pb2.ClientSettings(
    time_zone="UTC", source="folder:/calls", playbook="clinic", language="ru", weight=1
)
ITEMS = 1_000_000
WATCHERS = 10_000
"""The quota of watches: a measurement is one user, however many watch."""
PADDING = 230
"""Bytes that an event has beside the report in it."""


@asynccontextmanager
async def a_coordinator(arena: Arena, stages: FakeStages) -> AsyncIterator[tuple[str, int]]:
    """Run a coordinator process on the arena's database; yields its address and pid."""
    address = f"127.0.0.1:{free_port()}"
    async with stages.serving() as stage_address:
        settings = {
            **environment_of(arena, "coordinator"),
            "POTOK_COORDINATOR_LISTEN": address,
            "POTOK_COORDINATOR_LIMITS__WATCHES_PER_USER": str(WATCHERS),
            "POTOK_COORDINATOR_STAGES": json.dumps({stage.value: stage_address for stage in Stage}),
            "POTOK_COORDINATOR_BOT_STATUS": stage_address,
        }
        async with arena.server("services.coordinator", settings) as pid:
            yield address, pid


@asynccontextmanager
async def a_bare_server(arena: Arena, linger: float) -> AsyncIterator[str]:
    """Run the bare server on the arena's database; yields its address."""
    address = f"127.0.0.1:{free_port()}"
    settings = {
        "POTOK_BARE_DATABASE_URL": arena.addresses["coordinator_owner"],
        "POTOK_BARE_LISTEN": address,
        "POTOK_BARE_LINGER": str(linger),
        "POTOK_BARE_PADDING": str(PADDING),
    }
    async with arena.server("benchmarks.bare", settings):
        yield address


async def start_runs(address: str, stages: FakeStages, count: int) -> list[int]:
    """Start a run for each of `count` new clients; returns their executions."""
    async with await connected(address) as channel:
        stub = pb_grpc.CoordinatorServiceStub(channel)
        limit = asyncio.Semaphore(16)

        async def start(number: int) -> None:
            async with limit:
                client_id = f"bench{time.monotonic_ns()}_{number}"
                await stub.SetClient(
                    pb.SetClientRequest(
                        client=run_pb2.Client(client_id=client_id, settings=SETTINGS)
                    )
                )
                await stub.StartRun(pb.StartRunRequest(client_id=client_id, range=RANGE))

        await asyncio.gather(*(start(number) for number in range(count)))
    return [(await stages.runs.get()).execution for _ in range(count)]


def a_report(execution: int, sequence: int) -> report_pb2.Report:
    """Return a report of progress that differs from the one before."""
    return report_pb2.Report(
        execution=execution,
        sequence=sequence,
        state=stage_pb2.EXECUTION_STATE_RUNNING,
        progress=progress_pb2.StageProgress(
            items=progress_pb2.ItemCounts(
                pending=ITEMS - sequence, processing=100, success=sequence, failed=17, skipped=3
            ),
            discovered=True,
            reasons=[progress_pb2.ReasonCount(reason=stage_pb2.REASON_BAD_AUDIO, count=17)],
        ),
        days=[
            progress_pb2.DayCounts(
                day=DAY,
                version=sequence,
                pending=ITEMS - sequence,
                processing=100,
                success=sequence,
                failed=17,
                skipped=3,
                available=sequence,
                input=execution,
                output=execution,
            )
        ],
    )


def messages(
    executions: Iterable[int], sequences: "itertools.count[int]", count: int, size: int
) -> list[bytes]:
    """Prebuild `count` messages of `size` reports each, round robin over the executions."""
    turn = itertools.cycle(executions)
    return [
        pb.ReportStatusRequest(
            batch=number, reports=[a_report(next(turn), next(sequences)) for _ in range(size)]
        ).SerializeToString()
        for number in range(1, count + 1)
    ]


async def send(channel: grpc.aio.Channel, batches: list[bytes]) -> None:
    """Send prebuilt messages over one stream as fast as it takes them; ends when all are acknowledged."""
    call: Any = channel.stream_stream(f"{METHOD}/ReportStatus")()

    async def write() -> None:
        for batch in batches:
            await call.write(batch)

    writer = asyncio.create_task(write())
    acknowledged = 0
    while acknowledged < len(batches):
        answer = pb.ReportStatusResponse.FromString(await call.read())
        assert not answer.verdicts, answer.verdicts[0]
        acknowledged = answer.batch
    await writer
    call.cancel()


@dataclass
class Counted:
    """What a watcher has seen: how many changes, up to which revision, without holes."""

    changes: int = 0
    revision: int = 0
    holes: int = 0
    arrivals: Mapping[int, float] = field(default_factory=dict)


async def watch(channel: grpc.aio.Channel, counted: Counted, ready: asyncio.Event) -> None:
    """Follow everything and count it, until cancelled."""
    call = channel.unary_stream(
        f"{METHOD}/WatchStatus",
        request_serializer=pb.WatchStatusRequest.SerializeToString,
        response_deserializer=pb.WatchStatusResponse.FromString,
    )(pb.WatchStatusRequest())
    try:
        await call.initial_metadata()
        ready.set()
        async for frame in call:
            if frame.kind in (1, 2):  # the snapshot
                counted.revision = frame.revision
                continue
            for change in frame.changes:
                counted.holes += change.revision != counted.revision + 1
                counted.revision = change.revision
            counted.changes += len(frame.changes)
    finally:
        call.cancel()
