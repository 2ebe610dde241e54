"""The service as it is started, over real databases and a server that plays the services before it."""

import asyncio
import contextlib
import io
import os
import re
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import grpc
import pytest
from openpyxl import load_workbook
from potok.recommendations.v1 import (
    range_report_pb2,
    recommendations_service_pb2,
    report_export_service_pb2,
    report_export_service_pb2_grpc,
)
from potok.recommendations.v1.recommendations_service_pb2_grpc import RecommendationsServiceStub
from potok.stage.v1 import stage_service_pb2
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.status.v1 import progress_pb2, stage_pb2

from deploy.local.folders import CHECKOUT
from deploy.local.postgres import free_port
from tests.builders.recommendations import MONDAY, an_analysed_call
from tests.conftest import Database
from tests.fakes.language_model import a_model, says
from tests.fakes.recommendations import Owners
from tests.identity import identity_told, open_channel
from tests.processes import running_service
from tests.stage_runs import a_stage_request, run_to_end
from tests.waiting import in_time, until_ready

if TYPE_CHECKING:
    from potok.recommendations.v1.recommendations_service_pb2_grpc import (
        RecommendationsServiceAsyncStub,
    )

CLINIC = "client:clinic"
WEEK = progress_pb2.DateRange(start_date="2026-03-02", end_date="2026-03-08")
EMPTY_WEEK = progress_pb2.DateRange(start_date="2026-04-06", end_date="2026-04-12")
DOCUMENT = (CHECKOUT / "docs" / "reporting.md").read_text()
BOTH = (stage_pb2.STAGE_RECOMMENDATIONS, stage_pb2.STAGE_REPORTING)


@pytest.fixture
def owners() -> Owners:
    owners = Owners()
    owners.hold(*(an_analysed_call(f"c{n}", day=MONDAY + timedelta(n)) for n in range(5)))
    return owners


@pytest.fixture
async def channel(database: Database, owners: Owners) -> AsyncIterator[grpc.aio.Channel]:
    async with the_service(owners, database) as channel:
        yield channel


@contextlib.asynccontextmanager
async def the_service(
    owners: Owners, database: Database, **settings: str
) -> AsyncIterator[grpc.aio.Channel]:
    """Start the service after those before it; yields a channel. It must end well when it is asked to."""
    address = f"127.0.0.1:{free_port()}"
    async with owners.serving() as before:
        told = {
            **identity_told(database, "recommendations"),
            "REPORTING_URL": database.dsn("reporting_owner"),
            "LISTEN": address,
            "COORDINATOR": "127.0.0.1:1",
            "REPORT_TIMEOUT": "PT1S",
            "UPSTREAM": before,
            "CALLS": before,
            "TRANSCRIPTS": before,
            "ANALYSES": before,
            **settings,
        }
        async with running_service("recommendations", told), open_channel(address) as channel:
            await until_ready(channel)
            yield channel


@pytest.fixture
async def elsewhere(database: Database) -> AsyncIterator[Database]:
    """A database with nothing but the reporting tables, made as docs/reporting.md says."""
    name = f"{database.name}_reporting"
    other = replace(database, name=name)
    connection = await asyncpg.connect(database.dsn("postgres"))
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        async with other.pool("postgres") as pool:
            await pool.execute("CREATE SCHEMA reporting AUTHORIZATION reporting_owner")
        blocks = re.findall(r"```sh\n(.*?)```", DOCUMENT, re.DOTALL)
        [command] = [block for block in blocks if "dbmate" in block]
        dbmate = await asyncio.create_subprocess_shell(
            command,
            cwd=CHECKOUT,
            env={
                "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
                "POTOK_RECOMMENDATIONS_REPORTING_URL": (
                    f"{other.dsn('reporting_owner')}?sslmode=disable"
                ),
            },
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert await dbmate.wait() == 0
        yield other
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


async def run(
    channel: grpc.aio.Channel,
    first_execution: int,
    days: progress_pb2.DateRange = WEEK,
    stages: "Sequence[stage_pb2.Stage.ValueType]" = BOTH,
) -> None:
    """Run stages one after another to their ends, which must be good."""
    for execution, stage in enumerate(stages, start=first_execution):
        await run_stage(channel, execution, days, stage)


async def run_stage(
    channel: grpc.aio.Channel,
    execution: int,
    days: progress_pb2.DateRange,
    stage: "stage_pb2.Stage.ValueType",
) -> None:
    state = await run_to_end(channel, a_stage_request(stage, execution, days))
    assert state == stage_pb2.EXECUTION_STATE_SUCCEEDED


async def report_of(
    channel: grpc.aio.Channel, days: progress_pb2.DateRange = WEEK, owner: str = CLINIC
) -> range_report_pb2.RangeReport:
    stub: RecommendationsServiceAsyncStub = RecommendationsServiceStub(channel)
    request = recommendations_service_pb2.GetRangeReportRequest(owner=owner, range=days)
    return (await stub.GetRangeReport(request)).report


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


async def test_a_report_is_taken_out_as_files_in_the_time_zone_of_its_run(
    channel: grpc.aio.Channel,
) -> None:
    await run(channel, 1)
    stub: Any = report_export_service_pb2_grpc.ReportExportServiceStub(channel)

    async def exported(format_: Any) -> bytes:
        request = report_export_service_pb2.ExportRangeReportRequest(
            owner=CLINIC, range=WEEK, format=format_
        )
        return (await stub.ExportRangeReport(request)).data  # type: ignore[no-any-return]

    lines = (await exported(report_export_service_pb2.REPORT_FORMAT_CSV)).decode("utf-8-sig")
    workbook = await exported(report_export_service_pb2.REPORT_FORMAT_XLSX)

    heading, first, *_ = lines.split("\r\n")
    assert heading.startswith("звонок,день,время,сотрудник,")
    # 09:30 UTC is 12:30 in Moscow, where the client is.
    assert first.startswith(f"c0,{MONDAY},12:30:00,Анна,")
    days = list(load_workbook(io.BytesIO(workbook))["дни"].iter_rows(values_only=True))
    assert [row[1:] for row in days[1:3]] == [("все", 1, 75), ("Анна", 1, 75)]


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


async def test_a_model_writes_the_report_once_and_the_reporting_database_gets_the_same_words(
    database: Database, owners: Owners
) -> None:
    model = a_model(
        says({"narrative": "Звонков 50.", "actions": []}),
        says({"narrative": "Звонков 5, оценка 75.", "actions": ["Предлагайте время."]}),
    )
    async with (
        model.serving() as url,
        the_service(
            owners,
            database,
            NARRATOR="model",
            MODEL_URL=url,
            MODEL_NAME="a-model",
            MODEL_PROMPT_PRICE="1",
            MODEL_COMPLETION_PRICE="1",
            NARRATIVE_COST_CAP="1",
        ) as channel,
    ):
        await run(channel, 1)
        narrative = (await report_of(channel)).narrative

    assert (narrative.text, list(narrative.actions)) == (
        "Звонков 5, оценка 75.",
        ["Предлагайте время."],
    )
    assert (narrative.author, narrative.note) == ("a-model", "")
    assert len(model.asked) == 2
    async with database.pool("reporting_owner") as pool:
        [row] = await pool.fetch("SELECT narrative, author FROM reporting.range_reports")
    assert (row["narrative"], row["author"]) == ("Звонков 5, оценка 75.", "a-model")


async def test_a_model_that_is_away_leaves_the_report_to_the_rules(
    database: Database, owners: Owners
) -> None:
    away = {"MODEL_URL": f"http://127.0.0.1:{free_port()}/v1", "MODEL_NAME": "a-model"}
    async with the_service(owners, database, NARRATOR="model", **away) as channel:
        await run(channel, 1)
        narrative = (await report_of(channel)).narrative

    assert narrative.text.startswith("Проанализировано звонков: 5")
    assert narrative.author == "rules"
    assert "cannot be reached: check POTOK_RECOMMENDATIONS_MODEL_URL" in narrative.note


async def test_the_reporting_tables_may_lie_in_another_database(
    database: Database, elsewhere: Database, owners: Owners
) -> None:
    url = elsewhere.dsn("reporting_owner")
    async with the_service(owners, database, REPORTING_URL=url) as channel:
        await run(channel, 1)

    assert await reported(elsewhere) == dict.fromkeys(owners.calls, "booked")
    assert await reported(database) == {}


async def test_calls_wait_for_a_reporting_database_that_is_away_until_it_is_back(
    database: Database, elsewhere: Database, owners: Owners
) -> None:
    url = elsewhere.dsn("reporting_owner")
    async with (
        database.pool("postgres") as postgres,
        the_service(owners, database, REPORTING_URL=url) as channel,
    ):
        await run(channel, 1, stages=BOTH[:1])
        await postgres.execute(f"ALTER DATABASE {elsewhere.name} WITH ALLOW_CONNECTIONS false")
        stub: Any = StageServiceStub(channel)
        listing = stage_service_pb2.ListItemsRequest(owner=CLINIC, stage=BOTH[1], range=WEEK)
        async with in_time("the stage outlasts it"), asyncio.TaskGroup() as tasks:
            tasks.create_task(run_stage(channel, 2, WEEK, BOTH[1]))
            while True:
                items = (await stub.ListItems(listing)).items
                if items and all(item.HasField("retry_time") for item in items):
                    break
                await asyncio.sleep(0.05)
            assert (await report_of(channel)).calls == 5
            await postgres.execute(f"ALTER DATABASE {elsewhere.name} WITH ALLOW_CONNECTIONS true")

    assert {item.reason for item in items} == {stage_pb2.REASON_UPSTREAM_UNAVAILABLE}
    assert await reported(elsewhere) == dict.fromkeys(owners.calls, "booked")
