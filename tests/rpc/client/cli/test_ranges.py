"""`potok transcript`, `recording`, `history` and `ledger` against services that answer what the test says."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api import httpbody_pb2
from google.protobuf import timestamp_pb2
from potok.call_sync.v1 import account_service_pb2 as account_pb
from potok.call_sync.v1 import account_service_pb2_grpc as account_grpc
from potok.call_sync.v1 import recording_service_pb2 as recording_pb
from potok.call_sync.v1 import recording_service_pb2_grpc as recording_grpc
from potok.coordinator.v1 import coordinator_service_pb2 as coordinator_pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as coordinator_grpc
from potok.coordinator.v1.range_status_pb2 import StageLedger
from potok.recommendations.v1 import recommendations_service_pb2 as recommendations_pb
from potok.recommendations.v1 import recommendations_service_pb2_grpc as recommendations_grpc
from potok.recommendations.v1.reported_calls_pb2 import ReportedCalls, TableCount
from potok.status.v1 import audit_pb2, stage_pb2
from potok.transcription.v1 import transcription_service_pb2 as transcription_pb
from potok.transcription.v1 import transcription_service_pb2_grpc as transcription_grpc

from tests.command_line import potok
from tests.identity import client_environment

DAY = "2026-11-02"
FIRST = (stage_pb2.STAGE_CALL_SYNC, stage_pb2.STAGE_TRANSCRIPTION, stage_pb2.STAGE_ANALYSIS)


class Services(
    coordinator_grpc.CoordinatorServiceServicer,
    recommendations_grpc.RecommendationsServiceServicer,
    transcription_grpc.TranscriptionServiceServicer,
    recording_grpc.RecordingServiceServicer,
    account_grpc.AccountServiceServicer,
):
    """Services at one address."""

    def __init__(self) -> None:
        self.is_admin = False
        self.ledger = [
            StageLedger(stage=stage, found=3, success=2, failed=1, available=2, covered_days=1)
            for stage in FIRST
        ]
        self.ledger += [
            StageLedger(stage=stage, found=2, success=2, available=2)
            for stage in (stage_pb2.STAGE_RECOMMENDATIONS, stage_pb2.STAGE_REPORTING)
        ]
        self.reported = ReportedCalls(
            rolled_up_calls=2,
            tables=[
                TableCount(table="calls", rows=2, expected_rows=2),
                TableCount(table="objections", rows=4, expected_rows=4),
                TableCount(table="dates", rows=9),
            ],
        )

    async def GetLedger(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return coordinator_pb.GetLedgerResponse(stages=self.ledger)

    async def CountReportedCalls(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return recommendations_pb.CountReportedCallsResponse(reported=self.reported)

    async def ExportTranscript(self, request: Any, context: Any) -> Any:  # noqa: N802
        if request.call_id != "call-1":
            text = f"call {request.call_id} has no transcript"
            await context.abort(grpc.StatusCode.NOT_FOUND, text)
        form = transcription_pb.ExportFormat.Name(request.format)
        return transcription_pb.ExportTranscriptResponse(
            content=f"{form}\nДобрый день\n", file_name="../call-1.srt"
        )

    async def GetRecording(self, request: Any, context: Any) -> Any:  # noqa: N802
        if request.call_id == "call-2":
            await context.abort(grpc.StatusCode.NOT_FOUND, "call call-2 has no recording")
        headers = (("content-disposition", 'inline; filename="call-1.mp3"'),)
        await context.send_initial_metadata(headers)
        for piece in (b"sou", b"nd"):
            yield httpbody_pb2.HttpBody(content_type="audio/mpeg", data=piece)
        if request.call_id == "call-3":
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the store does not answer")

    async def ListAuditEntries(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return coordinator_pb.ListAuditEntriesResponse(entries=[an_entry(3, "START_RUN")])

    async def ListRecommendationAudit(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return recommendations_pb.ListRecommendationAuditResponse()

    async def ListRecordingAudit(self, request: Any, _context: Any) -> Any:  # noqa: N802
        if not request.page_token:
            entries = [an_entry(4, "HEAR_RECORDING")]
            return recording_pb.ListRecordingAuditResponse(entries=entries, next_page_token="more")
        return recording_pb.ListRecordingAuditResponse(entries=[an_entry(1, "HEAR_RECORDING")])

    async def ListTranscriptAudit(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        entries = [an_entry(2, "EXPORT_TRANSCRIPT", "srt")]
        return transcription_pb.ListTranscriptAuditResponse(entries=entries)

    async def ListAccountAudit(self, _request: Any, context: Any) -> Any:  # noqa: N802
        if not self.is_admin:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "not for you")
        return account_pb.ListAccountAuditResponse(entries=[an_entry(5, "ADD_ACCOUNT")])


def an_entry(minute: int, action: str, detail: str = "") -> audit_pb2.AuditEntry:
    return audit_pb2.AuditEntry(
        actor="anna",
        time=timestamp_pb2.Timestamp(seconds=60 * minute),
        action=audit_pb2.AuditAction.Value(f"AUDIT_ACTION_{action}"),
        owner="client:clinic",
        subject="call-1",
        detail=detail,
    )


@pytest.fixture
def services() -> Services:
    return Services()  # type: ignore[abstract]  # the other RPCs are not asked for


@pytest.fixture
async def environment(services: Services) -> AsyncIterator[dict[str, str]]:
    server = grpc.aio.server()
    coordinator_grpc.add_CoordinatorServiceServicer_to_server(services, server)
    recommendations_grpc.add_RecommendationsServiceServicer_to_server(services, server)
    transcription_grpc.add_TranscriptionServiceServicer_to_server(services, server)
    recording_grpc.add_RecordingServiceServicer_to_server(services, server)
    account_grpc.add_AccountServiceServicer_to_server(services, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    yield client_environment(address)
    await server.stop(None)


async def test_a_ledger_that_holds_says_so(environment: dict[str, str]) -> None:
    code, out, _ = await potok("ledger", "clinic", DAY, environment=environment)

    assert code == 0
    assert out.splitlines()[1].split()[:6] == ["call_sync", "3", "2", "0", "1", "0"]
    assert "calls 2, objections 4, dates 9" in out
    assert out.splitlines()[-1] == "the ledger holds"


@pytest.mark.parametrize(
    ("spoil", "gap"),
    [
        (
            lambda s: setattr(s.ledger[1], "found", 4),
            "transcription: 4 found, but 3 accounted for",
        ),
        (
            lambda s: setattr(s.reported, "rolled_up_calls", 1),
            "recommendations: 2 calls have a result, but 1 are rolled up",
        ),
        (
            lambda s: setattr(s.reported.tables[0], "rows", 1),
            "reporting.calls: 1 rows, but 2 expected",
        ),
        (
            lambda s: setattr(s.reported.tables[1], "rows", 3),
            "reporting.objections: 3 rows, but 4 expected",
        ),
    ],
    ids=["stage", "rolled up", "calls", "objections"],
)
async def test_a_ledger_that_does_not_hold_names_the_gap(
    services: Services, environment: dict[str, str], spoil: Any, gap: str
) -> None:
    spoil(services)
    code, out, _ = await potok("ledger", "clinic", DAY, "--json", environment=environment)

    assert code == 1
    assert json.loads(out)["gaps"] == [gap]


async def test_rows_of_stages_with_work_left_are_not_counted(
    services: Services, environment: dict[str, str]
) -> None:
    services.ledger[-1].MergeFrom(StageLedger(found=3, pending=1))
    services.reported.tables[1].rows = 3

    assert (await potok("ledger", "clinic", DAY, environment=environment))[0] == 0


async def test_a_transcript_is_printed_as_asked(environment: dict[str, str]) -> None:
    code, out, _ = await potok(
        "transcript", "clinic", "call-1", "--format", "vtt", environment=environment
    )

    assert (code, out) == (0, "EXPORT_FORMAT_VTT\nДобрый день\n")


async def test_a_transcript_is_written_into_a_folder_under_its_name(
    environment: dict[str, str], tmp_path: Path
) -> None:
    into = ("-f", "srt", "-o", str(tmp_path))
    code, out, err = await potok("transcript", "clinic", "call-1", *into, environment=environment)

    assert (code, out) == (0, "")
    written = (tmp_path / "call-1.srt").read_text()
    assert written.startswith("EXPORT_FORMAT_SRT"), "and nowhere above the folder"
    assert "written to" in err


async def test_a_call_without_a_transcript_says_where_to_look(environment: dict[str, str]) -> None:
    code, _, err = await potok("transcript", "clinic", "call-9", environment=environment)

    assert code == 1
    assert err.splitlines()[0] == "error: call call-9 has no transcript"
    assert "potok items" in err


def names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


@pytest.mark.parametrize("output", ["", "named.mp3"])
async def test_a_recording_is_written_to_a_file_or_a_folder(
    environment: dict[str, str], tmp_path: Path, output: str
) -> None:
    code, out, err = await potok(
        "recording", "clinic", "call-1", "-o", str(tmp_path / output), environment=environment
    )

    file = tmp_path / (output or "call-1.mp3")
    assert (code, out) == (0, "")
    assert str(file) in err.replace("\n", "")
    assert names(tmp_path) == [file.name]
    assert file.read_bytes() == b"sound"


@pytest.mark.parametrize("call_id", ["call-2", "call-3"])
async def test_a_recording_that_is_not_there_or_breaks_off_leaves_no_file(
    environment: dict[str, str], tmp_path: Path, call_id: str
) -> None:
    code, _, err = await potok(
        "recording", "clinic", call_id, "-o", str(tmp_path), environment=environment
    )

    assert code in (1, 6)
    assert err.startswith("error: ")
    assert names(tmp_path) == []


async def test_a_recording_goes_into_a_device_as_it_is(environment: dict[str, str]) -> None:
    code, out, _ = await potok(
        "recording", "clinic", "call-1", "-o", "/dev/stdout", environment=environment
    )

    assert (code, out) == (0, "sound")


async def test_the_history_of_a_client_merges_what_all_services_kept(
    environment: dict[str, str],
) -> None:
    _, out, _ = await potok("history", "clinic", "--json", environment=environment)

    assert [each["action"] for each in json.loads(out)] == [
        "AUDIT_ACTION_HEAR_RECORDING",
        "AUDIT_ACTION_START_RUN",
        "AUDIT_ACTION_EXPORT_TRANSCRIPT",
        "AUDIT_ACTION_HEAR_RECORDING",
    ]


@pytest.mark.parametrize("is_admin", [True, False])
async def test_the_history_of_all_has_accounts_for_who_may_see_them(
    services: Services, environment: dict[str, str], is_admin: bool
) -> None:
    services.is_admin = is_admin
    code, out, _ = await potok("history", environment=environment)

    assert code == 0
    assert "start run" in out
    assert ("add account" in out) == is_admin
