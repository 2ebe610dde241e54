"""What the library asks of Postgres: fences and versions under locks, rights, a life through lost connections."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.status.v1 import stage_pb2

from services.kernel.errors import UpstreamUnavailable
from services.stage.adapters.upstream import discover_upstream
from services.stage.domain import Execution, Found, ItemId, Limits
from services.stage.mapping import execution_from_pb
from services.stage.repository import execution_rows, item_rows
from services.stage.repository.report_rows import read_progress
from services.status.domain import ExecutionNumber, Stage
from tests.conftest import Database
from tests.fakes.stage_work import DAY, FakeStage, a_run_request, found, serving_stage
from tests.identity import open_channel

ROLE = "transcription_system"


async def stored(pool: Any, number: int, *, days: int = 1) -> Execution:
    """Store an execution without a job."""
    execution = execution_from_pb(a_run_request(number, days=days))
    async with pool.acquire() as connection:
        await execution_rows.insert_execution(connection, execution)
    return execution


async def test_a_lower_execution_never_takes_an_item_from_a_higher_one(database: Database) -> None:
    async with database.pool(ROLE) as pool, pool.acquire() as connection:
        older, newer = await stored(pool, 7), await stored(pool, 8)
        await item_rows.take_items(connection, newer, found("1"), [1])
        await item_rows.take_items(connection, older, found("1"), [2])
        row = await connection.fetchrow("SELECT * FROM items")
    assert row
    assert (row["execution"], row["job_id"]) == (8, 1)


async def test_the_report_of_an_end_holds_every_day_whatever_was_asked_for(
    database: Database,
) -> None:
    stage = FakeStage(items={"client:a": found("1")})
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request(days=3))
        await served.coordinator.until_ended(7)
        async with served.pool.acquire() as connection, connection.transaction():
            (progress,) = await read_progress(connection, {ExecutionNumber(7): {DAY}})
    assert [day.day for day in progress.days] == [DAY + timedelta(n) for n in range(3)]


async def test_whoever_reads_later_has_the_higher_sequence_and_version(database: Database) -> None:
    async with database.pool(ROLE) as pool:
        execution = await stored(pool, 7)
        touched = {execution.number: {DAY}}

        async def read() -> tuple[int, int]:
            async with pool.acquire() as connection, connection.transaction():
                (progress,) = await read_progress(connection, touched)
                return progress.sequence, progress.days[0].version

        read_by = await asyncio.gather(*(read() for _ in range(8)))
    assert sorted(read_by) == [(n, n) for n in range(1, 9)]


async def test_the_app_role_sees_only_the_owners_of_its_transaction(database: Database) -> None:
    async with database.pool(ROLE) as pool:
        execution = await stored(pool, 7)
        async with pool.acquire() as connection:
            await item_rows.take_items(connection, execution, found("1"), [1])
    async with database.pool("transcription_app") as pool, pool.acquire() as connection:
        seen = []
        for owners in ("", "client:b", "client:b,client:a"):
            async with connection.transaction():
                await connection.execute("SELECT set_config('potok.owners', $1, true)", owners)
                seen.append(await connection.fetchval("SELECT count(*) FROM items"))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM items")
    assert seen == [0, 0, 1]


async def test_work_goes_on_after_every_connection_was_lost(database: Database) -> None:
    names = [f"{n:03}" for n in range(200)]
    limits = Limits(batch=5, concurrency=2, lease=timedelta(seconds=1))
    stage = FakeStage(items={"client:a": found(*names)}, limits=limits)
    async with serving_stage(
        database.dsn(ROLE), stage, job_heartbeat=timedelta(seconds=1)
    ) as served:
        admin = await asyncpg.connect(database.dsn("postgres"))
        try:
            await served.stub.RunStage(a_run_request())
            for done in (20, 60, 100):
                await stage.until_stored(done)
                await admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1",
                    ROLE,
                )
            report = await served.coordinator.until_ended(7)
        finally:
            await admin.close()
    assert report.state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    assert report.progress.items.success == 200


async def test_no_name_of_the_queue_comes_from_the_environment(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CHANNEL", "QUEUE_TABLE", "PGQUEUER_SCHEMA", "PGQUEUER_PREFIX", "FUNCTION"):
        monkeypatch.setenv(name, "other")
    stage = FakeStage(items={"client:a": found("1")})
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
    assert report.progress.items.success == 1


async def test_the_next_stage_discovers_what_holds_a_readable_result(database: Database) -> None:
    stage = FakeStage(items={"client:a": found("1", "2"), "client:b": found("3")})
    after = execution_from_pb(a_run_request(9, stage=Stage.ANALYSIS))
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request(7))
        await served.stub.RunStage(a_run_request(8, owner="client:b"))
        for number in (7, 8):
            await served.coordinator.until_ended(number)
        await served.pool.execute("UPDATE items SET output = 0 WHERE item_id = '2'")
        pages = [page async for page in discover_upstream(served.stub, after, Stage.TRANSCRIPTION)]
    assert pages == [[Found(item_id=ItemId("1"), day=DAY, upstream=7)]]


async def test_how_long_a_call_is_goes_down_the_stages_and_follows_its_source(
    database: Database,
) -> None:
    first = [Found(item_id=ItemId("1"), day=DAY, duration_seconds=61.5), *found("2")]
    second = [*found("1"), Found(item_id=ItemId("2"), day=DAY, duration_seconds=30)]
    stage = FakeStage()
    after = execution_from_pb(a_run_request(9, stage=Stage.ANALYSIS))
    lengths = []
    async with serving_stage(database.dsn(ROLE), stage) as served:
        for number, stage.items["client:a"] in ((7, first), (8, second)):
            await served.stub.RunStage(a_run_request(number))
            await served.coordinator.until_ended(number)
            pages = discover_upstream(served.stub, after, Stage.TRANSCRIPTION)
            lengths += [[item.duration_seconds for item in page] async for page in pages]
    assert lengths == [[61.5, None], [None, 30]]


async def test_a_stage_before_that_is_away_is_called_a_few_times_and_then_said_to_be(
    free_port: int,
) -> None:
    after = execution_from_pb(a_run_request(9, stage=Stage.ANALYSIS))
    async with open_channel(f"127.0.0.1:{free_port}") as channel:
        stub: Any = StageServiceStub(channel)
        with pytest.raises(UpstreamUnavailable, match="does not answer"):
            async for _ in discover_upstream(stub, after, Stage.TRANSCRIPTION):
                pass
