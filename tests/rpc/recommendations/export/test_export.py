"""ExportRangeReport over a real channel and a real database, its files read back by other libraries."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import date, datetime, time, timedelta
from typing import Any, cast

import asyncpg
import grpc
import pytest
from openpyxl import Workbook, load_workbook
from potok.recommendations.v1 import recommendations_service_pb2 as audit_pb
from potok.recommendations.v1 import recommendations_service_pb2_grpc as audit_grpc
from potok.recommendations.v1 import report_export_service_pb2 as pb
from potok.recommendations.v1 import report_export_service_pb2_grpc as pb_grpc
from potok.status.v1 import audit_pb2, progress_pb2

from services.kernel.rpc.server import serving
from services.recommendations.calls.domain import FindingStatus
from services.recommendations.calls.repository import PostgresAnalysedCalls
from services.recommendations.employees.domain import FollowUpRules
from services.recommendations.employees.repository import PostgresRecommendations
from services.recommendations.employees.usecases import FollowUps
from services.recommendations.export import usecases
from services.recommendations.export.adapters.csv_file import CsvWriter
from services.recommendations.export.adapters.workbook import WorkbookWriter
from services.recommendations.export.domain import MAX_CALLS, ReportFormat
from services.recommendations.export.ports import FileWriter
from services.recommendations.export.repository import PostgresExports
from services.recommendations.export.servicer import SERVICE, ReportExportServicer
from services.recommendations.export.usecases import ReportExports
from services.recommendations.ranges.narrative import RulesNarrator
from services.recommendations.ranges.repository import PostgresRollUps
from services.recommendations.ranges.usecases import RangeReports
from services.recommendations.reporting.usecases import Reporting
from services.recommendations.servicer import RecommendationsServicer
from services.status.domain import Owner
from services.status.rpc.access import reading_for_caller
from tests.builders.recommendations import MONDAY, a_finding, an_advice, an_analysed_call
from tests.conftest import Database
from tests.identity import everything, guard, open_channel, token

CLINIC = Owner("client:clinic")
WEEK = progress_pb2.DateRange(start_date="2026-03-02", end_date="2026-03-08")
DAY = datetime.combine(MONDAY, time())
CSV, XLSX = pb.REPORT_FORMAT_CSV, pb.REPORT_FORMAT_XLSX
HEADINGS = [
    "call",
    "day",
    "time",
    "employee",
    "type",
    "outcome",
    "sentiment",
    "score",
    "told share",
]
FORMULA = '=HYPERLINK("http://x.example";"click")'
RULES = FollowUpRules(followed_calls=5, expiry=timedelta(60), quiet=timedelta(30), minimum_calls=5)


class World:
    """The service at an address, and its rows."""

    def __init__(self, pool: asyncpg.Pool, address: str) -> None:
        self.pool = pool
        self.address = address

    async def hold(self, *calls: Any, owner: Owner = CLINIC) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            repository = PostgresAnalysedCalls(everything(self.pool))
            await repository.replace_calls(connection, owner, calls)

    async def speak(self, language: str, time_zone: str) -> None:
        """Have the last run of the clinic told so."""
        settings = json.dumps({"language": language, "time_zone": time_zone})
        await self.pool.execute(
            "INSERT INTO executions (execution, stage, run_id, owner, mode, start_date, end_date, settings, state,"
            " ended_at) VALUES (1, 'RECOMMENDATIONS', gen_random_uuid(), $1, 'NEW', $2, $2, $3::text::jsonb,"
            " 'SUCCEEDED', now())",
            CLINIC,
            MONDAY,
            settings,
        )

    async def export(
        self, format_: "pb.ReportFormat.ValueType", *, as_: str = "", owner: str = CLINIC
    ) -> tuple[Any, dict[str, Any]]:
        """Return the file, and the headers before it."""
        as_ = as_ or token("anna", clients=["clinic"])
        async with open_channel(self.address, as_=as_) as channel:
            request = pb.ExportRangeReportRequest(owner=owner, range=WEEK, format=format_)
            call = pb_grpc.ReportExportServiceStub(channel).ExportRangeReport(request)
            return await call, dict(await call.initial_metadata())

    async def workbook(self) -> Workbook:
        body, _ = await self.export(XLSX)
        return load_workbook(io.BytesIO(body.data))


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with (
        database.pool("recommendations_system") as pool,
        database.pool("recommendations_app") as readers,
    ):
        reading = reading_for_caller(readers)
        ranges = RangeReports(PostgresRollUps(pool, reading), RulesNarrator(), minimum_calls=2)
        follow_ups = FollowUps(PostgresRecommendations(pool, reading, RULES))
        writers: dict[ReportFormat, FileWriter] = {
            ReportFormat.CSV: CsvWriter(),
            ReportFormat.XLSX: WorkbookWriter(),
        }
        exports = ReportExports(ranges, PostgresExports(pool, reading), writers)

        def register(server: grpc.aio.Server) -> None:
            pb_grpc.add_ReportExportServiceServicer_to_server(ReportExportServicer(exports), server)
            audit_grpc.add_RecommendationsServiceServicer_to_server(
                RecommendationsServicer(ranges, follow_ups, cast(Reporting, None)), server
            )

        async with serving("127.0.0.1:0", register, services=[SERVICE], guard=guard()) as port:
            yield World(pool, f"127.0.0.1:{port}")


def rows_of(workbook: Workbook, sheet: str) -> list[tuple[Any, ...]]:
    return list(workbook[sheet].iter_rows(values_only=True))


async def test_the_calls_of_a_range_are_lines_of_a_file_that_spreadsheets_read(
    world: World,
) -> None:
    await world.speak("en", "Asia/Vladivostok")
    await world.hold(
        an_analysed_call("c1", employee="", score=66.66666, told_share=0.5),
        an_analysed_call("c2", day=MONDAY + timedelta(1), score=None, told_share=None),
        an_analysed_call("later", day=date(2026, 3, 9)),
    )
    await world.hold(an_analysed_call("foreign"), owner=Owner("client:other"))

    body, headers = await world.export(CSV)

    assert body.content_type == "text/csv; charset=utf-8"
    assert headers["content-disposition"] == (
        'attachment; filename="report-clinic-2026-03-02-2026-03-08.csv"'
    )
    assert headers["cache-control"] == "no-store"
    assert body.data.startswith(b"\xef\xbb\xbf"), "Excel knows UTF-8 by it"
    assert list(csv.reader(io.StringIO(body.data.decode("utf-8-sig"), newline=""))) == [
        HEADINGS,
        # 09:30 UTC is 19:30 where the client is.
        *(
            [
                "c1",
                "2026-03-02",
                "19:30:00",
                "",
                "new_booking",
                "booked",
                "neutral",
                "66.6667",
                "0.5",
            ],
        ),
        *(["c2", "2026-03-03", "19:30:00", "Анна", "new_booking", "booked", "neutral", "", ""],),
    ]


@pytest.mark.parametrize("begins", ["=1+1", "+7900", "-1", "@x", "\t=1", "\r=1", "\n=1"])
async def test_nothing_that_somebody_wrote_is_calculated(world: World, begins: str) -> None:
    await world.hold(an_analysed_call("c1", employee=begins, outcome=FORMULA))

    body, _ = await world.export(CSV)
    workbook = await world.workbook()

    _, line = csv.reader(io.StringIO(body.data.decode("utf-8-sig"), newline=""))
    assert (line[3], line[5]) == (f"'{begins}", f"'{FORMULA}")
    sheet = workbook["calls"]
    assert sheet["D2"].data_type == sheet["F2"].data_type == "s"
    assert sheet["F2"].value == FORMULA
    assert sheet["F2"].hyperlink is None


async def test_a_workbook_has_a_sheet_for_each_part_of_a_report(world: World) -> None:
    missed = a_finding("offers_time", skill="closing", status=FindingStatus.NOT_REACHED)
    untold = a_finding("repeats", skill="closing", status=FindingStatus.CANNOT_BE_TOLD)
    await world.hold(
        *(
            an_analysed_call(
                f"c{n}", score=40, findings=[a_finding(), missed], advice=[an_advice()]
            )
            for n in range(2)
        ),
        an_analysed_call(
            "c2", employee="", score=None, findings=[untold], advice=[an_advice(quote="")]
        ),
    )

    workbook = await world.workbook()

    assert workbook.sheetnames == [
        *("figures", "days", "employees", "skills", "items", "recommendations", "calls")
    ]
    assert {sheet.freeze_panes for sheet in workbook} == {"A2"}
    figures = dict(rows_of(workbook, "figures"))
    assert (figures["client"], figures["first day"]) == ("clinic", DAY)
    assert (figures["calls"], figures["mean score"], figures["outcome: booked"]) == (3, 40, 3)
    assert figures["most calls in a file"] == MAX_CALLS
    assert rows_of(workbook, "days")[1:] == [
        (DAY, "everybody", 3, 40),
        (DAY, "unknown", 1, None),
        (DAY, "Анна", 2, 40),
    ]
    assert rows_of(workbook, "employees")[1] == ("Анна", 2, 0, 40, 40, None, "yes")
    assert rows_of(workbook, "skills")[1] == (
        *("everybody", "closing", 2, 2, 0, 0, 0, 2, None, None, "yes"),
    )
    assert rows_of(workbook, "items")[1:] == [
        ("offers_time", "closing", 2, 0, 0, 0, 0, "yes"),
        ("greets", "contact", 2, 2, 0, 1, 0, "yes"),
        ("repeats", "closing", 0, 0, 0, None, 1, "no"),
    ]
    advice = rows_of(workbook, "recommendations")
    text = ("Предложите время записи", "иначе клиент уйдёт", 1)
    assert advice[1] == ("everybody", "closing", *text, 3, "Ну хорошо, звоните", "c0", 12.5)
    assert [row[7] for row in advice[1:]] == ["c0", "c1", "c0", "c1"]
    assert rows_of(workbook, "calls")[1] == (
        *("c0", DAY, time(9, 30), "Анна"),
        *("new_booking", "booked", "neutral", 40, 0.75),
    )
    formats = [workbook["calls"][cell].number_format for cell in ("B2", "C2", "H2", "I2")]
    assert formats == ["yyyy-mm-dd", "hh:mm", "0.0", "0%"]


async def test_a_file_speaks_the_language_of_the_client(world: World) -> None:
    await world.speak("ru", "Europe/Moscow")
    await world.hold(an_analysed_call("c1"))

    body, _ = await world.export(CSV)
    workbook = await world.workbook()

    assert body.data.decode("utf-8-sig").startswith("звонок,день,время,сотрудник,тип,исход,")
    assert workbook.sheetnames[0] == "показатели"
    assert dict(rows_of(workbook, "показатели"))["часовой пояс"] == "Europe/Moscow"
    assert workbook["звонки"]["C2"].value == time(12, 30)


async def test_what_no_file_can_hold_is_written_as_far_as_it_can(world: World) -> None:
    strange = "\x01\uffff\ufffe \U0001f600 </t><x>"
    await world.hold(an_analysed_call("c1", employee=strange, outcome="ы" * 40_000))

    sheet = (await world.workbook())["calls"]

    assert "\U0001f600 </t><x>" in sheet["D2"].value
    assert len(sheet["F2"].value) == 32_767


async def test_a_range_without_calls_is_a_file_with_headings(world: World) -> None:
    body, _ = await world.export(CSV)

    assert body.data.decode("utf-8-sig") == f"{','.join(HEADINGS)}\r\n"
    assert rows_of(await world.workbook(), "calls") == [tuple(HEADINGS)]


async def test_who_took_a_report_is_told(world: World) -> None:
    await world.hold(an_analysed_call("c1"))
    anna = token("anna", clients=["clinic"])
    await world.export(CSV, as_=anna)
    await world.export(XLSX, as_=token("boris", clients=["clinic"]))

    async with open_channel(world.address, as_=anna) as channel:
        stub: Any = audit_grpc.RecommendationsServiceStub(channel)
        request = audit_pb.ListRecommendationAuditRequest(owner=CLINIC)
        entries = (await stub.ListRecommendationAudit(request)).entries

    assert [(each.actor, each.action, each.subject, each.detail) for each in entries] == [
        ("boris", audit_pb2.AUDIT_ACTION_EXPORT_REPORT, "2026-03-02/2026-03-08", "xlsx, calls 1"),
        ("anna", audit_pb2.AUDIT_ACTION_EXPORT_REPORT, "2026-03-02/2026-03-08", "csv, calls 1"),
    ]


async def test_more_calls_than_a_file_holds_are_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usecases, "MAX_CALLS", 2)
    await world.hold(*(an_analysed_call(f"c{n}") for n in range(3)))

    with pytest.raises(grpc.aio.AioRpcError, match="ask for fewer days at a time") as refused:
        await world.export(XLSX)

    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert not await world.pool.fetch("SELECT FROM recommendations.audit_entries")


async def test_a_report_of_somebody_else_is_not_handed_out(world: World) -> None:
    await world.hold(an_analysed_call("c1"))

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await world.export(CSV, as_=token("boris", clients=["other"]))

    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_file_of_nothing_in_particular_is_refused(world: World) -> None:
    with pytest.raises(grpc.aio.AioRpcError, match="format") as refused:
        await world.export(pb.REPORT_FORMAT_UNSPECIFIED)

    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
