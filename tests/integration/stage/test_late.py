"""What is not there yet: tried again for a while, then skipped, then looked at again for a day; on a real Postgres."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from asyncpg import exceptions
from potok.status.v1 import stage_pb2
from structlog.testing import capture_logs

from services.stage.domain import Execution, Failure, Item, Later, Limits, Outcome, Skip
from services.stage.mapping import execution_from_pb
from services.stage.repository import execution_rows, item_rows
from services.stage.repository.report_rows import read_progress
from services.status.domain import Reason, RunMode, Wait, WaitReason
from tests.conftest import Database
from tests.fakes.coordinator import FakeCoordinator
from tests.fakes.stage_work import FakeStage, Served, a_run_request, found, serving_stage, succeed
from tests.waiting import until

ROLE = "transcription_system"
SOON = timedelta(milliseconds=10)
NEVER = timedelta(hours=1)
ONE_TRY = Limits(attempts=1, backoff=SOON)


def later(*delays: timedelta) -> Callable[[Item], Outcome]:
    """Say of every item that it is not there yet."""
    return lambda item: Later(
        item_id=item.item_id,
        reason=Reason.NO_RECORDING_YET,
        message="not ready",
        delays=delays,
        wait=Wait(reason=WaitReason.RECORDING),
    )


def failure(reason: Reason) -> Callable[[Item], Outcome]:
    """Say of every item that it failed."""
    return lambda item: Failure(item_id=item.item_id, reason=reason, message="broken")


async def test_what_is_not_there_yet_is_tried_after_each_delay_and_then_skipped(
    database: Database,
) -> None:
    stage = FakeStage(
        items={"client:a": found("1")}, outcome=later(SOON, SOON, SOON), limits=ONE_TRY
    )
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
        row = await served.item("1")
    assert len(stage.worked) == 4
    assert report.state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    assert [(each.reason, each.count) for each in report.progress.reasons] == [
        (stage_pb2.REASON_NO_RECORDING_YET, 1)
    ]
    assert (row["state"], row["message"], row["output"]) == ("SKIPPED", "not ready", 0)
    assert stage.discarded == ["1"]


async def test_coming_too_early_uses_up_no_attempt(database: Database) -> None:
    too_early = later(SOON, SOON)
    outcomes = iter([too_early, failure(Reason.TIMEOUT), too_early, succeed])

    def outcome(item: Item) -> Outcome:
        return next(outcomes)(item)

    stage = FakeStage(
        items={"client:a": found("1")},
        outcome=outcome,
        limits=Limits(attempts=2, backoff=SOON),
    )
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
    assert report.progress.items.success == 1


async def test_the_wait_for_a_recording_is_stated_and_a_retry_of_the_run_begins_the_delays_anew(
    database: Database,
) -> None:
    stage = FakeStage(items={"client:a": found("1")}, outcome=later(NEVER))
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request(7))
        await served.coordinator.until(
            lambda: any(
                report.progress.wait.reason == stage_pb2.WAIT_REASON_RECORDING
                for report in served.coordinator.of(7)
            )
        )
        assert (await served.item("1"))["postponed"] == 1
        await served.stub.RunStage(a_run_request(8))
        await until(lambda: postponed_in(served, 8), "the retry postpones the item too")
        assert (await served.item("1"))["postponed"] == 1


async def test_a_skipped_call_that_is_looked_at_again_is_nothing_that_its_execution_waits_for(
    database: Database,
) -> None:
    execution = execution_from_pb(a_run_request())
    async with database.pool(ROLE) as pool, pool.acquire() as connection, connection.transaction():
        await execution_rows.insert_execution(connection, execution)
        await execution_rows.begin_step(connection, execution.number)
        await item_rows.take_items(connection, execution, found("1", "2"), [1, 2])
        await connection.execute(
            "UPDATE items SET state = 'SKIPPED', reason = 'NO_RECORDING_YET', "
            "run_after = now() + interval '1 hour' WHERE item_id = '1'"
        )
        (progress,) = await read_progress(connection, {execution.number: ()})
    assert progress.wait == Wait(reason=WaitReason.QUEUE)


async def postponed_in(served: Served, execution: int) -> bool:
    row = await served.item("1")
    return row["execution"] == execution and row["run_after"] is not None


class Late:
    """A call whose recording was not there within its run, and the service that looks for it."""

    def __init__(self, stage: FakeStage, served: Served) -> None:
        self.stage, self.served = stage, served

    async def begin(self) -> None:
        """Run the stage to its end."""
        await self.served.stub.RunStage(a_run_request(7))
        await self.served.coordinator.until_ended(7)
        await until(self.acknowledged, "the end is acknowledged")

    async def acknowledged(self) -> Any:
        return await self.served.pool.fetchval(
            "SELECT acked_at FROM executions WHERE execution = 7"
        )

    async def is_due(self, *, age: timedelta = timedelta(0)) -> None:
        """Let the time of the next look come, so long after the call was found."""
        await self.served.pool.execute(
            "UPDATE items SET run_after = now(), created_at = now() - $1::interval", age
        )

    async def becomes(self, state: str, reason: Reason | None) -> None:
        async def holds() -> bool:
            row = await self.served.item("1")
            return (row["state"], row["reason"]) == (state, reason and reason.value)

        await until(holds, f"the item is {state} because of {reason}")

    async def looked(self, times: int) -> None:
        """Wait until the item was worked on so often, and what came of it is written."""
        await until(lambda: len(self.stage.worked) >= times, f"the item is looked at {times} times")


def late(database: Database) -> tuple[FakeStage, Any]:
    stage = FakeStage(items={"client:a": found("1")}, outcome=later())
    return stage, serving_stage(database.dsn(ROLE), stage)


async def test_a_recording_that_comes_late_becomes_a_success_of_its_ended_execution(
    database: Database,
) -> None:
    stage, serving = late(database)
    async with serving as served:
        call = Late(stage, served)
        await call.begin()
        assert (await served.item("1"))["run_after"] is not None
        stage.outcome = succeed
        await call.is_due()
        await call.becomes("SUCCESS", None)
        await served.coordinator.until(lambda: served.coordinator.of(7)[-1].days[0].success)
        row, report = await served.item("1"), served.coordinator.of(7)[-1]
        await until(call.acknowledged, "the end is acknowledged again")
    assert (row["execution"], row["output"], row["run_after"]) == (7, 7, None)
    assert stage.stored == ["1"]
    assert report.state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    assert [(day.available, day.output, day.skipped) for day in report.days] == [(1, 7, 0)]


async def test_a_late_recording_that_nobody_acknowledged_is_reported_after_a_restart(
    database: Database,
) -> None:
    stage, serving = late(database)
    async with serving as served:
        call = Late(stage, served)
        await call.begin()
        served.coordinator.acks = False
        stage.outcome = succeed
        await call.is_due()
        await call.becomes("SUCCESS", None)
    coordinator = FakeCoordinator()
    async with serving_stage(database.dsn(ROLE), stage, coordinator=coordinator):
        await coordinator.until(lambda: any(r.days[0].success for r in coordinator.of(7)))


async def test_one_that_does_not_come_is_looked_for_again_and_given_up_after_a_day(
    database: Database,
) -> None:
    stage, serving = late(database)
    async with serving as served:
        call = Late(stage, served)
        await call.begin()
        await call.is_due()
        await call.looked(2)
        row = await served.item("1")
        assert (row["state"], row["reason"]) == ("SKIPPED", "NO_RECORDING_YET")
        await call.is_due(age=timedelta(hours=25))
        await call.becomes("SKIPPED", Reason.NO_RECORDING)
        assert (await served.item("1"))["run_after"] is None
    assert len(stage.worked) == 3


async def test_a_look_that_always_errs_ends_after_a_day_too(database: Database) -> None:
    def err(item: Item) -> Outcome:  # noqa: ARG001
        raise ConnectionResetError

    stage, serving = late(database)
    async with serving as served:
        call = Late(stage, served)
        await call.begin()
        stage.outcome = err
        await call.is_due(age=timedelta(hours=25))
        await call.becomes("SKIPPED", Reason.NO_RECORDING)


async def test_a_look_that_met_no_database_gives_nothing_up(database: Database) -> None:
    def away(item: Item) -> Outcome:  # noqa: ARG001
        raise exceptions.ConnectionDoesNotExistError("connection was closed")

    stage, serving = late(database)
    async with serving as served:
        call = Late(stage, served)
        await call.begin()
        stage.outcome = away
        with capture_logs() as logs:
            await call.is_due(age=timedelta(hours=25))
            await call.looked(2)
            stage.outcome = succeed
            await call.is_due(age=timedelta(hours=25))
            await call.becomes("SUCCESS", None)
    assert [line for line in logs if line["log_level"] == "error"] == []


async def test_what_comes_late_and_is_no_recording_fails_and_a_pending_source_is_asked_again(
    database: Database,
) -> None:
    stage, serving = late(database)
    async with serving as served:
        call = Late(stage, served)
        await call.begin()
        stage.outcome = failure(Reason.TIMEOUT)
        await call.is_due()
        await call.looked(2)
        stage.outcome = failure(Reason.NOT_AUDIO)
        await call.is_due()
        await call.becomes("FAILED", Reason.NOT_AUDIO)
        await served.coordinator.until(lambda: served.coordinator.of(7)[-1].days[0].failed)
    assert served.coordinator.of(7)[-1].state == stage_pb2.EXECUTION_STATE_PARTIAL


async def test_a_source_that_says_there_will_be_none_ends_the_wait(database: Database) -> None:
    stage, serving = late(database)
    async with serving as served:
        call = Late(stage, served)
        await call.begin()
        stage.outcome = lambda item: Skip(
            item_id=item.item_id, reason=Reason.TOO_SHORT, message="two seconds"
        )
        await call.is_due()
        await call.becomes("SKIPPED", Reason.TOO_SHORT)


class Looking(FakeStage):
    """Holds every second try of an item, which is the look after its run, until `go_on`; runs go on at once."""

    async def work(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        if items[0].attempt > 1:
            return await super().work(execution, items)
        return [self.outcome(item) for item in items]


async def test_a_run_that_takes_the_call_meanwhile_wins(database: Database) -> None:
    stage = Looking(items={"client:a": found("1")}, outcome=later())
    async with serving_stage(database.dsn(ROLE), stage) as served:
        call = Late(stage, served)
        await call.begin()
        stage.go_on.clear()
        await call.is_due()
        await call.looked(1)
        stage.outcome = failure(Reason.BAD_AUDIO)
        await served.stub.RunStage(a_run_request(8))
        await served.coordinator.until_ended(8)
        stage.outcome = succeed
        again = len(served.coordinator.of(7))
        stage.go_on.set()
        await served.coordinator.until(lambda: len(served.coordinator.of(7)) > again)
        row = await served.item("1")
    assert (row["execution"], row["state"], row["output"]) == (8, "FAILED", 0)
    assert stage.stored == []


async def test_a_call_that_was_removed_meanwhile_is_left_alone(database: Database) -> None:
    stage, serving = late(database)
    async with serving as served:
        call = Late(stage, served)
        await call.begin()
        stage.outcome = succeed
        stage.go_on.clear()
        await call.is_due()
        await call.looked(2)
        stage.items["client:a"] = []
        await served.stub.RunStage(a_run_request(8))
        await served.coordinator.until_ended(8)
        stage.go_on.set()
        stage.items["client:a"] = found("2")
        await served.stub.RunStage(a_run_request(9, mode=RunMode.ALL))
        await served.coordinator.until_ended(9)
        assert await served.item("1") is None
    assert stage.stored == ["2"]


async def test_replicas_share_the_calls_and_look_at_each_once(database: Database) -> None:
    names = [f"{n:02}" for n in range(20)]
    first = FakeStage(items={"client:a": found(*names)}, outcome=later())
    second = FakeStage()
    async with (
        serving_stage(database.dsn(ROLE), first) as served,
        serving_stage(database.dsn(ROLE), second, coordinator=served.coordinator),
    ):
        second.items, second.outcome = first.items, later()
        await served.stub.RunStage(a_run_request(7))
        await served.coordinator.until_ended(7)
        first.worked.clear()
        second.worked.clear()
        first.outcome = second.outcome = succeed
        await served.pool.execute("UPDATE items SET run_after = now()")
        await served.coordinator.until(
            lambda: served.coordinator.of(7)[-1].days[0].success == len(names)
        )
    assert sorted(first.worked + second.worked) == [f"client:a/{name}" for name in names]


async def test_executions_that_nothing_refers_to_are_deleted_after_their_time(
    database: Database,
) -> None:
    stage = FakeStage(items={"client:a": found("1")})
    async with serving_stage(database.dsn(ROLE), stage, clean_up=timedelta(seconds=0.05)) as served:
        for number in (7, 8, 9):
            await served.stub.RunStage(a_run_request(number, mode=RunMode.ALL))
            await served.coordinator.until_ended(number)
        await until(lambda: all_acknowledged(served), "every end is acknowledged")
        await served.pool.execute(
            "UPDATE executions SET ended_at = now() - interval '31 days' WHERE execution <> 8"
        )
        await until(lambda: executions_are(served, [8, 9]), "the first execution is deleted")


async def all_acknowledged(served: Served) -> bool:
    return not await served.pool.fetchval("SELECT count(*) FROM executions WHERE acked_at IS NULL")


async def executions_are(served: Served, numbers: list[int]) -> bool:
    rows = await served.pool.fetch("SELECT execution FROM executions ORDER BY execution")
    return [row["execution"] for row in rows] == numbers
