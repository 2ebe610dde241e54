"""The command line as a user has it: processes in front of a real coordinator, whose stages play along."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.conftest import Database
from tests.coordination import Coordination, Replica, coordination
from tests.fakes.stage_player import Player
from tests.identity import client_environment
from tests.processes import killed_at_last
from tests.waiting import in_time

POTOK = Path(sys.executable).with_name("potok")


class Said(NamedTuple):
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
        return await begun(*arguments, environment=self.environment)

    async def potok(self, *arguments: str) -> Said:
        """Run a command to its end."""
        return await ended(await self.started(*arguments))


async def potok(*arguments: str, environment: Mapping[str, str], typed: bytes = b"") -> Said:
    """Run a command in front of a server to its end; `typed` is its standard input."""
    return await ended(await begun(*arguments, environment=environment), typed)


async def begun(*arguments: str, environment: Mapping[str, str]) -> Process:
    """Start a command."""
    return await asyncio.create_subprocess_exec(
        POTOK, *arguments, env=environment, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )


async def ended(process: Process, typed: bytes = b"") -> Said:
    """Wait until a command has ended."""
    async with killed_at_last(process), in_time("the command has ended"):
        out, err = await process.communicate(typed)
    assert process.returncode is not None
    assert "Traceback" not in err.decode()
    return Said(process.returncode, out.decode(), err.decode())


async def said(process: Process, words: str) -> None:
    """Read lines of a process up to one with `words` in it."""
    assert process.stdout
    async with in_time(f"the command says {words!r}"):
        while words not in (line := (await process.stdout.readline()).decode()):
            assert line, f"it ended without saying {words!r}"


@contextlib.asynccontextmanager
async def shell(database: Database, **environment: str) -> AsyncIterator[Shell]:
    """Open a shell, an administrator's unless `environment` says otherwise; stages end at once with what they have."""
    async with coordination(database) as coordinated, coordinated.replica() as replica:
        player = Player(coordinated.stages, replica.stub)
        player.gate.set()
        told = client_environment(replica.address, **environment)
        async with player.playing():
            yield Shell(coordinated, replica, player, told)
