"""A run over an account of AmoCRM that is left alone for a while: it says so, and goes on by itself."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
from potok.coordinator.v1 import report_pb2
from potok.stage.v1 import stage_service_pb2 as pb
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.status.v1 import progress_pb2, stage_pb2

from deploy.sandbox.crowd import crowd
from deploy.sandbox.world import Quirk
from services.call_sync.accounts.domain import AccountState
from services.call_sync.repository import PostgresCalls
from services.call_sync.usecases import CallSync
from services.call_sync.work import CallSyncWork
from services.kernel.clock import utc_now
from services.stage.app import stage_service
from services.stage.domain import Limits
from services.status.domain import Stage
from tests.amocrm import CLINIC, DAY, Amo, amocrm
from tests.conftest import Database
from tests.fakes.call_sync import kept_at
from tests.fakes.coordinator import FakeCoordinator, serving_coordinator
from tests.fakes.stage_work import a_run_request, quick_settings
from tests.identity import everything, identity, open_channel
from tests.sandbox import running_sandbox

CALLS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """The service over an account, its client, the coordinator it reports to."""

    amo: Amo
    pool: asyncpg.Pool
    stub: Any
    coordinator: FakeCoordinator

    async def run(self, owner: str, execution: int) -> None:
        request = a_run_request(execution, owner=owner, stage=Stage.CALL_SYNC)
        day = DAY.isoformat()
        request.range.CopyFrom(progress_pb2.DateRange(start_date=day, end_date=day))
        request.settings.source = f"amocrm:{CLINIC}"
        await self.stub.RunStage(request)

    async def until_waiting(self, execution: int) -> report_pb2.Report:
        """Return the report that says what the execution waits for."""

        def stated() -> bool:
            reports = self.coordinator.of(execution)
            return bool(reports) and reports[-1].progress.wait.HasField("until_time")

        await self.coordinator.until(stated)
        return self.coordinator.of(execution)[-1]

    async def time_comes(self) -> None:
        """Let the pause of the account, and of all that waits for it, be over."""
        await self.pool.execute(
            "UPDATE call_sync.accounts SET resume_at = now() WHERE state = 'PAUSED'"
        )
        await self.pool.execute("UPDATE executions SET run_after = now()")


@pytest.fixture
async def sync(database: Database, tmp_path: Path) -> AsyncIterator[Sync]:
    recordings = kept_at(f"file://{tmp_path}", max_bytes=10_000_000)
    async with contextlib.AsyncExitStack() as stack:
        box = stack.enter_context(running_sandbox(crowd(calls=CALLS, first_day=DAY)))
        pool = await stack.enter_async_context(database.pool("call_sync_system", size=8))
        amo = await stack.enter_async_context(amocrm(pool, box))
        await amo.add()
        call_sync = CallSync(
            PostgresCalls(pool, everything(pool)), recordings, {"amocrm": amo.source}
        )
        work = CallSyncWork(call_sync, Limits(batch=CALLS), (timedelta(minutes=1),))
        coordinator = FakeCoordinator()
        address = await stack.enter_async_context(serving_coordinator(coordinator))
        settings = quick_settings(database.dsn("call_sync_system"), address)
        port = await stack.enter_async_context(
            stage_service("call_sync", pool, [work], settings, identity("call_sync"))
        )
        channel = open_channel(f"127.0.0.1:{port}")
        stub = StageServiceStub(await stack.enter_async_context(channel))
        yield Sync(amo=amo, pool=pool, stub=stub, coordinator=coordinator)


async def test_runs_over_a_paused_account_say_so_and_go_on_when_the_pause_is_over(
    sync: Sync,
) -> None:
    sync.amo.box.behave(requests_per_second=0)
    await sync.run("client:a", 7)
    first = await sync.until_waiting(7)
    asked = len(sync.amo.api_requests())
    await sync.run("client:b", 8)
    second = await sync.until_waiting(8)

    account = await sync.amo.repository.get_account(CLINIC)
    assert account.resume_at
    for report in (first, second):
        assert report.state == stage_pb2.EXECUTION_STATE_RUNNING
        assert report.progress.wait.reason == stage_pb2.WAIT_REASON_ACCOUNT_PAUSED
        assert report.progress.wait.until_time.ToDatetime(account.resume_at.tzinfo) == (
            account.resume_at
        )
    assert len(sync.amo.api_requests()) == asked

    sync.amo.box.behave(requests_per_second=1000)
    await sync.time_comes()
    for execution in (7, 8):
        ended = await sync.coordinator.until_ended(execution)
        assert ended.state == stage_pb2.EXECUTION_STATE_SUCCEEDED
        items = ended.progress.items
        assert items.success + items.skipped == CALLS


async def test_a_run_waits_as_long_as_the_account_asks_for(sync: Sync) -> None:
    sync.amo.box.behave(requests_per_second=0, retry_after=1800)
    await sync.run("client:a", 7)

    report = await sync.until_waiting(7)

    assert report.progress.wait.reason == stage_pb2.WAIT_REASON_RATE_LIMIT


async def test_what_only_a_person_can_mend_fails_the_run(sync: Sync) -> None:
    sync.amo.box.behave(unpaid=True)
    for owner, execution in (("client:a", 7), ("client:b", 8)):
        await sync.run(owner, execution)
        ended = await sync.coordinator.until_ended(execution)
        assert ended.progress.reason == stage_pb2.REASON_SOURCE_INVALID


async def test_a_preview_says_until_when_the_account_is_paused(sync: Sync) -> None:
    sync.amo.box.behave(requests_per_second=0)
    await sync.run("client:a", 7)
    await sync.until_waiting(7)
    run = a_run_request(8, stage=Stage.CALL_SYNC)
    run.settings.source = f"amocrm:{CLINIC}"
    request = pb.PreviewStageRequest(
        owner=run.owner, stage=run.stage, mode=run.mode, range=run.range, settings=run.settings
    )

    with pytest.raises(grpc.aio.AioRpcError, match=r"paused until \d\d:\d\d UTC") as refused:
        await sync.stub.PreviewStage(request)

    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_run_that_is_asked_to_slow_down_while_it_lists_says_so_at_once(sync: Sync) -> None:
    sync.amo.box.behave(next_statuses=[429], retry_after=20)
    await sync.run("client:a", 7)

    report = await sync.until_waiting(7)

    assert report.state == stage_pb2.EXECUTION_STATE_RUNNING
    assert report.progress.wait.reason == stage_pb2.WAIT_REASON_RATE_LIMIT
    until = report.progress.wait.until_time.ToDatetime(UTC)
    assert until - utc_now() < timedelta(seconds=20)
    assert (await sync.amo.repository.get_account(CLINIC)).state is AccountState.ACTIVE


async def test_what_is_listed_is_counted_whatever_becomes_of_it(sync: Sync) -> None:
    sync.amo.box.behave(quirks={Quirk.UNREADABLE: CALLS}, requests_per_second=1_000)
    await sync.run("client:a", 7)

    ended = await sync.coordinator.until_ended(7)

    reasons = {each.reason: each.count for each in ended.progress.reasons}
    assert reasons[stage_pb2.REASON_UNREADABLE] == 1
    [day] = ended.days
    assert day.listed == day.success + day.failed + day.skipped == CALLS
    [failure] = ended.progress.failures
    assert "'недавно' is no time" in failure.message
