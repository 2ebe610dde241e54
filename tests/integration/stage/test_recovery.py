"""What is lost is found again, what was overtaken changes nothing, what is cancelled stays so."""

import asyncio
from datetime import timedelta
from typing import Any

from potok.stage.v1 import stage_service_pb2 as pb
from potok.status.v1 import stage_pb2

from services.stage.domain import Execution, Item, Limits, Outcome
from services.stage.repository import execution_rows, item_rows
from services.stage.repository.item_rows import EndedItem
from services.status.domain import ExecutionNumber, ItemState
from tests.conftest import Database
from tests.fakes.coordinator import FakeCoordinator
from tests.fakes.stage_work import FakeStage, a_run_request, found, serving_stage, succeed
from tests.waiting import until

ROLE = "transcription_system"
NEVER = timedelta(hours=1)
CANCELLED = stage_pb2.EXECUTION_STATE_CANCELLED


def stopped_stage(*names: str, **limits: Any) -> FakeStage:
    """Return a stage whose work waits for `go_on`."""
    stage = FakeStage(items={"client:a": found(*names)}, limits=Limits(**limits))
    stage.go_on.clear()
    return stage


async def test_a_cancelled_execution_ends_its_work_and_leaves_no_item_open(
    database: Database,
) -> None:
    stage = stopped_stage("1", "2", "3", concurrency=1)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        await stage.started.wait()
        answer = await served.stub.CancelStage(pb.CancelStageRequest(execution=7))
        report = await served.coordinator.until_ended(7)
        again = await served.stub.CancelStage(pb.CancelStageRequest(execution=7))
        await until(lambda: stage.cancelled, "the work is cancelled")
    assert answer.state == again.state == report.state == CANCELLED
    assert report.progress.items.failed == 3
    assert [each.reason for each in report.progress.reasons] == [stage_pb2.REASON_CANCELLED]
    assert list(report.progress.failures) == list(answer.progress.failures) == []
    assert stage.stored == []


async def test_a_late_run_stage_of_a_cancelled_execution_starts_nothing(
    database: Database,
) -> None:
    stage = FakeStage(items={"client:a": found("1")})
    async with serving_stage(database.dsn(ROLE), stage) as served:
        first = await served.stub.CancelStage(pb.CancelStageRequest(execution=7))
        late = await served.stub.RunStage(a_run_request(7))
        await served.stub.RunStage(a_run_request(8))
        await served.coordinator.until_ended(8)
    assert first.state == late.state == CANCELLED
    assert stage.discoveries == 1


async def test_a_stale_verdict_cancels_the_execution(database: Database) -> None:
    stage = stopped_stage("1")
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        await stage.started.wait()
        served.coordinator.stale.add(7)
        report = await served.coordinator.until_ended(7)
    assert report.state == CANCELLED
    assert stage.cancelled == 1


async def test_work_on_another_replica_ends_when_its_execution_does(database: Database) -> None:
    stage, other = stopped_stage("1"), stopped_stage("1")
    async with (
        serving_stage(database.dsn(ROLE), stage) as served,
        serving_stage(database.dsn(ROLE), other) as second,
    ):
        await served.stub.RunStage(a_run_request())
        both = {asyncio.create_task(each.started.wait()) for each in (stage, other)}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        idle = second if stage.started.is_set() else served
        await idle.stub.CancelStage(pb.CancelStageRequest(execution=7))
        await until(lambda: stage.cancelled + other.cancelled, "the work is cancelled")
        for waiter in both:
            waiter.cancel()


async def test_a_write_with_an_old_fence_changes_nothing(database: Database) -> None:
    stage = stopped_stage("1", lease=NEVER)
    async with serving_stage(database.dsn(ROLE), stage, reconcile=NEVER) as served:
        await served.stub.RunStage(a_run_request())
        await stage.started.wait()
        execution = await execution_rows.get_execution(served.pool, ExecutionNumber(7))
        assert execution is not None
        frozen = await served.item("1")
        await take_back(served.pool, execution)
        (newer,) = await item_rows.claim_items(served.pool, execution, [frozen["item_id"]], NEVER)
        stage.go_on.set()  # what was frozen goes on and writes
        await until(lambda: no_jobs(served.pool), "every job has ended")
        assert stage.stored == []
        assert (await served.item("1"))["state"] == "PROCESSING"
        async with served.pool.acquire() as connection:
            ended = EndedItem(
                execution=execution, item=newer.item, state=ItemState.SUCCESS, consumed=True
            )
            assert await item_rows.end_items(connection, [ended]) == [0]


async def test_a_lease_that_is_lost_ends_the_work(database: Database) -> None:
    stage = stopped_stage("1", lease=timedelta(seconds=0.3))
    async with serving_stage(database.dsn(ROLE), stage, reconcile=NEVER) as served:
        await served.stub.RunStage(a_run_request())
        await stage.started.wait()
        await served.pool.execute("UPDATE items SET attempt = attempt + 1")
        await until(lambda: stage.cancelled, "the work is cancelled")


async def test_an_item_that_kills_its_worker_fails_and_its_batch_succeeds(
    database: Database,
) -> None:
    """A worker that dies renews no lease and writes nothing: here it just never comes back."""

    class Poisoned(FakeStage):
        async def work(self, execution: Execution, items: Any) -> Any:
            if any(item.item_id == "poison" for item in items):
                await served.pool.execute(
                    "UPDATE items SET lease_until = now() WHERE item_id = ANY ($1)",
                    [item.item_id for item in items],
                )
                await asyncio.Event().wait()
            return await super().work(execution, items)

    limits = Limits(batch=10, attempts=3, backoff=timedelta(milliseconds=50), concurrency=10)
    stage = Poisoned(items={"client:a": found("1", "2", "3", "poison")}, limits=limits)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
    assert (report.progress.items.success, report.progress.items.failed) == (3, 1)
    (failed,) = report.progress.failures
    assert (failed.item_id, failed.reason) == ("poison", stage_pb2.REASON_WORKER_DIED)
    assert sorted(stage.stored) == ["1", "2", "3"]


async def test_items_whose_job_is_lost_are_queued_again(database: Database) -> None:
    stage = stopped_stage("1", "2", "3", concurrency=1)
    async with serving_stage(database.dsn(ROLE), stage, reconcile=timedelta(seconds=0.3)) as served:
        await served.stub.RunStage(a_run_request())
        await stage.started.wait()
        await served.pool.execute("DELETE FROM pgqueuer WHERE status = 'queued'")
        stage.go_on.set()
        report = await served.coordinator.until_ended(7)
    assert report.progress.items.success == 3


async def test_a_lost_discovery_and_a_lost_finish_are_found_again(database: Database) -> None:
    stage = FakeStage(items={"client:a": found("1")})
    async with database.pool(ROLE) as pool:
        await pool.execute(
            """
            INSERT INTO executions
                   (execution, stage, run_id, owner, mode, start_date, end_date, settings, state)
            VALUES (7, 'TRANSCRIPTION', '3b241101-e2bb-4255-8caf-4136c566a962', 'client:a',
                    'PENDING', '2026-05-04', '2026-05-04', $1, 'DISPATCHED'),
                   (8, 'TRANSCRIPTION', '3b241101-e2bb-4255-8caf-4136c566a962', 'client:b',
                    'PENDING', '2026-05-04', '2026-05-04', $1, 'RUNNING')
            """,
            '{"time_zone": "UTC", "source": "s", "playbook": "p", "language": "ru",'
            ' "min_success_ratio": 0, "weight": 1}',
        )
        await pool.execute("UPDATE executions SET discovered = true WHERE execution = 8")
    async with serving_stage(database.dsn(ROLE), stage) as served:
        found_again = await served.coordinator.until_ended(7)
        finished = await served.coordinator.until_ended(8)
    assert found_again.progress.items.success == 1
    assert finished.state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    assert stage.discoveries == 1
    assert sorted(stage.finished) == [7, 8]


async def test_a_stop_gives_items_back_and_no_attempt_is_lost(database: Database) -> None:
    stage = stopped_stage("1", attempts=1)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        await stage.started.wait()
    async with database.pool(ROLE) as pool:
        item = await pool.fetchrow("SELECT * FROM items")
    assert item
    assert (item["state"], item["attempt"], item["spared"]) == ("PENDING", 1, 1)
    stage.go_on.set()
    async with serving_stage(database.dsn(ROLE), stage) as served:
        report = await served.coordinator.until_ended(7)
    assert report.state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    assert stage.worked == ["client:a/1", "client:a/1"]


async def test_an_end_that_was_not_acknowledged_is_reported_after_a_restart(
    database: Database,
) -> None:
    stage = FakeStage(items={"client:a": found("1")})
    deaf, hearing = FakeCoordinator(), FakeCoordinator()
    deaf.acks = False
    async with serving_stage(database.dsn(ROLE), stage, coordinator=deaf) as served:
        await served.stub.RunStage(a_run_request())
        await deaf.until_ended(7)
    async with serving_stage(database.dsn(ROLE), stage, coordinator=hearing) as served:
        report = await hearing.until_ended(7)
        await until(
            lambda: served.pool.fetchval("SELECT acked_at FROM executions"),
            "the end is acknowledged",
        )
    assert [day.success for day in report.days] == [1]
    third = FakeCoordinator()
    async with serving_stage(database.dsn(ROLE), stage, coordinator=third) as served:
        await served.stub.RunStage(a_run_request(8))
        await third.until_ended(8)
    assert third.of(7) == []


async def test_an_end_that_nobody_noticed_is_reported(database: Database) -> None:
    stage = stopped_stage("1")
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        await stage.started.wait()
        await served.coordinator.until(lambda: served.coordinator.heartbeats.count(7) >= 2)
        await served.pool.execute("UPDATE executions SET state = 'FAILED', ended_at = now()")
        report = await served.coordinator.until_ended(7)
        await until(
            lambda: served.pool.fetchval("SELECT acked_at FROM executions"),
            "the end is acknowledged",
        )
    assert report.state == stage_pb2.EXECUTION_STATE_FAILED


async def test_a_silent_coordinator_is_called_again(database: Database) -> None:
    stage = FakeStage(items={"client:a": found("1")})
    coordinator = FakeCoordinator()
    coordinator.acks = False
    async with serving_stage(
        database.dsn(ROLE),
        stage,
        coordinator=coordinator,
        report_timeout=timedelta(seconds=0.3),
    ) as served:
        await served.stub.RunStage(a_run_request())
        await coordinator.until(lambda: coordinator.streams >= 3)
        coordinator.acks = True
        await until(
            lambda: served.pool.fetchval("SELECT acked_at FROM executions"),
            "the end is acknowledged",
        )
        last = len(coordinator.reports)
        await served.stub.RunStage(a_run_request(8))
        await coordinator.until_ended(8)
    told = [report.execution for report in coordinator.reports[last:]]
    assert set(told[told.index(8) :]) == {8}


async def test_a_quiet_execution_is_kept_alive_by_heartbeats(database: Database) -> None:
    stage = stopped_stage("1")
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        await stage.started.wait()
        await served.coordinator.until(lambda: served.coordinator.heartbeats.count(7) >= 3)
        stage.go_on.set()
        await served.coordinator.until_ended(7)


async def test_an_older_execution_never_takes_an_item_back(database: Database) -> None:
    stage = stopped_stage("1", concurrency=1)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request(8))
        await stage.started.wait()
        await served.stub.RunStage(a_run_request(7))
        older = await served.coordinator.until_ended(7)
        stage.go_on.set()
        newer = await served.coordinator.until_ended(8)
    assert older.progress.items.success == 0
    assert newer.progress.items.success == 1


async def test_a_newer_execution_takes_items_over_while_the_older_works_on_them(
    database: Database,
) -> None:
    stage = stopped_stage("1", concurrency=2)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request(7))
        await stage.started.wait()
        await served.stub.RunStage(a_run_request(8))
        await until(lambda: len(stage.jobs) == 2, "both executions have begun a job")
        stage.go_on.set()
        report = await served.coordinator.until_ended(8)
        assert (await served.item("1"))["output"] == 8
    assert report.progress.items.success == 1
    assert stage.stored == ["1"]


async def take_back(pool: Any, execution: Execution) -> None:
    """Do what the reconciler does when a worker's lease is over."""
    await pool.execute("UPDATE items SET lease_until = now() - interval '1 second'")
    async with pool.acquire() as connection, connection.transaction():
        ids = [row["item_id"] for row in await pool.fetch("SELECT item_id FROM items")]
        limits = Limits(backoff=timedelta(0))
        assert len(await item_rows.take_back_items(connection, execution, ids, limits)) == 1


async def no_jobs(pool: Any) -> bool:
    """Whether every job has ended."""
    return not await pool.fetchval("SELECT count(*) FROM pgqueuer")


async def test_a_flood_of_one_client_does_not_hold_another_up(database: Database) -> None:
    order: list[str] = []

    def outcome(item: Item) -> Outcome:
        order.append(item.item_id)
        return succeed(item)

    flood = [f"flood-{n:04}" for n in range(1000)]
    few = [f"few-{n}" for n in range(10)]
    stage = FakeStage(
        items={"client:a": found(*flood), "client:b": found(*few)},
        outcome=outcome,
        limits=Limits(concurrency=2),
    )
    stage.go_on.clear()
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request(7))
        await until(lambda: all_listed(served.pool, 1000), "the flood is listed")
        await served.stub.RunStage(a_run_request(8, owner="client:b"))
        await until(lambda: all_listed(served.pool, 1010), "the other client is listed too")
        stage.go_on.set()
        await served.coordinator.until_ended(8)
        await served.stub.CancelStage(pb.CancelStageRequest(execution=7))
    last = max(order.index(name) for name in few)
    assert last < 40


async def all_listed(pool: Any, count: int) -> bool:
    """Whether discovery has stored so many items."""
    return bool(await pool.fetchval("SELECT count(*) FROM items") == count)
