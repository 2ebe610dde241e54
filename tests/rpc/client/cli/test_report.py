"""`potok report` against services that answer what the test says."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.timestamp_pb2 import Timestamp
from potok.analysis.v1 import analysis_service_pb2 as analysis_pb
from potok.analysis.v1 import analysis_service_pb2_grpc as analysis_grpc
from potok.analysis.v1.analysis_pb2 import Analysis, Scores
from potok.coordinator.v1 import coordinator_service_pb2 as coordinator_pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as coordinator_grpc
from potok.coordinator.v1.run_pb2 import Client
from potok.recommendations.v1 import recommendations_service_pb2 as recommendations_pb
from potok.recommendations.v1 import recommendations_service_pb2_grpc as recommendations_grpc
from potok.recommendations.v1 import report_export_service_pb2 as export_pb
from potok.recommendations.v1 import report_export_service_pb2_grpc as export_grpc
from potok.recommendations.v1.employee_recommendation_pb2 import (
    RECOMMENDATION_STATE_DISMISSED,
    RECOMMENDATION_STATE_OPEN,
    EmployeeRecommendation,
    FollowThrough,
)
from potok.recommendations.v1.range_report_pb2 import (
    EmployeeReport,
    ItemReport,
    LabelCount,
    Narrative,
    Quote,
    RangeReport,
    Recommendation,
    SkillReport,
)
from potok.stage.v1.stage_service_pb2 import Item
from potok.status.v1 import stage_pb2
from potok.status.v1.progress_pb2 import ClientSettings, DateRange

from tests.command_line import Said, potok
from tests.identity import client_environment

DAYS = DateRange(start_date="2026-11-02", end_date="2026-11-04")
ADVICE = Recommendation(
    text="Ask what hurts.",
    why="An offer fits then.",
    priority=1,
    calls=1,
    quotes=[Quote(call_id="call-2", text="How much is a\x1b[2J crown?")],
)
REPORT = RangeReport(
    owner="client:clinic",
    range=DAYS,
    calls=120,
    score=71.4,
    call_types=[LabelCount(label="booking", calls=80), LabelCount(label="price", calls=40)],
    employees=[EmployeeReport(employee="Anna", calls=120, score=71.4)],
    skills=[
        SkillReport(
            skill="discovery",
            calls=3,
            applicable=4,
            completed=1,
            share=0.25,
            recommendations=[ADVICE],
        ),
        SkillReport(
            employee="Anna", skill="discovery", calls=3, applicable=4, completed=1, share=0.25
        ),
    ],
    items=[
        ItemReport(
            item="asks_what_hurts",
            skill="discovery",
            calls=8,
            completed=2,
            attempted=1,
            share=0.25,
            untold_calls=3,
            enough=True,
        ),
        ItemReport(item="greets", skill="contact", calls=2, completed=1, share=0.5),
        ItemReport(item="says_goodbye", skill="contact", calls=8, completed=8, share=1),
        ItemReport(item="repeats", skill="closing", untold_calls=8),
    ],
    minimum_calls=5,
    median_score=74,
    score_delta=-3,
    previous_calls=60,
    narrative=Narrative(text="120 calls analysed.", actions=["Greet."], author="rules"),
)
OPEN_ADVICE = EmployeeRecommendation(
    id="11111111-2222-4333-8444-555555555555",
    employee="Anna",
    skill="discovery",
    state=RECOMMENDATION_STATE_OPEN,
    opened_day="2026-11-02",
    text="Ask what hurts.",
    follow_through=FollowThrough(followed=2, partly=1, not_followed=1),
)


class Services(
    coordinator_grpc.CoordinatorServiceServicer,
    analysis_grpc.AnalysisServiceServicer,
    recommendations_grpc.RecommendationsServiceServicer,
    export_grpc.ReportExportServiceServicer,
):
    """All that a report asks, at one address."""

    report = REPORT

    def __init__(self) -> None:
        self.items: dict[int, list[Item]] = {}
        self.advice = [OPEN_ADVICE]
        self.closed = recommendations_pb.CloseRecommendationRequest()

    async def GetClient(self, request: Any, context: Any) -> Any:  # noqa: N802
        if request.client_id != "clinic":
            await context.abort(grpc.StatusCode.NOT_FOUND, f"client {request.client_id} is unknown")
        settings = ClientSettings(time_zone="Asia/Vladivostok")
        return coordinator_pb.GetClientResponse(
            client=Client(client_id="clinic", settings=settings)
        )

    async def ListItems(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        assert (request.client_id, request.range) == ("clinic", DAYS)
        items = [each for each in self.items.get(request.stage, []) if each.state in request.states]
        return coordinator_pb.ListItemsResponse(items=items[: request.page_size])

    async def GetRangeReport(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        assert (request.owner, request.range) == ("client:clinic", DAYS)
        return recommendations_pb.GetRangeReportResponse(report=self.report)

    async def ExportRangeReport(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        assert (request.owner, request.range) == ("client:clinic", DAYS)
        return HttpBody(data=export_pb.ReportFormat.Name(request.format).encode())

    async def ListRecommendations(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        known = [each for each in self.advice if not request.states or each.state in request.states]
        return recommendations_pb.ListRecommendationsResponse(recommendations=known)

    async def CloseRecommendation(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        self.closed = request
        closed = EmployeeRecommendation(id=request.recommendation_id, state=request.state)
        return recommendations_pb.CloseRecommendationResponse(recommendation=closed)

    async def ListAnalyses(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        first = int(request.page_token or 0)
        last = min(self.report.calls, first + request.page_size)
        return analysis_pb.ListAnalysesResponse(
            analyses=[an_analysis(number) for number in range(first, last)],
            next_page_token=str(last) if last < self.report.calls else "",
        )


def an_analysis(number: int) -> Analysis:
    start = Timestamp()
    start.FromJsonString("2026-11-02T03:30:00Z")
    return Analysis(
        call_id=f"call-{number}",
        day="2026-11-02",
        start_time=start,
        employee="Anna",
        call_type="booking",
        outcome="booked",
        sentiment="positive",
        scores=Scores(checklist=80),
    )


@pytest.fixture
async def services() -> AsyncIterator[tuple[Services, str]]:
    played = Services()  # type: ignore[abstract]  # the other RPCs are not asked for
    server = grpc.aio.server()
    coordinator_grpc.add_CoordinatorServiceServicer_to_server(played, server)
    analysis_grpc.add_AnalysisServiceServicer_to_server(played, server)
    recommendations_grpc.add_RecommendationsServiceServicer_to_server(played, server)
    export_grpc.add_ReportExportServiceServicer_to_server(played, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield played, f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


async def reported(address: str, *arguments: str) -> Said:
    return await called(address, "report", *arguments)


async def called(address: str, *arguments: str) -> Said:
    return await potok(*arguments, environment=client_environment(address))


async def test_a_report_tells_of_calls_people_and_what_to_do_better(
    services: tuple[Services, str],
) -> None:
    code, out, _ = await reported(services[1], "clinic", DAYS.start_date, DAYS.end_date)

    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == (
        "clinic 2026-11-02 to 2026-11-04 120 calls score 71 median 74 -3 on the range before"
    )
    assert "120 calls analysed." in lines
    assert "• Greet." in lines
    assert "11111111 Anna discovery open 2026-11-02 2 of 4 Ask what hurts." in lines
    assert "types booking 80, price 40" in lines
    # 03:30 UTC is 13:30 where the client is.
    assert "2026-11-02 13:30 Anna booking booked positive 80 - call-0" in lines
    assert "and 70 more: --limit shows them" in lines
    assert "Anna 120 71 too few calls discovery 25%" in lines
    assert "asks_what_hurts discovery 2 1 8 25% 3" in lines
    assert "greets contact 1 0 2 too few calls 0" in lines
    assert "says_goodbye" not in out
    assert "repeats" not in out, "nothing is known of it"
    assert "discovery 1 of 4 done fewer than 5 calls: a hint, no verdict" in lines
    assert "• Ask what hurts." in lines
    assert "“How much is a [2J crown?” call-2" in lines


async def test_a_report_says_why_a_language_model_did_not_write_it(
    services: tuple[Services, str],
) -> None:
    played, address = services
    played.report = RangeReport()
    played.report.CopyFrom(REPORT)
    played.report.narrative.note = "model a-model refused: no"

    _, out, _ = await reported(address, "clinic", DAYS.start_date, DAYS.end_date)

    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "written by rules: model a-model refused: no" in lines


async def test_more_calls_than_a_page_are_listed_when_asked_for(
    services: tuple[Services, str],
) -> None:
    days = (DAYS.start_date, DAYS.end_date)
    code, out, _ = await reported(services[1], "clinic", *days, "--limit", "130", "--json")
    found = json.loads(out)

    assert code == 0
    assert [call["call_id"] for call in found["calls"]] == [f"call-{n}" for n in range(120)]
    assert found["report"]["skills"][0]["recommendations"][0]["text"] == "Ask what hurts."


MISSED = Item(
    item_id="call-121",
    day="2026-11-03",
    state=stage_pb2.ITEM_STATE_SKIPPED,
    reason=stage_pb2.REASON_MISSED_CALL,
    message="nobody answered",
)
DAMAGED = Item(
    item_id="call-122",
    day="2026-11-04",
    state=stage_pb2.ITEM_STATE_FAILED,
    reason=stage_pb2.REASON_BAD_AUDIO,
    message="it cannot be decoded",
)


async def test_calls_that_failed_or_were_skipped_stand_in_the_report(
    services: tuple[Services, str],
) -> None:
    played, address = services
    played.items = {stage_pb2.STAGE_CALL_SYNC: [MISSED], stage_pb2.STAGE_TRANSCRIPTION: [DAMAGED]}
    days = (DAYS.start_date, DAYS.end_date)
    _, out, _ = await reported(address, "clinic", *days)
    _, short, _ = await reported(address, "clinic", *days, "--limit", "1")
    _, first, _ = await reported(address, "clinic", *days, "--limit", "1", "--json")

    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "2026-11-03 call-121 call_sync skipped missed call: nobody answered" in lines
    assert "2026-11-04 call-122 transcription failed bad audio: it cannot be decoded" in lines
    assert "and more: potok items" not in out
    assert "and more: potok items" in short
    [left_out] = json.loads(first)["failed_or_skipped"]
    assert (left_out["stage"], left_out["item_id"]) == ("call_sync", "call-121")


async def test_a_range_without_calls_says_what_to_do(services: tuple[Services, str]) -> None:
    services[0].report = RangeReport(range=DAYS)
    code, out, _ = await reported(services[1], "clinic", DAYS.start_date, DAYS.end_date)
    assert code == 0
    again = f"potok run clinic {DAYS.start_date} {DAYS.end_date}"
    assert f"nothing has been analysed there: {again}" in out
    assert "open recommendations" not in out, "they are of other days"


async def test_the_report_of_an_unknown_client_is_refused(services: tuple[Services, str]) -> None:
    code, _, err = await reported(services[1], "nobody", DAYS.start_date)
    assert code == 1
    assert err.startswith("error: client nobody is unknown")
    assert "potok client list" in err


async def test_a_report_is_written_to_files(services: tuple[Services, str], tmp_path: Path) -> None:
    days = (DAYS.start_date, DAYS.end_date)
    calls, book = tmp_path / "calls.csv", tmp_path / "report.xlsx"

    code, out, err = await reported(
        services[1], "clinic", *days, "--csv", f"{calls}", "--xlsx", f"{book}"
    )

    assert (code, out) == (0, "")
    assert err.split() == ["written", "to", f"{calls}", "written", "to", f"{book}"]
    assert calls.read_bytes() == b"REPORT_FORMAT_CSV"
    assert book.read_bytes() == b"REPORT_FORMAT_XLSX"

    code, _, err = await reported(services[1], "clinic", *days, "--csv", f"{tmp_path}")
    assert (code, err) == (1, f"error: {tmp_path} cannot be written: Is a directory\n")
    code, _, err = await reported(services[1], "clinic", *days, "--csv", f"{calls}", "--json")
    assert code == 2
    assert "name a file or --json" in err


async def test_advice_is_closed_by_the_beginning_of_its_id(services: tuple[Services, str]) -> None:
    played, address = services
    comment = ("--dismiss", "--comment", "not ours")

    code, out, _ = await called(address, "advice", "close", "clinic", "1111", *comment)

    assert (code, out) == (0, "advice 11111111 is dismissed\n")
    closed = played.closed
    assert (closed.owner, closed.recommendation_id) == ("client:clinic", OPEN_ADVICE.id)
    assert (closed.state, closed.comment) == (RECOMMENDATION_STATE_DISMISSED, "not ours")


async def test_advice_without_a_verdict_or_with_an_unknown_id_is_refused(
    services: tuple[Services, str],
) -> None:
    without, _, _ = await called(services[1], "advice", "close", "clinic", "1111")
    unknown, _, err = await called(services[1], "advice", "close", "clinic", "9", "--done")

    assert (without, unknown) == (2, 2)
    assert "potok advice list clinic --all" in err
