"""The service as it is started, over a folder and a real database; nobody takes its reports."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import grpc
import pytest
from potok.call_sync.v1 import call_service_pb2
from potok.call_sync.v1 import call_sync_service_pb2 as pb
from potok.call_sync.v1.call_service_pb2_grpc import CallServiceStub
from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceStub
from potok.stage.v1 import stage_service_pb2
from potok.status.v1 import progress_pb2, stage_pb2

from tests.builders.call_sync import WAV
from tests.conftest import Database
from tests.identity import identity_told, open_channel
from tests.processes import refused_start, running_service
from tests.stage_runs import a_stage_request, items_of, run_to_end
from tests.waiting import until, until_ready

if TYPE_CHECKING:
    from potok.call_sync.v1.call_service_pb2_grpc import CallServiceAsyncStub
    from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceAsyncStub

CLINIC = "client:clinic"
MARCH = progress_pb2.DateRange(start_date="2026-03-01", end_date="2026-03-31")
MANIFEST = """call_id;file;start_time
recorded;a.wav;2026-03-01T09:30
missed;;2026-03-01T09:40
lost;b.wav;2026-03-02T11:00
page;c.wav;2026-03-02T12:00
"""


@pytest.fixture
async def address(database: Database, free_port: int, tmp_path: Path) -> AsyncIterator[str]:
    """Where a process of the service listens."""
    address = f"127.0.0.1:{free_port}"
    settings = {
        **identity_told(database, "call_sync"),
        "LISTEN": address,
        **dict.fromkeys(
            ("COORDINATOR", "TRANSCRIPTION", "ANALYSIS", "RECOMMENDATIONS"), "127.0.0.1:1"
        ),
        "REPORT_TIMEOUT": "PT1S",
        "RECORDINGS": f"file://{tmp_path}/kept",
        "RECORDING_DELAYS": json.dumps(["PT0.2S"] * 50),
    }
    async with running_service("call_sync", settings):
        yield address


@pytest.fixture
async def channel(address: str) -> AsyncIterator[grpc.aio.Channel]:
    async with open_channel(address) as channel:
        await until_ready(channel)
        yield channel


async def run(
    channel: grpc.aio.Channel,
    folder: Path,
    execution: int,
    mode: "stage_pb2.RunMode.ValueType",
    days: progress_pb2.DateRange = MARCH,
) -> dict[str, Any]:
    """Run the stage to its end; returns its items by id."""
    request = request_of(folder, execution, mode, days)
    await run_to_end(channel, request)
    return await items_of(channel, request)


def request_of(
    folder: Path,
    execution: int = 1,
    mode: "stage_pb2.RunMode.ValueType" = stage_pb2.RUN_MODE_PENDING,
    days: progress_pb2.DateRange = MARCH,
) -> stage_service_pb2.RunStageRequest:
    return a_stage_request(
        stage_pb2.STAGE_CALL_SYNC, execution, days, mode=mode, source=f"folder:{folder}"
    )


async def listed(channel: grpc.aio.Channel, states: dict[str, str]) -> None:
    """Wait until an administrator finds the calls in these states of the stage, and no others."""
    stub: CallServiceAsyncStub = CallServiceStub(channel)

    async def are_listed() -> bool:
        answer = await stub.ListCalls(call_service_pb2.ListCallsRequest(owner=CLINIC))
        return states == {
            listed.call.call_id: stage_pb2.ItemState.Name(stage.state).removeprefix("ITEM_STATE_")
            for listed in answer.calls
            for stage in listed.stages
        }

    await until(are_listed, "the calls are listed as they are")


async def recording(channel: grpc.aio.Channel, call_id: str = "recorded") -> bytes:
    stub: CallSyncServiceAsyncStub = CallSyncServiceStub(channel)
    request = pb.ReadRecordingRequest(owner=CLINIC, call_id=call_id)
    return b"".join([response.data async for response in stub.ReadRecording(request)])


async def test_a_folder_becomes_items_and_recordings_and_a_changed_file_is_fetched_again(
    channel: grpc.aio.Channel, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "calls.csv").write_text(MANIFEST)
    (tmp_path / "a.wav").write_bytes(WAV)
    (tmp_path / "c.wav").write_bytes(b"<html>log in</html>")

    items = await run(channel, tmp_path, 1, stage_pb2.RUN_MODE_PENDING)

    assert {call_id: (item.state, item.reason, item.day) for call_id, item in items.items()} == {
        "recorded": (stage_pb2.ITEM_STATE_SUCCESS, 0, "2026-03-01"),
        "missed": (stage_pb2.ITEM_STATE_SKIPPED, stage_pb2.REASON_MISSED_CALL, "2026-03-01"),
        "lost": (stage_pb2.ITEM_STATE_FAILED, stage_pb2.REASON_RECORDING_MISSING, "2026-03-02"),
        "page": (stage_pb2.ITEM_STATE_FAILED, stage_pb2.REASON_NOT_AUDIO, "2026-03-02"),
    }
    assert await recording(channel) == WAV

    (tmp_path / "a.wav").write_bytes(WAV + b"changed")
    (tmp_path / "b.wav").write_bytes(WAV)
    (tmp_path / "calls.csv").write_text(MANIFEST.replace("page;c.wav", "other;b.wav"))
    items = await run(channel, tmp_path, 2, stage_pb2.RUN_MODE_ALL)

    states = {call_id: item.state for call_id, item in items.items()}
    assert states == {
        "recorded": stage_pb2.ITEM_STATE_SUCCESS,
        "missed": stage_pb2.ITEM_STATE_SKIPPED,
        "lost": stage_pb2.ITEM_STATE_SUCCESS,
        "other": stage_pb2.ITEM_STATE_SUCCESS,
    }
    assert await recording(channel) == WAV + b"changed"
    gone = pb.GetCallsRequest(owner=CLINIC, call_ids=["page"])
    stub: CallSyncServiceAsyncStub = CallSyncServiceStub(channel)
    assert not (await stub.GetCalls(gone)).calls
    await listed(
        channel, {"recorded": "SUCCESS", "missed": "SKIPPED", "lost": "SUCCESS", "other": "SUCCESS"}
    )
    async with database.pool("call_sync_system") as pool:
        assert await pool.fetchval("SELECT item_id FROM removed_items") == "page"


async def test_a_pending_run_takes_new_and_rewritten_files_of_a_folder_without_a_manifest(
    channel: grpc.aio.Channel, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()

    def write(name: str, content: bytes, day: int) -> None:
        (folder / name).write_bytes(content)
        at = datetime(2026, 3, day, 12, tzinfo=UTC).timestamp()
        os.utime(folder / name, (at, at))

    write("a.wav", WAV + b"a", 1)
    write("b.wav", WAV + b"b", 1)
    first = await run(channel, folder, 1, stage_pb2.RUN_MODE_PENDING)
    write("a.wav", WAV + b"rewritten", 2)
    write("c.wav", WAV + b"c", 3)
    second = await run(channel, folder, 2, stage_pb2.RUN_MODE_PENDING)

    assert {item.state for item in second.values()} == {stage_pb2.ITEM_STATE_SUCCESS}
    assert sorted((item.day, item.execution) for item in second.values()) == [
        ("2026-03-01", 1),
        ("2026-03-02", 2),
        ("2026-03-03", 2),
    ]
    assert first.keys() < second.keys()
    [rewritten] = [i for i in first if second[i].execution == 2]
    assert await recording(channel, rewritten) == WAV + b"rewritten"


async def test_a_recording_that_comes_while_the_stage_waits_for_it_is_taken(
    channel: grpc.aio.Channel, tmp_path: Path
) -> None:
    started_at = datetime.now(UTC) - timedelta(hours=1)
    day = started_at.astimezone(ZoneInfo("Europe/Moscow")).date().isoformat()
    days = progress_pb2.DateRange(start_date=day, end_date=day)

    def list_call(file: str) -> None:
        row = f"late,{file},{started_at.isoformat()},30,yes"
        draft = tmp_path / "draft"
        draft.write_text(f"call_id,file,start_time,duration_seconds,answered\n{row}\n")
        draft.rename(tmp_path / "calls.csv")

    list_call("")
    running = asyncio.create_task(run(channel, tmp_path, 1, stage_pb2.RUN_MODE_PENDING, days))

    async def waits() -> Any:
        late = (await items_of(channel, request_of(tmp_path, days=days))).get("late")
        return late if late and late.reason == stage_pb2.REASON_NO_RECORDING_YET else None

    late = await until(waits, "the call waits for its recording")
    assert late.state == stage_pb2.ITEM_STATE_PENDING
    (tmp_path / "a.wav").write_bytes(WAV)
    list_call("a.wav")

    assert (await running)["late"].state == stage_pb2.ITEM_STATE_SUCCESS
    assert await recording(channel, "late") == WAV


async def test_a_manifest_with_a_fault_fails_the_execution_before_anything_is_taken(
    channel: grpc.aio.Channel, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "calls.csv").write_text("file,start_time\na.wav,2026-03-01T09:30\nb.wav,soon\n")

    assert await run(channel, tmp_path, 1, stage_pb2.RUN_MODE_PENDING) == {}

    async with database.pool("call_sync_system") as pool:
        row = await pool.fetchrow("SELECT state, reason, message FROM executions")
    assert row
    assert (row["state"], row["reason"]) == ("FAILED", "SOURCE_INVALID")
    assert "line 3, column start_time" in row["message"]


async def test_a_setting_that_is_missing_is_named_and_ends_the_process() -> None:
    errors = await refused_start("call_sync", {"RECORDINGS": "recordings"})

    assert "POTOK_CALL_SYNC_DATABASE_URL" in errors
    assert "POTOK_CALL_SYNC_RECORDINGS: write file:///" in errors
