"""GetRangeReport over a real channel and a real database."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import grpc
import pytest
from potok.recommendations.v1 import range_report_pb2
from potok.recommendations.v1 import recommendations_service_pb2 as pb
from potok.recommendations.v1 import recommendations_service_pb2_grpc as pb_grpc
from potok.status.v1 import progress_pb2

from services.kernel.rpc.server import serving
from services.recommendations.calls.domain import FindingStatus
from services.recommendations.calls.repository import PostgresAnalysedCalls
from services.recommendations.employees.usecases import FollowUps
from services.recommendations.ranges.narrative import RulesNarrator
from services.recommendations.ranges.repository import PostgresRollUps
from services.recommendations.ranges.usecases import RangeReports
from services.recommendations.reporting.usecases import Reporting
from services.recommendations.servicer import RecommendationsServicer
from services.status.domain import DateRange, ExecutionNumber, Owner
from tests.builders.recommendations import MONDAY, a_finding, an_analysed_call
from tests.conftest import Database
from tests.identity import everything, guard, open_channel

if TYPE_CHECKING:
    from potok.recommendations.v1.recommendations_service_pb2_grpc import (
        RecommendationsServiceAsyncStub as Stub,
    )

CLINIC = Owner("client:clinic")
WEEK = progress_pb2.DateRange(start_date="2026-03-02", end_date="2026-03-08")


@pytest.fixture
async def stub(database: Database) -> "AsyncIterator[Stub]":
    """Five calls of a clinic, in all of which the closing failed, and the report of their week."""
    async with database.pool("recommendations_system") as pool:
        roll_ups = PostgresRollUps(pool, everything(pool))
        closing = a_finding("offers_time", skill="closing", status=FindingStatus.NOT_REACHED)
        async with pool.acquire() as connection, connection.transaction():
            await PostgresAnalysedCalls(everything(pool)).replace_calls(
                connection,
                CLINIC,
                [an_analysed_call(f"c{n}", findings=[closing]) for n in range(5)],
            )
        reports = RangeReports(roll_ups, RulesNarrator(), minimum_calls=5)
        week = DateRange(start=MONDAY, end=MONDAY + timedelta(6))
        await reports.write_report(CLINIC, week, ExecutionNumber(1), "ru")
        servicer = RecommendationsServicer(reports, cast(FollowUps, None), cast(Reporting, None))
        async with (
            serving(
                "127.0.0.1:0",
                lambda server: pb_grpc.add_RecommendationsServiceServicer_to_server(
                    servicer, server
                ),
                services=[],
                guard=guard(),
            ) as port,
            open_channel(f"127.0.0.1:{port}") as channel,
        ):
            yield pb_grpc.RecommendationsServiceStub(channel)


async def test_a_report_says_what_to_work_on_and_in_whose_words(stub: "Stub") -> None:
    request = pb.GetRangeReportRequest(owner=CLINIC, range=WEEK)

    report = (await stub.GetRangeReport(request)).report

    assert (report.owner, report.range, report.minimum_calls) == (CLINIC, WEEK, 5)
    assert list(report.focus) == ["closing"]
    everybody, anna = report.skills
    assert (everybody.calls, everybody.share, everybody.enough) == (5, 0, True)
    assert anna.employee == "Анна"
    [advice] = everybody.recommendations
    assert (advice.text, advice.calls) == ("Предложите время записи", 5)
    assert [(quote.call_id, quote.start_seconds) for quote in advice.quotes] == [
        ("c0", 12.5),
        ("c1", 12.5),
        ("c2", 12.5),
    ]


async def test_a_report_tells_of_its_days_and_of_the_items_of_the_checklist(stub: "Stub") -> None:
    request = pb.GetRangeReportRequest(owner=CLINIC, range=WEEK)

    report = (await stub.GetRangeReport(request)).report

    everybody, anna = report.days
    assert (everybody.day, everybody.calls, everybody.score) == ("2026-03-02", 5, 75)
    assert not everybody.HasField("employee")
    assert (anna.day, anna.employee, anna.calls) == ("2026-03-02", "Анна", 5)
    [item] = report.items
    assert (item.item, item.skill) == ("offers_time", "closing")
    assert (item.calls, item.completed, item.share, item.enough) == (5, 0, 0, True)


async def test_a_range_of_nothing_has_an_empty_report(stub: "Stub") -> None:
    request = pb.GetRangeReportRequest(owner="client:other", range=WEEK)

    report = (await stub.GetRangeReport(request)).report

    assert report == range_report_pb2.RangeReport(
        owner="client:other",
        range=WEEK,
        minimum_calls=5,
        previous_range=progress_pb2.DateRange(start_date="2026-02-23", end_date="2026-03-01"),
    )


async def test_a_range_at_the_beginning_of_the_calendar_has_none_before_it(stub: "Stub") -> None:
    days = progress_pb2.DateRange(start_date="0001-01-01", end_date="0001-01-03")
    request = pb.GetRangeReportRequest(owner=CLINIC, range=days)

    report = (await stub.GetRangeReport(request)).report

    assert (report.range, report.calls) == (days, 0)
    assert not report.HasField("previous_range")


@pytest.mark.parametrize(
    ("field", "request_of"),
    [
        ("owner", {"range": WEEK}),
        ("range", {"owner": CLINIC}),
        (
            "start_date",
            {"owner": CLINIC, "range": progress_pb2.DateRange(end_date="2026-03-08")},
        ),
        (
            "end_date",
            {
                "owner": CLINIC,
                "range": progress_pb2.DateRange(start_date="2026-03-08", end_date="2026-03-02"),
            },
        ),
        (
            "end_date",
            {
                "owner": CLINIC,
                "range": progress_pb2.DateRange(start_date="2025-01-01", end_date="2026-03-02"),
            },
        ),
    ],
    ids=["no owner", "no range", "no start", "backwards", "too long"],
)
async def test_a_malformed_request_is_refused_by_its_field(
    stub: "Stub", field: str, request_of: dict[str, Any]
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.GetRangeReport(pb.GetRangeReportRequest(**request_of))

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field in (raised.value.details() or "")
