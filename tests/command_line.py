"""The command line as a user has it: processes in front of a real coordinator, whose stages play along."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import Database
from tests.coordination import PATIENCE, Coordination, Replica, coordination
from tests.fakes.player import Player
from tests.identity import client_environment

POTOK = Path(sys.executable).with_name("potok")


@dataclass(frozen=True)
class Said:
    """What a command ended with."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Shell:
    """A coordinator, its stages and a shell in front of it."""

    coordination: Coordination
    replica: Replica
    player: Player
    environment: dict[str, str]

    async def started(self, *arguments: str) -> Process:
        return await asyncio.create_subprocess_exec(
            POTOK, *arguments, env=self.environment, stdout=PIPE, stderr=PIPE
        )

    async def potok(self, *arguments: str) -> Said:
        """Run a command to its end."""
        return await ended(await self.started(*arguments))


async def ended(process: Process) -> Said:
    try:
        async with asyncio.timeout(2 * PATIENCE):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    assert "Traceback" not in err.decode()
    return Said(process.returncode, out.decode(), err.decode())


async def said(process: Process, wanted: str) -> None:
    """Read lines of a process up to one with `wanted` in it."""
    assert process.stdout
    async with asyncio.timeout(PATIENCE):
        while wanted not in (line := (await process.stdout.readline()).decode()):
            assert line, f"it ended without saying {wanted!r}"


@contextlib.asynccontextmanager
async def shell(database: Database, **environment: str) -> AsyncIterator[Shell]:
    """Open a shell, an administrator's unless `environment` says otherwise; stages end at once with what they have."""
    async with coordination(database) as coordinated, coordinated.replica() as replica:
        player = Player(coordinated.stages, replica.stub)
        player.gate.set()
        told = client_environment(replica.address, **environment)
        async with player.playing():
            yield Shell(coordinated, replica, player, told)
