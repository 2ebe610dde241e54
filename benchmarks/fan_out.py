"""Rows 2 and 3: delay from report to many watchers, against a bare fan-out with the same gathering, and etcd."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

import grpc
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import watch_pb2

from benchmarks import etcd
from benchmarks.arena import Arena, Load, an_arena, connected, watching_load
from benchmarks.latency import Received, Sent, pace, percentiles
from benchmarks.traffic import (
    METHOD,
    a_bare_server,
    a_coordinator,
    a_report,
    messages,
    start_runs,
)
from services.coordinator.watch.hub import MOST_MESSAGES_A_SECOND
from tests.fakes.stage_services import FakeStages

SECONDS = 8.0
EXECUTIONS = 20
PATIENCE = 60


async def main() -> None:
    """Measure each with one, a hundred and a thousand watchers."""
    for watchers, connections, rate in ((1, 1, 500.0), (100, 4, 500.0), (1000, 20, 50.0)):
        async with an_arena() as arena:
            await _compare(arena, watchers, connections, rate)


async def _compare(arena: Arena, watchers: int, connections: int, rate: float) -> None:
    print(f"-- {watchers} watchers over {connections} connections, {rate:.0f} updates/s")
    # The coordinator lets a watcher gather for so long at the most.
    linger = watchers / MOST_MESSAGES_A_SECOND if watchers > 1 else 0.0
    async with a_bare_server(arena, linger) as address:
        bare, load, _ = await _measure(address, [1], watchers, connections, rate, None)
    _print("bare fan-out", bare, load)
    stages = FakeStages()
    async with a_coordinator(arena, stages) as (address, pid):
        executions = await start_runs(address, stages, EXECUTIONS)
        ours, load, memory = await _measure(address, executions, watchers, connections, rate, pid)
    _print("coordinator", ours, load)
    p50, p99 = ours
    print(
        f"ratio p50 {p50 / bare[0]:.2f}, p99 {p99 / bare[1]:.2f}; {memory / watchers:.0f} kB of server memory a watcher"
    )
    if watchers > 100:
        return
    async with etcd.an_etcd(arena) as address_or_none:
        if address_or_none is None:
            print(etcd.MISSING)
            return
        with watching_load() as load:
            delays = await etcd.latency(address_or_none, watchers, connections, rate, SECONDS)
    theirs = percentiles(delays)
    _print("etcd", theirs, load)
    print(f"against etcd p50 {p50 / theirs[0]:.2f}, p99 {p99 / theirs[1]:.2f}")


def _print(name: str, found: tuple[float, float], load: Load) -> None:
    print(f"{name:14} p50 {found[0]:7.1f} ms   p99 {found[1]:7.1f} ms   {load}")


async def _measure(
    address: str,
    executions: list[int],
    watchers: int,
    connections: int,
    rate: float,
    pid: int | None,
) -> tuple[tuple[float, float], Load, float]:
    """Report at a steady rate; returns p50 and p99 in ms, the load, and the server's growth in kB."""
    sequences = itertools.count(1)
    channels = [await connected(address) for _ in range(connections + 1)]
    call: Any = channels[-1].stream_stream(f"{METHOD}/ReportStatus")()
    acks = asyncio.create_task(_drain(call))
    for batch in messages(executions, sequences, len(executions), 1):  # brings them to RUNNING
        await call.write(batch)
    await asyncio.sleep(1)
    before = _memory(pid)
    counted = [Received() for _ in range(watchers)]
    ready = [asyncio.Event() for _ in range(watchers)]
    tasks = [
        asyncio.create_task(_watch(channels[n % connections], counted[n], ready[n], pid is None))
        for n in range(watchers)
    ]
    try:
        await asyncio.gather(*(one.wait() for one in ready))
        growth = _memory(pid) - before
        for one in counted:
            one.seen = 0
            one.arrivals.clear()
        sent, turn = Sent(), itertools.cycle(executions)
        with watching_load() as load:
            async for number in pace(rate, SECONDS, sent):
                report = a_report(next(turn), next(sequences))
                request = pb.ReportStatusRequest(batch=10_000 + number, reports=[report])
                await call.write(request.SerializeToString())
            async with asyncio.timeout(PATIENCE):
                while any(one.seen < len(sent.at) for one in counted):
                    await asyncio.sleep(0.01)
        assert all(one.seen == len(sent.at) for one in counted), "an update was lost or came twice"
        return percentiles([d for one in counted for d in one.delays(sent)]), load, growth
    finally:
        for task in (*tasks, acks):
            task.cancel()
        for channel in channels:
            await channel.close()


async def _drain(call: Any) -> None:
    while await call.read() is not grpc.aio.EOF:
        pass


async def _watch(
    channel: grpc.aio.Channel, counted: Received, ready: asyncio.Event, bare: bool
) -> None:
    call: Any = channel.unary_stream(
        f"{METHOD}/WatchStatus",
        request_serializer=pb.WatchStatusRequest.SerializeToString,
        response_deserializer=pb.WatchStatusResponse.FromString,
    )(pb.WatchStatusRequest())
    try:
        await call.initial_metadata()
        if bare:
            ready.set()
        async for frame in call:
            if frame.kind == watch_pb2.FRAME_KIND_SNAPSHOT_END:
                ready.set()
            elif frame.kind != watch_pb2.FRAME_KIND_SNAPSHOT:
                counted.arrived(len(frame.changes))
    finally:
        call.cancel()


def _memory(pid: int | None) -> float:
    """Return the resident memory of a process in kB."""
    if pid is None:
        return 0.0
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith("VmRSS")).split()[1])


if __name__ == "__main__":
    asyncio.run(main())
