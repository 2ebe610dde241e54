"""The watch of the client over real replicas that are killed, drained and compacted."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from textwrap import indent
from typing import Any

import asyncpg
import grpc
import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.status.v1 import stage_pb2
from potok_client import Update, View, channels, watch

from services.status.domain import Stage
from tests.conftest import Database
from tests.coordination import SUCCEEDED, Coordination, Replica, a_report
from tests.identity import admin, environment_of
from tests.tree import ROOT
from tests.waiting import PATIENCE, until_ready

README = ROOT / "client" / "README.md"
REQUEST = pb.WatchStatusRequest(client_ids=["clinic"])


class Watched:
    """A watch that runs beside the test, with all that it said."""

    def __init__(self, replicas: list[grpc.aio.Channel]) -> None:
        self.updates: list[Update] = []
        self.view = View()
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._watch(replicas))

    async def _watch(self, replicas: list[grpc.aio.Channel]) -> None:
        async with aclosing(watch(replicas, REQUEST)) as updates:
            async for update in updates:
                self.updates.append(update)
                self.view.apply(update)
                self._news.set()

    async def until(self, revision: int) -> None:
        """Wait until everything up to a revision was delivered."""
        async with asyncio.timeout(2 * PATIENCE):
            while not self.updates or self.view.revision < revision:
                self._news.clear()
                news = asyncio.create_task(self._news.wait())
                await asyncio.wait({news, self._task}, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                if self._task.done():
                    self._task.result()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    @property
    def revisions(self) -> list[int]:
        """The revisions delivered after the first snapshot; further snapshots are not forgiven."""
        assert [update.reset for update in self.updates].count(True) == 1
        return [c.revision for u in self.updates if not u.reset for c in u.changes]

    @property
    def losses(self) -> list[str]:
        return [update.lost for update in self.updates if update.lost]


@asynccontextmanager
async def watched(*addresses: str) -> AsyncIterator[Watched]:
    async with channels(addresses, admin) as replicas:
        watching = Watched(replicas)
        try:
            yield watching
        finally:
            await watching.close()


@asynccontextmanager
async def a_process(world: Coordination, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a replica in a process of its own, ready when the block begins."""
    address = f"127.0.0.1:{port}"
    settings = {
        **environment_of(world.database, "coordinator"),
        "POTOK_COORDINATOR_LISTEN": address,
        "POTOK_COORDINATOR_STAGES": json.dumps({s.value: world.address for s in Stage}),
        "POTOK_COORDINATOR_BOT_STATUS": world.address,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.coordinator"),
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with channels([address], admin) as (channel,):
            await until_ready(channel)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def report_some(replica: Replica, execution: int, numbers: range) -> None:
    reporter = replica.reporter()
    for number in numbers:
        report = a_report(execution, number, pending=1000 - number, success=number)
        assert await reporter.send(report) == []
    reporter.close()


async def head(database: Database) -> int:
    connection = await asyncpg.connect(database.dsn("coordinator_system"))
    try:
        revision: int = await connection.fetchval("SELECT revision FROM log_head")
    finally:
        await connection.close()
    return revision


async def test_a_killed_replica_costs_neither_a_gap_nor_a_repeat(
    world: Coordination, free_port: int
) -> None:
    async with (
        world.replica() as survivor,
        a_process(world, free_port) as victim,
        watched(f"127.0.0.1:{free_port}", survivor.address) as watching,
    ):
        await watching.until(await head(world.database))
        first = watching.view.revision + 1
        run = (await survivor.start()).run
        execution = await world.dispatched()
        await report_some(survivor, execution, range(1, 20))
        await watching.until(first + 15)
        reporting = asyncio.create_task(report_some(survivor, execution, range(20, 200)))
        victim.kill()
        await reporting
        reporter = survivor.reporter()
        assert await reporter.send(a_report(execution, 200, SUCCEEDED, success=1000)) == []
        await watching.until(await head(world.database))

        # The run goes on meanwhile: more may have come than there was to wait for.
        assert watching.revisions == list(range(first, watching.view.revision + 1))
        assert watching.losses
        stage = watching.view.stages(run.status.run_id)[0]
        assert stage.state == SUCCEEDED
        assert stage.progress.items.success == 1000


async def test_a_drained_replica_hands_the_watch_over(world: Coordination) -> None:
    async with world.replica() as survivor, AsyncExitStack() as stack:
        drained = await stack.enter_async_context(world.replica())
        async with watched(drained.address, survivor.address) as watching:
            await watching.until(await head(world.database))
            first = watching.view.revision + 1
            await survivor.start()
            execution = await world.dispatched()
            await report_some(survivor, execution, range(1, 20))
            reporting = asyncio.create_task(report_some(survivor, execution, range(20, 200)))
            await stack.aclose()
            await reporting
            await watching.until(await head(world.database))

            assert watching.revisions == list(range(first, watching.view.revision + 1))
            assert watching.losses == ["the server ended the stream: DRAIN"]


async def test_behind_a_compacted_log_the_watch_begins_anew_and_says_so(
    world: Coordination,
) -> None:
    async with world.replica() as replica, channels([replica.address], admin) as replicas:
        async with asyncio.timeout(PATIENCE), aclosing(watch(replicas, REQUEST)) as updates:
            token = (await anext(updates)).resume_token
        run = (await replica.start()).run
        await report_some(replica, await world.dispatched(), range(1, 10))
        await compact(world.database)
        request = pb.WatchStatusRequest(client_ids=["clinic"], resume_token=token)
        async with asyncio.timeout(PATIENCE), aclosing(watch(replicas, request)) as updates:
            begun = await anext(updates)

    assert begun.reset
    view = View()
    view.apply(begun)
    assert view.revision == await head(world.database)
    assert view.runs[run.status.run_id].state == stage_pb2.RUN_STATE_ACTIVE
    assert view.stages(run.status.run_id)[0].progress.items.success == 9


async def compact(database: Database) -> None:
    """Forget the whole log."""
    connection = await asyncpg.connect(database.dsn("coordinator_system"))
    try:
        await connection.execute("UPDATE log_head SET compacted = revision")
        await connection.execute("DELETE FROM log")
    finally:
        await connection.close()


async def test_an_unknown_client_is_refused_and_not_waited_for(world: Coordination) -> None:
    request = pb.WatchStatusRequest(client_ids=["nobody"])
    async with world.replica() as replica, channels([replica.address], admin) as replicas:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            async with asyncio.timeout(PATIENCE), aclosing(watch(replicas, request)) as updates:
                await anext(updates)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_the_example_of_the_readme_watches(
    world: Coordination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POTOK_TOKEN", admin())
    readme = README.read_text(encoding="utf-8")
    example = readme.partition("```python\n")[2].partition("```")[0]
    async with world.replica() as replica:
        run_id = (await replica.start()).run.status.run_id
        code = example.replace("127.0.0.1:8000", replica.address)
        # Its last statement takes an update in: here the first one is enough.
        code = f"async def watched():\n{indent(code, '    ')}                return view\n"
        names: dict[str, Any] = {}
        exec(code, names)
        async with asyncio.timeout(PATIENCE):
            view: View = await names["watched"]()

    assert run_id in view.runs
