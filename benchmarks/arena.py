"""Where a measurement takes place: a durable Postgres, server processes, and an eye on who else uses the machine."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc

from deploy.local import postgres
from deploy.local.database import dsns
from deploy.local.folders import data_home, own_folder
from deploy.local.migrate import prepare
from tests.identity import let_in

QUIET_CORES = 0.15
"""The foreign load, in cores, above which a ratio says nothing."""
UP_SECONDS = 30


@dataclass
class Load:
    """CPU seconds of a span of time: of us and our children, and of everybody else."""

    ours: float = 0.0
    others: float = 0.0
    seconds: float = 0.0

    @property
    def disturbance(self) -> float:
        """Cores that others used."""
        return max(0.0, self.others / self.seconds) if self.seconds else 0.0

    def __str__(self) -> str:
        verdict = "" if self.disturbance <= QUIET_CORES else "  DISTURBED: no verdict"
        return f"others used {self.disturbance:.2f} core{verdict}"


@contextlib.contextmanager
def watching_load() -> Iterator[Load]:
    """Measure the load of a block."""
    load = Load()
    busy, ours, at = _busy(), _ours(), time.perf_counter()
    yield load
    load.seconds = time.perf_counter() - at
    load.ours = _ours() - ours
    load.others = _busy() - busy - load.ours


def _busy() -> float:
    """Return all CPU seconds of the machine that were not idle."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    user, nice, system, _idle, _wait, irq, softirq = map(int, fields[:7])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def _ours() -> float:
    """Return the CPU seconds of this process and everything below it."""
    ticks = 0
    children: dict[int, list[int]] = {}
    used: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(entry.name))
            # Own time, and that of children that have ended.
            used[int(entry.name)] = sum(map(int, fields[11:15]))
    stack = [os.getpid()]
    while stack:
        pid = stack.pop()
        ticks += used.get(pid, 0)
        stack.extend(children.get(pid, ()))
    return ticks / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """A migrated, durable database of its own."""

    addresses: Mapping[str, str]
    folder: Path

    def dsn(self, role: str) -> str:
        """Return the address for a role."""
        return self.addresses[role]

    @contextlib.asynccontextmanager
    async def server(self, module: str, settings: Mapping[str, str]) -> AsyncIterator[int]:
        """Run `python -m module` until the block ends, told where to listen by its settings; yields its pid."""
        log = self.folder / f"{module}.log"
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "KILL", sys.executable, "-m", module),
                env={**os.environ, **settings},
                stdout=output,
                stderr=output,
            )
        try:
            yield process.pid
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


@contextlib.asynccontextmanager
async def an_arena() -> AsyncIterator[Arena]:
    """Serve a fresh, durable Postgres in a folder that is removed at the end."""
    with TemporaryDirectory(prefix="bench-", dir=data_home()) as name:
        folder = own_folder(Path(name))
        folder.chmod(0o755)
        with postgres.running(folder, log=folder / "postgres.log") as server:
            addresses = await prepare(server, folder)
            assert addresses == dsns(folder, port=server.port)
            yield Arena(addresses=addresses, folder=folder)


async def connected(address: str) -> grpc.aio.Channel:
    """Return a channel of its own connection to one of our servers, with a token that lets it in."""
    return let_in(await dial(address))


async def dial(address: str) -> grpc.aio.Channel:
    """Return a channel of its own connection, once the server answers."""
    channel = grpc.aio.insecure_channel(
        address,
        options=[
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_receive_message_length", 16 << 20),
        ],
    )
    async with asyncio.timeout(UP_SECONDS):
        await channel.channel_ready()
    return channel
