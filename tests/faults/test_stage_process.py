"""Processes of a stage service that are killed or frozen while they work."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import pytest
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub

from services.stage.domain import Execution, Success
from services.status.domain import ExecutionState
from services.status.mapping import EXECUTION_STATE_TO_PB
from tests.conftest import Database
from tests.fakes.coordinator import FakeCoordinator, serving_coordinator
from tests.fakes.stage_work import FakeStage, a_run_request, found, serving_stage
from tests.faults.stage_process import LIMITS, store_names
from tests.identity import open_channel
from tests.waiting import in_time

ROLE = "transcription_system"
SUCCEEDED = EXECUTION_STATE_TO_PB[ExecutionState.SUCCEEDED]


class Child:
    """A stage process and what it says."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def says(self, word: str) -> list[str]:
        """Wait for the next line that begins with a word; return the others of it."""
        assert self.process.stdout
        async with in_time(f"the process says {word}"):
            while line := await self.process.stdout.readline():
                words = line.decode().split()
                if words[:1] == [word]:
                    return words[1:]
        raise AssertionError("the process has ended")

    def go_on(self, times: int = 1) -> None:
        assert self.process.stdin
        self.process.stdin.write(b"\n" * times)


@contextlib.asynccontextmanager
async def stage_process(dsn: str, coordinator: str) -> AsyncIterator[Child]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.faults.stage_process",
        env={
            **os.environ,
            "STAGE_DSN": dsn,
            "STAGE_COORDINATOR": coordinator,
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Child(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


class NamingStage(FakeStage):
    """Stores that the results are this process's."""

    async def store(
        self, transaction: Any, execution: Execution, successes: Sequence[Success]
    ) -> None:
        await super().store(transaction, execution, successes)
        await store_names(transaction, successes, "test")


@pytest.fixture
async def dsn(database: Database) -> str:
    """Return the address of a database with a table for the results."""
    async with database.pool("transcription_owner") as pool:
        await pool.execute("CREATE TABLE made (item_id text PRIMARY KEY, maker text)")
    return database.dsn(ROLE)


async def run_stage(child: Child) -> None:
    (port,) = await child.says("serving")
    async with open_channel(f"127.0.0.1:{port}") as channel:
        await StageServiceStub(channel).RunStage(a_run_request())


async def makers(dsn: str) -> dict[str, str]:
    connection = await asyncpg.connect(dsn)
    try:
        return {row[0]: row[1] for row in await connection.fetch("SELECT item_id, maker FROM made")}
    finally:
        await connection.close()


async def test_a_killed_service_goes_on_where_it_was(dsn: str) -> None:
    coordinator = FakeCoordinator()
    async with serving_coordinator(coordinator) as address:
        async with stage_process(dsn, address) as child:
            await run_stage(child)
            await child.says("working")
            child.go_on()
            await child.says("working")
            child.process.send_signal(signal.SIGKILL)
            await child.process.wait()
        done = await makers(dsn)
        async with stage_process(dsn, address) as child:
            child.go_on(3)
            report = await coordinator.until_ended(7)
            child.process.terminate()
            assert await child.process.wait() == 0
    assert len(done) == 1
    assert report.state == SUCCEEDED
    assert report.progress.items.success == 3


async def test_a_worker_frozen_past_its_lease_cannot_overwrite_newer_work(dsn: str) -> None:
    coordinator = FakeCoordinator()
    async with serving_coordinator(coordinator) as address, stage_process(dsn, address) as child:
        await run_stage(child)
        (frozen,) = await child.says("working")
        child.process.send_signal(signal.SIGSTOP)
        stage = NamingStage(items={"client:a": found("1", "2", "3")}, limits=LIMITS)
        async with serving_stage(dsn, stage) as served:
            report = await served.coordinator.until_ended(7)
            child.go_on(3)
            child.process.send_signal(signal.SIGCONT)
            child.process.terminate()
            assert await child.process.wait() == 0
            item = await served.item(frozen)
    assert report.state == SUCCEEDED
    assert (item["state"], item["attempt"]) == ("SUCCESS", 2)
    assert await makers(dsn) == {"1": "test", "2": "test", "3": "test"}
