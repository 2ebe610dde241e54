"""What is killed or frozen in full flight loses nothing that was acknowledged, and no watcher notices more than a pause."""

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import grpc
import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc
from potok.coordinator.v1 import run_pb2, watch_pb2

from deploy.local.postgres import free_port
from services.status.domain import Stage
from tests.conftest import Database
from tests.coordination import RANGE, SETTINGS, Watcher, a_report
from tests.fakes.stage_services import FakeStages
from tests.identity import environment_of, open_channel
from tests.waiting import until, until_ready

CLIENTS = 4
LOCAL = [("grpc.use_local_subchannel_pool", 1)]


class Process:
    """A coordinator in a process of its own, on a fixed port, that can be killed and started again."""

    def __init__(self, database: Database, stages: str, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self._settings = {
            **environment_of(database, "coordinator"),
            "POTOK_COORDINATOR_LISTEN": self.address,
            "POTOK_COORDINATOR_STAGES": json.dumps({s.value: stages for s in Stage}),
            "POTOK_COORDINATOR_BOT_STATUS": stages,
        }
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "services.coordinator"),
            env={**os.environ, **self._settings},
            stdout=asyncio.subprocess.DEVNULL,
        )

    async def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        if number in (signal.SIGKILL, signal.SIGTERM):
            await self._process.wait()

    async def end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            await self.signal(signal.SIGKILL)

    @asynccontextmanager
    async def stub(self) -> "AsyncIterator[pb_grpc.CoordinatorServiceAsyncStub]":
        async with open_channel(self.address, options=LOCAL) as channel:
            await until_ready(channel)
            yield pb_grpc.CoordinatorServiceStub(channel)


@pytest.fixture
async def process(database: Database, free_port: int) -> AsyncIterator[Process]:
    stages = FakeStages()
    async with stages.serving() as address:
        process = Process(database, address, free_port)
        await process.start()
        yield process
        await process.end()


@pytest.fixture
async def sql(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.dsn("coordinator_system"))
    yield connection
    await connection.close()


async def start_runs(process: Process) -> list[int]:
    """Start a run each for some clients; returns their executions."""
    async with process.stub() as stub:
        executions = []
        for n in range(CLIENTS):
            client = run_pb2.Client(client_id=f"c{n}", settings=SETTINGS)
            await stub.SetClient(pb.SetClientRequest(client=client))
            request = pb.StartRunRequest(client_id=f"c{n}", range=RANGE)
            run = (await stub.StartRun(request)).run
            executions.append(run.stages[0].execution)
        return executions


class Sender:
    """Reports on, reconnecting as a service does, and knows what was acknowledged."""

    def __init__(self, process: Process, executions: list[int]) -> None:
        self._process = process
        self._executions = executions
        self.acknowledged = 0
        self.sequence = 0

    async def run(self) -> None:
        while True:
            with suppress(grpc.aio.AioRpcError, TimeoutError, AssertionError):
                async with self._process.stub() as stub:
                    await self._stream(stub)

    async def _stream(self, stub: "pb_grpc.CoordinatorServiceAsyncStub") -> None:
        call = stub.ReportStatus()
        try:
            while True:
                self.sequence += 1
                number = self.sequence
                reports = [a_report(e, number, success=number) for e in self._executions]
                await call.write(pb.ReportStatusRequest(batch=number, reports=reports))
                answer = await call.read()
                assert answer is not grpc.aio.EOF
                self.acknowledged = number
        finally:
            call.cancel()

    async def goes_on(self, more: int) -> None:
        """Wait for so many more acknowledgements."""
        goal = self.acknowledged + more
        await until(lambda: self.acknowledged >= goal, f"{goal} reports are acknowledged")


class Follower:
    """Watches on, resuming by its token, and keeps the whole history."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._token = ""
        self.revisions: list[int] = []
        self.resumed = 0

    async def run(self) -> None:
        while True:
            with suppress(grpc.aio.AioRpcError, TimeoutError, AssertionError):
                async with self._process.stub() as stub:
                    await self._stream(stub)

    async def _stream(self, stub: "pb_grpc.CoordinatorServiceAsyncStub") -> None:
        call = stub.WatchStatus(pb.WatchStatusRequest(resume_token=self._token))
        self.resumed += bool(self._token)
        watcher = Watcher(call)
        try:
            while True:
                frame = await watcher.frame()
                if frame.kind == watch_pb2.FRAME_KIND_CHANGES:
                    self.revisions += [change.revision for change in frame.changes]
                self._token = frame.resume_token
        finally:
            call.cancel()

    async def resumes(self, times: int) -> None:
        """Wait until it has resumed so often."""
        await until(lambda: self.resumed >= times, f"the watch is resumed {times} times")


async def check(sql: asyncpg.Connection, sender: Sender, follower: Follower) -> None:
    """The log is dense, holds what was acknowledged, equals the state, and the watcher got all of it once."""
    revisions = [r["revision"] for r in await sql.fetch("SELECT revision FROM log ORDER BY 1")]
    assert revisions == list(range(1, revisions[-1] + 1))
    stored = await sql.fetch("SELECT sequence FROM executions")
    assert all(row["sequence"] >= sender.acknowledged for row in stored)
    days = await sql.fetch("SELECT success FROM ledger")
    assert all(row["success"] >= sender.acknowledged for row in days)
    await until(
        lambda: follower.revisions and follower.revisions[-1] >= revisions[-1],
        "the watcher has got everything",
    )
    assert follower.revisions == list(range(follower.revisions[0], follower.revisions[-1] + 1))


@asynccontextmanager
async def traffic(process: Process) -> AsyncIterator[tuple[Sender, Follower]]:
    """Report and watch all the time."""
    executions = await start_runs(process)
    sender, follower = Sender(process, executions), Follower(process)
    tasks = [asyncio.create_task(follower.run()), asyncio.create_task(sender.run())]
    try:
        await until(lambda: sender.acknowledged > 5 and follower.revisions, "reports go through")
        yield sender, follower
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_coordinator_killed_at_random_loses_nothing_acknowledged(
    process: Process, sql: asyncpg.Connection
) -> None:
    async with traffic(process) as (sender, follower):
        for kills in range(1, 4):
            await sender.goes_on(random.randint(3, 30))
            await process.signal(signal.SIGKILL)
            await process.start()
            await follower.resumes(kills)
        await sender.goes_on(5)
        await check(sql, sender, follower)


async def test_a_rolling_restart_ends_every_stream_with_a_token_to_resume(
    process: Process, sql: asyncpg.Connection
) -> None:
    async with traffic(process) as (sender, follower):
        await process.signal(signal.SIGTERM)
        await process.start()
        await sender.goes_on(20)
        await check(sql, sender, follower)


async def test_two_coordinators_one_frozen_never_write_over_one_another(
    process: Process, database: Database, sql: asyncpg.Connection
) -> None:
    stages = FakeStages()
    async with stages.serving() as address:
        other = Process(database, address, free_port())
        await other.start()
        try:
            async with traffic(process) as (sender, follower):
                frozen = Sender(other, sender._executions)
                frozen.sequence = 100_000
                await process.signal(signal.SIGSTOP)
                task = asyncio.create_task(frozen.run())
                await until(
                    lambda: frozen.acknowledged > 100_010, "the reports of the frozen process go on"
                )
                await process.signal(signal.SIGCONT)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                # What the thawed one still had in memory is older than what is stored.
                await sender.goes_on(10)
                stored = await sql.fetch(
                    "SELECT DISTINCT sequence >= 100010 AS newer FROM executions"
                )
                assert [row["newer"] for row in stored] == [True]
                revisions = [
                    r["revision"] for r in await sql.fetch("SELECT revision FROM log ORDER BY 1")
                ]
                assert revisions == list(range(1, revisions[-1] + 1))
                await until(
                    lambda: follower.revisions[-1] >= revisions[-1],
                    "the watcher has got everything",
                )
        finally:
            await other.end()


async def test_lost_connections_to_postgres_lose_nothing(
    process: Process, sql: asyncpg.Connection, database: Database
) -> None:
    superuser = await asyncpg.connect(database.dsn("postgres"))
    try:
        async with traffic(process) as (sender, follower):
            for _ in range(5):
                await sender.goes_on(5)
                await superuser.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND usename = 'coordinator_system'"
                    " AND pid <> $1",
                    sql.get_server_pid(),
                )
            await sender.goes_on(5)
            await check(sql, sender, follower)
    finally:
        await superuser.close()
