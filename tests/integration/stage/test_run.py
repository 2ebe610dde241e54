"""Executions from RunStage to the acknowledged end, on a real Postgres with the real queue."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import grpc
import pytest
from asyncpg import exceptions
from potok.coordinator.v1 import report_pb2
from potok.stage.v1 import stage_service_pb2 as pb
from potok.status.v1 import stage_pb2

from services.stage.domain import (
    DiscoveryFailed,
    Execution,
    Failure,
    Item,
    Limits,
    Outcome,
    Skip,
)
from services.status.domain import Reason, RunMode, Stage, Wait, WaitReason
from services.status.mapping import STAGE_TO_PB
from tests.conftest import Database
from tests.fakes.stage_work import (
    DAY,
    FakeStage,
    a_run_request,
    found,
    serving_stage,
    succeed,
)
from tests.waiting import until

ROLE = "transcription_system"
QUICK = Limits(attempts=3, backoff=timedelta(milliseconds=10), lease=timedelta(seconds=5))


def outcomes(**by_item: Outcome) -> Callable[[Item], Outcome]:
    """Give the named items (`_1` for `1`) their outcomes, all others success."""
    return lambda item: by_item.get(f"_{item.item_id}", succeed(item))


def failure(item: str, reason: Reason, **more: Any) -> Failure:
    return Failure(item_id=item, reason=reason, message="broken", **more)  # type: ignore[arg-type]


def counts(report: report_pb2.Report) -> dict[str, int]:
    items = report.progress.items
    return {field.name: value for field, value in items.ListFields()}


async def test_an_execution_succeeds_and_tells_every_day(database: Database) -> None:
    stage = FakeStage(items={"client:a": found("1", "2") + found("3", day=DAY + timedelta(1))})
    async with serving_stage(database.dsn(ROLE), stage) as served:
        answer = await served.stub.RunStage(a_run_request(days=3))
        report = await served.coordinator.until_ended(7)
    assert answer.state == stage_pb2.EXECUTION_STATE_DISPATCHED
    assert report.state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    assert report.progress.discovered
    assert counts(report) == {"success": 3}
    assert [(day.success, day.available, day.output) for day in report.days] == [
        (2, 2, 7),
        (1, 1, 7),
        (0, 0, 0),
    ]
    assert sorted(stage.stored) == ["1", "2", "3"]
    assert stage.finished == [7]


async def test_an_execution_without_items_succeeds(database: Database) -> None:
    stage = FakeStage()
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
    assert report.state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    assert stage.finished == [7]
    assert [day.day for day in report.days] == [DAY.isoformat()]


async def test_an_execution_with_a_failed_item_is_partial_and_says_why(database: Database) -> None:
    stage = FakeStage(
        items={"client:a": found("1", "2", "3")},
        outcome=outcomes(
            _1=failure("1", Reason.BAD_AUDIO),
            _2=Skip(item_id=found("2")[0].item_id, reason=Reason.NO_SPEECH, message="silence"),
        ),
    )
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
    assert report.state == stage_pb2.EXECUTION_STATE_PARTIAL
    assert counts(report) == {"success": 1, "failed": 1, "skipped": 1}
    assert {(each.reason, each.count) for each in report.progress.reasons} == {
        (stage_pb2.REASON_BAD_AUDIO, 1),
        (stage_pb2.REASON_NO_SPEECH, 1),
    }
    (failed,) = report.progress.failures
    assert (failed.item_id, failed.message) == ("1", "broken")


async def test_the_counts_of_every_report_add_up(database: Database) -> None:
    names = [f"{n:03}" for n in range(300)]
    again: Counter[str] = Counter()

    def outcome(item: Item) -> Outcome:
        again[item.item_id] += 1
        match int(item.item_id) % 4:
            case 0:
                return failure(item.item_id, Reason.TOO_LARGE)
            case 1:
                return Skip(item_id=item.item_id, reason=Reason.TOO_SHORT, message="short")
            case 2 if again[item.item_id] < 2:
                return failure(item.item_id, Reason.TIMEOUT)
            case _:
                return succeed(item)

    limits = Limits(batch=7, concurrency=3, backoff=timedelta(milliseconds=10))
    stage = FakeStage(
        items={"client:a": found(*names)}, outcome=outcome, page_size=90, limits=limits
    )
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        last = await served.coordinator.until_ended(7)
    assert counts(last) == {"success": 150, "failed": 75, "skipped": 75}
    versions = []
    for report in served.coordinator.of(7):
        for day in report.days:
            total = day.pending + day.processing + day.success + day.failed + day.skipped
            assert total <= 300
            assert not report.progress.discovered or total == 300
            versions.append(day.version)
        assert not report.progress.discovered or sum(counts(report).values()) == 300
        ended = report.progress.items.failed + report.progress.items.skipped
        assert sum(each.count for each in report.progress.reasons) == ended
    assert versions == sorted(set(versions))


async def test_a_retryable_failure_is_tried_again_until_its_attempts_are_used_up(
    database: Database,
) -> None:
    stage = FakeStage(
        items={"client:a": found("1", "2")},
        outcome=outcomes(_1=failure("1", Reason.UPSTREAM_UNAVAILABLE)),
        limits=QUICK,
    )
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
        item = await served.item("1")
    assert counts(report) == {"success": 1, "failed": 1}
    assert stage.worked.count("client:a/1") == 3
    assert (item["attempt"], item["reason"]) == (3, "UPSTREAM_UNAVAILABLE")


async def test_a_stated_wait_is_reported_until_it_is_over(database: Database) -> None:
    tried: list[str] = []

    def outcome(item: Item) -> Outcome:
        tried.append(item.item_id)
        if len(tried) > 1:
            return succeed(item)
        wait = Wait(reason=WaitReason.RATE_LIMIT)
        pause = timedelta(seconds=0.4)
        return failure("1", Reason.UPSTREAM_UNAVAILABLE, retry_after=pause, wait=wait)

    stage = FakeStage(items={"client:a": found("1")}, outcome=outcome, limits=QUICK)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
        waits = [each.progress.wait for each in served.coordinator.of(7)]
    limited = [wait for wait in waits if wait.reason == stage_pb2.WAIT_REASON_RATE_LIMIT]
    assert limited
    assert limited[0].until_time.seconds
    assert not report.progress.HasField("wait")


async def test_lengths_and_items_at_work_are_reported(database: Database) -> None:
    lengths: dict[str, float | None] = {"1": 30.0, "2": None, "3": 90.0}
    items = [replace(item, duration_seconds=lengths[item.item_id]) for item in found(*lengths)]
    stage = FakeStage(items={"client:a": items}, limits=Limits(concurrency=1))
    stage.go_on.clear()
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        await stage.started.wait()
        await until(
            lambda: any(r.progress.at_work for r in served.coordinator.of(7)), "one is at work"
        )
        [held] = next(r for r in served.coordinator.of(7) if r.progress.at_work).progress.at_work
        during = next(r for r in served.coordinator.of(7) if r.progress.at_work).progress
        row = await served.item(held.item_id)
        stage.go_on.set()
        report = await served.coordinator.until_ended(7)
    assert held.begin_time.ToDatetime(UTC) == row["updated_at"]
    assert (held.duration_seconds or None) == lengths[held.item_id]
    assert sum(value for _, value in during.lengths.ListFields()) == pytest.approx(180.0)
    assert during.lengths.processing_seconds == (lengths[held.item_id] or 60.0)
    assert report.progress.lengths.ended_seconds == pytest.approx(180.0)
    assert not report.progress.at_work


async def test_no_length_is_reported_where_none_is_known(database: Database) -> None:
    stage = FakeStage(items={"client:a": found("1", "2")})
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
    assert not report.progress.HasField("lengths")


async def test_work_that_raises_fails_its_items_without_the_text_of_the_error(
    database: Database,
) -> None:
    def outcome(_item: Item) -> Outcome:
        raise RuntimeError("secret")

    limits = Limits(attempts=2, backoff=timedelta(milliseconds=10))
    stage = FakeStage(items={"client:a": found("1")}, outcome=outcome, limits=limits)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
    (failed,) = report.progress.failures
    assert failed.reason == stage_pb2.REASON_INTERNAL
    assert "secret" not in failed.message


async def test_work_that_forgets_an_item_fails_that_one_alone(database: Database) -> None:
    class Forgetful(FakeStage):
        async def work(self, execution: Execution, items: Any) -> Any:
            return [each for each in await super().work(execution, items) if each.item_id != "1"]

    limits = Limits(batch=3, attempts=1)
    stage = Forgetful(items={"client:a": found("1", "2", "3")}, limits=limits)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
    assert counts(report) == {"success": 2, "failed": 1}
    assert report.progress.failures[0].item_id == "1"


async def test_work_that_takes_too_long_is_cancelled_and_times_out(database: Database) -> None:
    limits = Limits(attempts=1, job_timeout=timedelta(seconds=0.1))
    stage = FakeStage(items={"client:a": found("1")}, limits=limits)
    stage.go_on.clear()
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
    assert stage.cancelled == 1
    assert report.progress.failures[0].reason == stage_pb2.REASON_TIMEOUT


async def test_a_result_that_cannot_be_stored_does_not_hold_its_batch_up(
    database: Database,
) -> None:
    class Choking(FakeStage):
        async def store(self, transaction: Any, execution: Any, successes: Any) -> None:
            for success in successes:
                await transaction.execute("SELECT 1 / $1::int", int(success.item_id))
            await super().store(transaction, execution, successes)

    limits = Limits(batch=10, attempts=2, backoff=timedelta(milliseconds=10))
    stage = Choking(items={"client:a": found("0", "1", "2")}, limits=limits)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
    assert counts(report) == {"success": 2, "failed": 1}
    assert report.progress.failures[0].item_id == "0"
    assert sorted(stage.stored) == ["1", "2"]


async def test_discovery_that_fails_for_good_fails_the_execution(database: Database) -> None:
    class Refused(FakeStage):
        async def discover(self, execution: Execution) -> Any:  # noqa: ARG002
            yield found("1")
            raise DiscoveryFailed(Reason.SOURCE_INVALID, "no such folder")

    async with serving_stage(database.dsn(ROLE), Refused()) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
    assert report.state == stage_pb2.EXECUTION_STATE_FAILED
    assert report.progress.reason == stage_pb2.REASON_SOURCE_INVALID
    assert report.progress.message == "no such folder"
    assert not report.progress.items.pending + report.progress.items.processing


async def test_an_outage_of_the_database_uses_up_no_try_of_a_discovery(database: Database) -> None:
    class Unlucky(FakeStage):
        async def discover(self, execution: Execution) -> Any:
            async for page in super().discover(execution):
                if self.discoveries < 3:
                    raise exceptions.DeadlockDetectedError("deadlock detected")
                yield page

    limits = Limits(attempts=1, backoff=timedelta(milliseconds=10))
    stage = Unlucky(items={"client:a": found("1")}, limits=limits)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
    assert counts(report) == {"success": 1}


async def test_discovery_is_tried_again_after_an_error_and_counts_nothing_twice(
    database: Database,
) -> None:
    class Shaky(FakeStage):
        async def discover(self, execution: Execution) -> Any:
            async for page in super().discover(execution):
                yield page
                if self.discoveries < 3:
                    raise ConnectionResetError

    stage = Shaky(items={"client:a": found("1", "2", "3", "4")}, page_size=2, limits=QUICK)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request(7))
        assert counts(await served.coordinator.until_ended(7)) == {"success": 4}
        stage.discoveries = 0
        stage.items["client:a"] += found("5")
        await served.stub.RunStage(a_run_request(8))
        report = await served.coordinator.until_ended(8)
    assert counts(report) == {"success": 1}
    assert report.progress.unchanged == 4


async def test_discovery_that_always_errs_fails_the_execution_as_internal(
    database: Database,
) -> None:
    class Broken(FakeStage):
        async def discover(self, execution: Execution) -> Any:  # noqa: ARG002
            self.discoveries += 1
            raise ConnectionResetError("secret")
            yield []

    stage = Broken(limits=QUICK)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
    assert stage.discoveries == 3
    assert report.progress.reason == stage_pb2.REASON_INTERNAL
    assert "secret" not in report.progress.message


async def test_a_repeated_run_stage_starts_nothing_and_is_reported_again(
    database: Database,
) -> None:
    stage = FakeStage(items={"client:a": found("1")})
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request())
        last = await served.coordinator.until_ended(7)
        answer = await served.stub.RunStage(a_run_request())
        await served.coordinator.until(
            lambda: served.coordinator.of(7)[-1].sequence > last.sequence
        )
    assert answer.state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    assert served.coordinator.of(7)[-1].state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    assert stage.worked == ["client:a/1"]


async def test_a_stage_that_is_not_served_here_is_refused(database: Database) -> None:
    async with serving_stage(database.dsn(ROLE), FakeStage()) as served:
        with pytest.raises(grpc.aio.AioRpcError, match="only TRANSCRIPTION") as refusal:
            await served.stub.RunStage(a_run_request(stage=Stage.ANALYSIS))
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_items_that_are_gone_upstream_go_with_their_results(database: Database) -> None:
    stage = FakeStage(items={"client:a": found("1", "2")})
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request(7))
        await served.coordinator.until_ended(7)
        stage.items["client:a"] = found("2")
        await served.stub.RunStage(a_run_request(8))
        report = await served.coordinator.until_ended(8)
    assert stage.forgotten == ["1"]
    assert (report.days[0].success, report.progress.unchanged) == (1, 1)


async def test_a_failed_redo_keeps_the_older_result_available(database: Database) -> None:
    stage = FakeStage(items={"client:a": found("1", "2")})
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request(7))
        await served.coordinator.until_ended(7)
        stage.outcome = outcomes(_1=failure("1", Reason.BAD_AUDIO))
        await served.stub.RunStage(a_run_request(8, mode=RunMode.ALL))
        report = await served.coordinator.until_ended(8)
        page = await served.stub.ListItems(
            pb.ListItemsRequest(
                owner="client:a",
                stage=STAGE_TO_PB[Stage.TRANSCRIPTION],
                range=a_run_request().range,
                available=True,
            )
        )
    assert (report.days[0].success, report.days[0].failed, report.days[0].available) == (1, 1, 2)
    assert [(item.item_id, item.output) for item in page.items] == [("1", 7), ("2", 8)]


async def test_a_skipped_redo_takes_the_older_result_back(database: Database) -> None:
    stage = FakeStage(items={"client:a": found("1", "2")}, limits=Limits(batch=2))
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request(7))
        await served.coordinator.until_ended(7)
        nothing = Skip(item_id=found("1")[0].item_id, reason=Reason.NO_SPEECH, message="silence")
        stage.outcome = outcomes(_1=nothing)
        await served.stub.RunStage(a_run_request(8, mode=RunMode.ALL))
        report = await served.coordinator.until_ended(8)
    assert stage.discarded == ["1"]
    assert stage.forgotten == []
    day = report.days[0]
    assert (day.success, day.skipped, day.available) == (1, 1, 1)


async def test_a_newer_input_is_consumed_and_the_day_says_so(database: Database) -> None:
    stage = FakeStage(items={"client:a": found("1", "2", upstream=3)})
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request(7))
        assert (await served.coordinator.until_ended(7)).days[0].input == 3
        stage.items["client:a"] = found("1", upstream=6) + found("2", upstream=3)
        await served.stub.RunStage(a_run_request(8))
        report = await served.coordinator.until_ended(8)
    assert sorted(stage.worked) == ["client:a/1", "client:a/1", "client:a/2"]
    assert (report.days[0].input, report.days[0].output) == (6, 8)


async def test_a_list_is_paged_by_day_and_id(database: Database) -> None:
    later = DAY + timedelta(1)
    names = [f"{n:02}" for n in range(25)]
    stage = FakeStage(items={"client:a": found(*names, day=later) + found("99")})
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await served.stub.RunStage(a_run_request(days=2))
        await served.coordinator.until_ended(7)
        request = pb.ListItemsRequest(
            owner="client:a",
            stage=STAGE_TO_PB[Stage.TRANSCRIPTION],
            range=a_run_request(days=2).range,
            page_size=13,
        )
        pages = []
        while True:
            page = await served.stub.ListItems(request)
            pages.append([item.item_id for item in page.items])
            request.page_token = page.next_page_token
            if not request.page_token:
                break
        request.page_token = "?"
        with pytest.raises(grpc.aio.AioRpcError, match="page_token"):
            await served.stub.ListItems(request)
    assert pages == [["99", *names[:12]], names[12:]]


async def test_two_stages_of_one_service_work_side_by_side(database: Database) -> None:
    first = FakeStage(stage=Stage.RECOMMENDATIONS, items={"client:a": found("1")})
    second = FakeStage(stage=Stage.REPORTING, items={"client:a": found("1", "2")})
    async with serving_stage(database.dsn(ROLE), first, second) as served:
        await served.stub.RunStage(a_run_request(7, stage=Stage.RECOMMENDATIONS))
        await served.stub.RunStage(a_run_request(8, stage=Stage.REPORTING))
        reports = [await served.coordinator.until_ended(number) for number in (7, 8)]
    assert [counts(report) for report in reports] == [{"success": 1}, {"success": 2}]
