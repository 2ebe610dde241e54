"""The whole system as a user runs it: real processes, real speech, the sample calls."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.database import SERVICES
from deploy.local.place import CHECKOUT, own_folder
from deploy.local.postgres import free_port
from deploy.local.settings import OUTSIDE
from deploy.local.system import HURRIED, System, running

DAYS = ("2026-11-02", "2026-11-04")
PARTIAL = 3
"""What `potok` exits with when single calls failed: one sample is damaged."""

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A system of its own, on free ports."""

    system: System
    home: Path

    async def run(self, *command: str) -> tuple[int, str]:
        """Run a program of the Python environment to its end; returns its exit code and what it said."""
        process = await self.start(*command)
        out, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode()

    async def start(self, *command: str) -> asyncio.subprocess.Process:
        program, *arguments = command
        return await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "KILL", "--"),
            *(str(Path(sys.executable).with_name(program)), *arguments),
            cwd=CHECKOUT,
            env={**os.environ, **self.system.settings, "TERM": "dumb", "COLUMNS": "120"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def kill(self, service: str) -> None:
        """End a service as the kernel would when memory runs out; supervisor starts it again."""
        conf = str(self.home / "supervisord.conf")
        code, said = await self.run(
            "supervisorctl", "-c", conf, "signal", "KILL", f"services:{service}"
        )
        assert code == 0, said


@pytest.fixture
async def world(postgres_home: Path) -> AsyncIterator[World]:
    home = own_folder(postgres_home / f"e2e-{os.getpid()}")
    logs = home / "logs"
    logs.mkdir(exist_ok=True)
    listens = {part: f"127.0.0.1:{free_port()}" for part in (*SERVICES, *OUTSIDE)}
    try:
        async with running(home, listens, logs, free_port(), HURRIED) as system:
            yield World(system=system, home=home)
    finally:
        shutil.rmtree(home)


async def test_the_demo_ends_with_the_report_and_a_second_one_does_nothing_twice(
    world: World,
) -> None:
    code, first = await world.run("python", "-m", "deploy.local.demo")
    again, second = await world.run("python", "-m", "deploy.local.demo")

    assert code == 0, first
    assert "partial" in first
    for word in ("new_booking", "price_inquiry", "wrong_number", "booked", "thinking", "Анна"):
        assert word in first, first
    assert re.search(r"reporting\.calls +3\n", first), first
    assert again == 0, second
    assert "transcription: succeeded" in second, second
    assert re.search(r"transcription: succeeded after 0:0\d.*unchanged", second), second


async def test_a_run_survives_the_death_of_every_service(world: World) -> None:
    samples = str(CHECKOUT / "deploy" / "samples")
    made, said = await world.run("potok", "client", "set", "clinic", "--folder", samples)
    assert made == 0, said
    run = await world.start("potok", "run", "clinic", *DAYS)
    assert run.stdout is not None
    heard = ""
    while "transcription: running" not in heard:
        line = await run.stdout.readline()
        assert line, heard
        heard += line.decode()
    for service in SERVICES:
        await world.kill(service)
    rest, _ = await run.communicate()
    heard += rest.decode()

    assert run.returncode == PARTIAL, heard
    shown, items = await world.run("potok", "items", "clinic", *DAYS, "--stage", "transcription")
    assert shown == 0, items
    assert re.search(r"sample-5 .*failed.*", items), items
    assert len(re.findall(r"success", items)) == 3, items
    _, report = await world.run("potok", "report", "clinic", *DAYS)
    assert "3 calls" in report, report
