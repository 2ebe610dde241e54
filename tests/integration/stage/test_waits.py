"""A discovery or a finish that has to wait for its source: said, survived, gone on with; on a real Postgres."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from potok.stage.v1 import stage_service_pb2 as pb
from potok.status.v1 import stage_pb2

from services.kernel.clock import utc_now
from services.stage.domain import DiscoveryWaits, Execution, Found, Limits
from services.status.domain import Stage, WaitReason
from tests.conftest import Database
from tests.fakes.coordinator import FakeCoordinator
from tests.fakes.stage_chain import chain
from tests.fakes.stage_work import FakeStage, Served, a_run_request, found, serving_stage
from tests.waiting import until

ROLE = "transcription_system"
QUARTER = timedelta(minutes=15)
ONE_TRY = Limits(attempts=1, backoff=timedelta(milliseconds=10))


@dataclass(kw_only=True, eq=False)
class Waiting(FakeStage):
    """Asks to come back later, as long as there is a `pause`, after the first page; lists while `listing` is set."""

    pause: timedelta | None = QUARTER
    listing: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        FakeStage.__post_init__(self)
        self.listing.set()

    async def discover(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        await self.listing.wait()
        async for page in super().discover(execution):
            yield page
            await self.go_on.wait()
            self.wait()
        self.wait()

    def wait(self) -> None:
        if self.pause is not None:
            raise DiscoveryWaits(
                WaitReason.ACCOUNT_PAUSED, utc_now() + self.pause, "paused until 12:15 UTC"
            )


class WaitingToFinish(Waiting):
    """Discovers at once; its finish asks to come back later."""

    def discover(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        return FakeStage.discover(self, execution)

    async def finish(self, execution: Execution) -> None:
        self.wait()
        await super().finish(execution)


def stated(coordinator: FakeCoordinator) -> bool:
    """Tell whether the last report says what is waited for."""
    reports = coordinator.of(7)
    wait = reports[-1].progress.wait if reports else None
    return wait is not None and wait.reason == stage_pb2.WAIT_REASON_ACCOUNT_PAUSED


def stated_without_end(coordinator: FakeCoordinator) -> bool:
    return stated(coordinator) and not coordinator.of(7)[-1].progress.wait.HasField("until_time")


async def begin(served: Served) -> None:
    """Run the stage until it says that it waits."""
    await served.stub.RunStage(a_run_request(7))
    await served.coordinator.until(lambda: stated(served.coordinator))


async def time_comes(pool: Any) -> None:
    """Let the end of the wait be now."""
    await pool.execute("UPDATE executions SET run_after = now() WHERE run_after IS NOT NULL")


async def no_jobs(pool: Any) -> bool:
    return not await pool.fetchval("SELECT count(*) FROM pgqueuer")


async def test_a_discovery_says_what_it_waits_for_and_goes_on_after_it(database: Database) -> None:
    stage = Waiting(limits=ONE_TRY)
    before = utc_now()
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await begin(served)
        report = served.coordinator.of(7)[-1]
        assert report.state == stage_pb2.EXECUTION_STATE_RUNNING
        assert not report.progress.discovered
        until_at = report.progress.wait.until_time.ToDatetime(before.tzinfo)
        assert before + QUARTER <= until_at <= utc_now() + QUARTER
        await until(lambda: no_jobs(served.pool), "every job has ended")

        stage.pause, stage.items = None, {"client:a": found("1")}
        await time_comes(served.pool)
        ended = await served.coordinator.until_ended(7)
    assert ended.state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    assert ended.progress.items.success == 1
    assert not ended.progress.HasField("wait")
    assert stage.discoveries == 2


async def test_what_was_found_before_the_wait_is_worked_on_and_found_once(
    database: Database,
) -> None:
    stage = Waiting(items={"client:a": found("1", "2")}, page_size=1, limits=ONE_TRY)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await begin(served)
        await stage.until_stored(1)
        stage.pause = None
        await time_comes(served.pool)
        ended = await served.coordinator.until_ended(7)
    assert ended.progress.items.success == 2
    assert sorted(stage.stored) == ["1", "2"]


async def test_nobody_asks_before_the_time_whatever_becomes_of_jobs_and_processes(
    database: Database,
) -> None:
    first, second = Waiting(), FakeStage(items={"client:a": found("1")})
    async with serving_stage(database.dsn(ROLE), first) as served:
        await begin(served)
    coordinator = FakeCoordinator()
    async with serving_stage(database.dsn(ROLE), second, coordinator=coordinator) as served:
        await coordinator.until(lambda: stated(coordinator))
        await served.pool.execute(
            """
            INSERT INTO pgqueuer (priority, status, entrypoint, payload)
            VALUES (0, 'queued', 'transcription.discover', '{"execution": 7, "items": []}')
            """
        )
        await until(lambda: no_jobs(served.pool), "every job has ended")
        assert second.discoveries == 0

        await time_comes(served.pool)
        await coordinator.until_ended(7)
    assert (first.discoveries, second.discoveries) == (1, 1)


async def test_waits_use_up_no_try(database: Database) -> None:
    stage = Waiting(limits=ONE_TRY)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await begin(served)
        for times in (2, 3, 4):
            await time_comes(served.pool)
            await until(
                partial(begun_again, stage, served.pool, times), f"it waits for time {times}"
            )
        stage.pause = None
        await time_comes(served.pool)
        ended = await served.coordinator.until_ended(7)
    assert ended.state == stage_pb2.EXECUTION_STATE_SUCCEEDED


async def begun_again(stage: FakeStage, pool: Any, times: int) -> bool:
    """Tell whether discovery was begun so often, and waits again."""
    waits = await pool.fetchval("SELECT run_after > now() FROM executions")
    return stage.discoveries >= times and bool(waits)


async def test_a_wait_is_stated_until_something_is_found(database: Database) -> None:
    stage = Waiting(limits=ONE_TRY)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await begin(served)
        stage.listing.clear()
        await time_comes(served.pool)
        await served.coordinator.until(lambda: stated_without_end(served.coordinator))
        assert stage.discoveries == 1
        stage.listing.set()
        await until(partial(begun_again, stage, served.pool, 2), "it waits again")
        await served.coordinator.until(lambda: not stated_without_end(served.coordinator))
        assert stated(served.coordinator)

        stage.pause, stage.items = None, {"client:a": found("1")}
        stage.go_on.clear()
        await time_comes(served.pool)
        await served.coordinator.until(lambda: not stated(served.coordinator))
        stage.go_on.set()
        await served.coordinator.until_ended(7)


async def test_a_cancel_ends_the_wait_at_once(database: Database) -> None:
    stage = Waiting()
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await begin(served)
        await served.stub.CancelStage(pb.CancelStageRequest(execution=7))
        ended = await served.coordinator.until_ended(7)
        row = await served.pool.fetchrow("SELECT * FROM executions")
    assert ended.state == stage_pb2.EXECUTION_STATE_CANCELLED
    assert not ended.progress.HasField("wait")
    assert (row["wait_reason"], row["run_after"]) == (None, None)


async def test_a_finish_waits_likewise(database: Database) -> None:
    stage = WaitingToFinish(items={"client:a": found("1")}, limits=ONE_TRY)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await begin(served)
        report = served.coordinator.of(7)[-1]
        assert report.progress.discovered
        stage.pause = None
        await time_comes(served.pool)
        ended = await served.coordinator.until_ended(7)
    assert ended.state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    assert stage.finished == [7]


async def test_no_single_wait_is_longer_than_a_day(database: Database) -> None:
    stage = Waiting(pause=timedelta(days=30))
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await begin(served)
        row = await served.pool.fetchrow(
            "SELECT run_after <= now() + interval '1 day' AS bounded FROM executions"
        )
    assert row["bounded"]


async def test_the_coordinator_bears_with_a_stated_wait_and_ends_it_at_its_limit(
    database: Database, free_port: int
) -> None:
    paused = Waiting(stage=Stage.CALL_SYNC)
    async with (
        chain(database, free_port, *found("1")) as stages,
        database.pool("coordinator_system") as coordinator,
    ):
        stages.stages[Stage.CALL_SYNC].discover = paused.discover  # type: ignore[method-assign]
        run = asyncio.create_task(stages.run(Stage.CALL_SYNC))
        for times in (1, 2, 3):
            await until(
                partial(begun_again, paused, stages.pool, times), f"it waits for time {times}"
            )
            await until(
                partial(coordinator.fetchval, "SELECT bool_and(waiting) FROM executions"),
                "the coordinator knows of the wait",
            )
            await stood_still(coordinator, timedelta(hours=23))
            await time_comes(stages.pool)
        await until(partial(begun_again, paused, stages.pool, 4), "it waits for time 4")
        assert not run.done()

        async def ended() -> bool:
            await stood_still(coordinator, timedelta(hours=25))  # a report may undo it
            return run.done()

        await until(ended, "the run has ended")
        reason = await coordinator.fetchval("SELECT reason FROM executions WHERE state = 'FAILED'")
    assert reason == "WAIT_LIMIT"


async def stood_still(coordinator: Any, since: timedelta) -> None:
    """Let the coordinator have seen no progress for so long."""
    await coordinator.execute("UPDATE executions SET progressed_at = now() - $1::interval", since)
