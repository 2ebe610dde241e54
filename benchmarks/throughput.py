"""Row 1: durable status updates from report to watcher, against a bare pipe of the same bytes."""

import asyncio
import itertools
import time

from benchmarks import etcd
from benchmarks.arena import Arena, Load, an_arena, connected, watching_load
from benchmarks.traffic import (
    Counted,
    a_bare_server,
    a_coordinator,
    messages,
    send,
    start_runs,
    watch,
)
from tests.fakes.stage_services import FakeStages

STREAMS = 4
EXECUTIONS = 200
MESSAGES = 300
"""Messages of a stream."""
REPORTS = 100
"""Reports of a message."""
PATIENCE = 120


async def main() -> None:
    """Measure both in one run and print the ratio."""
    async with an_arena() as arena:
        bare, bare_load = await _bare(arena)
        ours, load = await _ours(arena)
        async with etcd.an_etcd(arena) as address:
            theirs = address and await etcd.throughput(address, STREAMS, MESSAGES, REPORTS)
    print(f"bare pipe     {bare:10,.0f} updates/s   {bare_load}")
    print(f"coordinator   {ours:10,.0f} updates/s   {load}")
    print(
        f"etcd          {theirs:10,.0f} puts/s, {REPORTS} a transaction" if theirs else etcd.MISSING
    )
    print(f"ratio {ours / bare:.2f} (must 0.50, aim 0.70); {ours:,.0f}/s (must 30,000, aim 50,000)")


async def _ours(arena: Arena) -> tuple[float, Load]:
    stages = FakeStages()
    async with a_coordinator(arena, stages) as (address, _):
        executions = await start_runs(address, stages, EXECUTIONS)
        return await _measure(address, executions)


async def _bare(arena: Arena) -> tuple[float, Load]:
    async with a_bare_server(arena, 0.0) as address:
        return await _measure(address, list(range(1, EXECUTIONS + 1)))


async def _measure(address: str, executions: list[int]) -> tuple[float, Load]:
    """Send everything over the streams; returns events a second until the watcher had the last."""
    parts = [executions[n::STREAMS] for n in range(STREAMS)]
    sequences = itertools.count(1)
    # A first round brings the executions to RUNNING and warms up.
    warm = [messages(part, sequences, 3, REPORTS) for part in parts]
    batches = [messages(part, sequences, MESSAGES, REPORTS) for part in parts]
    channels = [await connected(address) for _ in range(STREAMS + 1)]
    counted, ready = Counted(), asyncio.Event()
    watcher = asyncio.create_task(watch(channels[-1], counted, ready))
    try:
        await ready.wait()
        await asyncio.gather(*(send(c, b) for c, b in zip(channels, warm, strict=False)))
        await asyncio.sleep(1)
        before = counted.changes
        total = STREAMS * MESSAGES * REPORTS
        with watching_load() as load:
            started = time.perf_counter()
            await asyncio.gather(*(send(c, b) for c, b in zip(channels, batches, strict=False)))
            async with asyncio.timeout(PATIENCE):
                while counted.changes < before + total:
                    await asyncio.sleep(0.002)
            seconds = time.perf_counter() - started
        assert counted.holes == 0
        return total / seconds, load
    finally:
        watcher.cancel()
        for channel in channels:
            await channel.close()


if __name__ == "__main__":
    asyncio.run(main())
