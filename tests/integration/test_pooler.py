"""Services whose database is behind a pgbouncer that hands sessions on after each transaction."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import run_pb2, watch_pb2
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from pydantic import SecretStr

from services.coordinator.app import running
from services.coordinator.settings import CoordinatorSettings
from services.kernel.postgres import open_pool
from services.stage.app import stage_service
from services.status.domain import Stage
from tests.conftest import Database
from tests.coordination import QUICK, SETTINGS, a_report, calling, coordination
from tests.fakes.coordinator import FakeCoordinator, serving_coordinator
from tests.fakes.stage_work import FakeStage, a_run_request, found, quick_settings
from tests.identity import identity, open_channel, settings_of
from tests.pooler import pooled

ROLE = "transcription_system"


@pytest.fixture
async def behind(database: Database) -> AsyncIterator[Database]:
    with tempfile.TemporaryDirectory() as folder:  # one that other users may enter
        async with pooled(database, Path(folder)) as behind:
            yield behind


@pytest.mark.parametrize("direct", [True, False])
async def test_a_coordinator_serves_and_its_replicas_hear_of_one_another(
    database: Database, behind: Database, direct: bool
) -> None:
    """Told by Postgres itself where it may be reached, by looking where it may not."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(coordination(behind))
        replicas = []
        for _ in range(2):
            settings = CoordinatorSettings(
                **settings_of(behind, "coordinator"),
                database_pooled=True,
                database_direct_url=SecretStr(database.dsn("coordinator_system"))
                if direct
                else None,
                listen="127.0.0.1:0",
                stages=dict.fromkeys(Stage, world.address),
                bot_status=world.address,
                limits=QUICK,
            )
            port = await stack.enter_async_context(running(settings))
            replicas.append(await stack.enter_async_context(calling(f"127.0.0.1:{port}")))
        first, second = replicas
        watcher = second.watch()
        await watcher.until(watch_pb2.FRAME_KIND_SNAPSHOT_END)
        clients = [run_pb2.Client(client_id=f"c{n}", settings=SETTINGS) for n in range(20)]
        await asyncio.gather(
            *(first.stub.SetClient(pb.SetClientRequest(client=client)) for client in clients)
        )
        started = await asyncio.gather(*(first.start(client.client_id) for client in clients))
        executions = [each.run.stages[0].execution for each in started]
        await first.reporter().send(*(a_report(number, 1, success=1) for number in executions))
        read = await asyncio.gather(
            *(
                replica.stub.GetRun(pb.GetRunRequest(run_id=each.run.status.run_id))
                for each in started
                for replica in replicas
            )
        )
        await watcher.revision(40)
    assert len(read) == 40
    assert watcher.revisions[:40] == list(range(1, 41))


async def test_a_stage_does_its_work(behind: Database) -> None:
    names = [f"{number:02}" for number in range(40)]
    stage = FakeStage(items={"client:a": found(*names)})
    coordinator = FakeCoordinator()
    dsn = behind.dsn(ROLE)
    async with (
        serving_coordinator(coordinator) as address,
        open_pool(dsn, 8, pooled=True) as pool,
        stage_service(
            "transcription",
            pool,
            [stage],
            quick_settings(dsn, address, database_pooled=True),
            identity("transcription"),
        ) as port,
        open_channel(f"127.0.0.1:{port}") as channel,
    ):
        await StageServiceStub(channel).RunStage(a_run_request())
        report = await coordinator.until_ended(7)
    assert report.progress.items.success == 40
