"""What a whole system takes while nobody asks for anything: processor and memory of each process, and time to be ready."""

import asyncio
import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import date_range_service_pb2 as range_pb
from potok.coordinator.v1 import run_pb2
from potok.coordinator.v1.coordinator_service_pb2_grpc import CoordinatorServiceStub
from potok.coordinator.v1.date_range_service_pb2_grpc import DateRangeServiceStub
from potok.status.v1 import progress_pb2

from benchmarks.arena import dial, watching_load
from deploy.local.folders import data_home, own_folder
from deploy.local.postgres import free_port
from deploy.local.system import System, running
from tests.whole_system import free_places, token_of

REST = timedelta(seconds=15)
"""Until nothing of the start is left: queues rest after five seconds."""
SPAN = timedelta(seconds=30)
CORE, MEGABYTES, READY = 0.06, 700, 8.0
DAY = "2026-11-02"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a process has used: CPU seconds, times it gave the processor up, its share of memory in MB."""

    name: str
    cpu: float
    wakes: int
    memory: float


async def main() -> None:
    """Print what the processes take at rest, how long two starts take, and how long a run waits for a rested system."""
    with TemporaryDirectory(prefix="bench-", dir=data_home()) as name:
        home = own_folder(Path(name))
        (home / "logs").mkdir()
        (home / "calls").mkdir()
        (home / "calls" / "calls.csv").write_text("file,start_time\n", encoding="utf-8")
        listens, port = free_places(), free_port()
        for start in ("first start, with migrations", "second start"):
            began = time.perf_counter()
            with watching_load() as load:
                async with running(home, listens, home / "logs", port) as system:
                    print(f"{start}: ready in {time.perf_counter() - began:.1f} s; {load}")
                    if start == "second start":
                        await _rest()
                        await _delays(system, home, listens["coordinator"])
                    stopping = time.perf_counter()
            print(f"  stopped in {time.perf_counter() - stopping:.1f} s")
    print(f"must: {CORE:.0%} of a core, {MEGABYTES} MB, ready in {READY:.0f} s")


async def _rest() -> None:
    """Print the table of processes over a span in which nothing is asked."""
    await asyncio.sleep(REST.total_seconds())
    before, seconds = dict(_processes()), SPAN.total_seconds()
    with watching_load() as load:
        await asyncio.sleep(seconds)
    after = dict(_processes())
    total = {"cpu": 0.0, "memory": 0.0}
    print(f"{'process':44} {'of a core':>9} {'wakes/s':>8} {'MB':>6}")
    for pid, use in sorted(after.items(), key=lambda item: -_spent(before, *item)):
        spent = _spent(before, pid, use) / seconds
        wakes = (use.wakes - before[pid].wakes if pid in before else use.wakes) / seconds
        total = {"cpu": total["cpu"] + spent, "memory": total["memory"] + use.memory}
        if spent >= 0.0005 or use.memory > 5:
            print(f"{use.name[:44]:44} {spent:>9.2%} {wakes:>8.0f} {use.memory:>6.0f}")
    print(f"{'all':44} {total['cpu']:>9.2%} {'':8} {total['memory']:>6.0f}   {load}")


async def _delays(system: System, home: Path, address: str) -> None:
    """Print how long a run without calls takes in a system at rest, and in one that has just worked."""
    source = f"folder:{home / 'calls'}"
    settings = progress_pb2.ClientSettings(
        time_zone="UTC", source=source, playbook="clinic", language="ru", weight=1
    )
    token = token_of(system, "bench", "admin")
    metadata = (("authorization", f"Bearer {token}"),)
    channel: grpc.aio.Channel = await dial(address)
    await CoordinatorServiceStub(channel).SetClient(
        pb.SetClientRequest(client=run_pb2.Client(client_id="idle", settings=settings)),
        metadata=metadata,
    )
    request = range_pb.SyncCallsRequest(client_id="idle", start_date_str=DAY, end_date_str=DAY)
    sync = partial(DateRangeServiceStub(channel).SyncCalls, request, metadata=metadata)
    await sync()  # whatever is prepared once
    await asyncio.sleep(REST.total_seconds())
    took = []
    for _ in range(4):
        began = time.perf_counter()
        await sync()
        took.append(1000 * (time.perf_counter() - began))
    print(f"a run without calls: {took[0]:.0f} ms after the rest, then {min(took[1:]):.0f} ms")
    await channel.close()


def _spent(before: Mapping[int, Use], pid: int, use: Use) -> float:
    return use.cpu - (before[pid].cpu if pid in before else 0.0)


def _processes() -> Iterator[tuple[int, Use]]:
    """Yield what each process below this one has used so far, by pid."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
    for pid in parents:
        above = parents.get(pid)
        while above not in (None, os.getpid()):
            above = parents.get(above)
        if above is not None:
            with contextlib.suppress(OSError):  # it has ended
                yield pid, _use(Path("/proc", str(pid)))


def _use(process: Path) -> Use:
    cpu, wakes = 0, 0
    for task in (process / "task").iterdir():
        cpu += int((task / "schedstat").read_text().split()[0])
        wakes += _field(task / "status", "voluntary_ctxt_switches")
    words = (process / "cmdline").read_text().replace("\0", " ").split()
    if words[:1] == ["postgres:"]:
        name = " ".join(words[:2])
    elif "-m" in words:
        name = words[words.index("-m") + 1]
    else:
        name = Path(words[0]).name
    return Use(
        name=name,
        cpu=cpu / 1e9,
        wakes=wakes,
        memory=_field(process / "smaps_rollup", "Pss") / 1024,
    )


def _field(file: Path, name: str) -> int:
    lines = dict(line.split(":", 1) for line in file.read_text().splitlines()[1:] if ":" in line)
    return int(lines[name].split()[0])


if __name__ == "__main__":
    asyncio.run(main())
