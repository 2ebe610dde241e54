"""The service as it is started, over real databases and a server that plays the services before it."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import grpc
import pytest
from potok.recommendations.v1 import range_report_pb2, recommendations_service_pb2
from potok.recommendations.v1.recommendations_service_pb2_grpc import RecommendationsServiceStub
from potok.stage.v1 import stage_service_pb2
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.status.v1 import progress_pb2, stage_pb2

from tests.conftest import Database
from tests.fakes.recommendations import MONDAY, Owners, an_analysed_call

if TYPE_CHECKING:
    from potok.recommendations.v1.recommendations_service_pb2_grpc import (
        RecommendationsServiceAsyncStub,
    )

CLINIC = "client:clinic"
ROOT = Path(__file__).parents[2]
WEEK = progress_pb2.DateRange(start_date="2026-03-02", end_date="2026-03-08")
EMPTY_WEEK = progress_pb2.DateRange(start_date="2026-04-06", end_date="2026-04-12")
BOTH = (stage_pb2.STAGE_RECOMMENDATIONS, stage_pb2.STAGE_REPORTING)


@pytest.fixture
def owners() -> Owners:
    owners = Owners()
    owners.hold(*(an_analysed_call(f"c{n}", day=MONDAY + timedelta(n)) for n in range(5)))
    return owners


@pytest.fixture
async def channel(
    database: Database, free_port: int, owners: Owners
) -> AsyncIterator[grpc.aio.Channel]:
    """A process of the service; it must end well when it is asked to."""
    address = f"127.0.0.1:{free_port}"
    async with owners.serving() as before:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.recommendations",
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": f"{ROOT}:{ROOT}/gen",
                "POTOK_RECOMMENDATIONS_DATABASE_URL": database.dsn("recommendations_system"),
                "POTOK_RECOMMENDATIONS_REPORTING_URL": database.dsn("reporting_owner"),
                "POTOK_RECOMMENDATIONS_LISTEN": address,
                "POTOK_RECOMMENDATIONS_COORDINATOR": "127.0.0.1:1",
                "POTOK_RECOMMENDATIONS_REPORT_TIMEOUT": "PT1S",
                "POTOK_RECOMMENDATIONS_UPSTREAM": before,
                "POTOK_RECOMMENDATIONS_CALLS": before,
                "POTOK_RECOMMENDATIONS_TRANSCRIPTS": before,
                "POTOK_RECOMMENDATIONS_ANALYSES": before,
            },
        )
        try:
            async with grpc.aio.insecure_channel(address) as channel:
                await asyncio.wait_for(channel.channel_ready(), 20)
                yield channel
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 20) == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def run(
    channel: grpc.aio.Channel,
    first_execution: int,
    days: progress_pb2.DateRange = WEEK,
    stages: Sequence[int] = BOTH,
) -> None:
    """Run stages one after another to their ends, which must be good."""
    stub: Any = StageServiceStub(channel)
    for execution, stage in enumerate(stages, start=first_execution):
        request = stage_service_pb2.RunStageRequest(
            execution=execution,
            stage=stage,  # type: ignore[arg-type]  # a number is an enum value
            run_id=str(uuid4()),
            owner=CLINIC,
            mode=stage_pb2.RUN_MODE_PENDING,
            range=days,
            settings=progress_pb2.ClientSettings(
                time_zone="Europe/Moscow",
                source="folder:/calls",
                playbook="clinic",
                language="ru",
                weight=1,
            ),
        )
        async with asyncio.timeout(30):
            while True:
                state = (await stub.RunStage(request, timeout=5)).state
                if state >= stage_pb2.EXECUTION_STATE_SUCCEEDED:
                    break
                await asyncio.sleep(0.05)
        assert state == stage_pb2.EXECUTION_STATE_SUCCEEDED


async def report_of(
    channel: grpc.aio.Channel, days: progress_pb2.DateRange = WEEK, owner: str = CLINIC
) -> range_report_pb2.RangeReport:
    stub: RecommendationsServiceAsyncStub = RecommendationsServiceStub(channel)
    request = recommendations_service_pb2.GetRangeReportRequest(owner=owner, range=days)
    return (await stub.GetRangeReport(request, timeout=5)).report


async def reported(database: Database) -> dict[str, str]:
    """Return the outcomes that the reporting database holds, by call."""
    async with database.pool("reporting_owner") as pool:
        rows = await pool.fetch(
            "SELECT call_id, outcome FROM reporting.analyses"
            " JOIN reporting.transcripts USING (client_id, call_id) WHERE client_id = 'clinic'"
        )
    return {row["call_id"]: row["outcome"] for row in rows}


async def test_analysed_calls_become_a_report_and_rows_that_follow_their_calls(
    channel: grpc.aio.Channel, owners: Owners, database: Database
) -> None:
    await run(channel, 1)

    report = await report_of(channel)
    assert (report.calls, report.score) == (5, 75)
    assert [(count.label, count.calls) for count in report.outcomes] == [("booked", 5)]
    assert report.HasField("write_time")
    assert await reported(database) == dict.fromkeys(owners.calls, "booked")

    del owners.calls["c0"]
    owners.hold(an_analysed_call("c1", outcome="refused", score=25))
    owners.analysed = 9
    await run(channel, 11)

    report = await report_of(channel)
    assert (report.calls, report.score) == (4, 62.5)
    assert await reported(database) == dict.fromkeys(owners.calls, "booked") | {"c1": "refused"}


async def test_a_range_without_calls_has_an_empty_report_in_both_databases(
    channel: grpc.aio.Channel, database: Database
) -> None:
    before = await report_of(channel, EMPTY_WEEK)

    await run(channel, 1, EMPTY_WEEK)

    after = await report_of(channel, EMPTY_WEEK)
    assert not before.HasField("write_time")
    assert after.HasField("write_time")
    assert (after.calls, list(after.skills), list(after.focus)) == (0, [], [])
    async with database.pool("reporting_owner") as pool:
        assert await pool.fetchval("SELECT calls FROM reporting.range_reports") == 0


async def test_another_range_over_the_same_calls_is_rolled_up_but_was_written_by_no_run(
    channel: grpc.aio.Channel,
) -> None:
    await run(channel, 1, stages=BOTH[:1])
    days = progress_pb2.DateRange(start_date="2026-03-03", end_date="2026-03-04")

    report = await report_of(channel, days)

    assert report.calls == 2
    assert not report.HasField("write_time")
    assert (await report_of(channel, owner="client:other")).calls == 0
