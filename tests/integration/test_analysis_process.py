"""The service as it is started, between fakes of the services before it and a real database."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import grpc
import pytest
from potok.analysis.v1 import analysis_pb2, analysis_service_pb2
from potok.analysis.v1.analysis_service_pb2_grpc import AnalysisServiceStub
from potok.stage.v1 import stage_service_pb2
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.status.v1 import progress_pb2, stage_pb2

from services.status.domain import ExecutionNumber
from tests.conftest import Database
from tests.fakes.analysis import CLINIC, CallsBefore, a_transcript
from tests.fakes.call_sync import a_call
from tests.unit.analysis_dialogues import SAMPLES, recording

if TYPE_CHECKING:
    from potok.analysis.v1.analysis_service_pb2_grpc import AnalysisServiceAsyncStub

ROOT = Path(__file__).parents[2]
PYTHON = {"PYTHONPATH": f"{ROOT}:{ROOT}/gen"}
DAY = progress_pb2.DateRange(start_date="2026-03-01", end_date="2026-03-01")
INITIAL = {"operator": "O", "client": "C"}


@pytest.fixture
async def before() -> CallsBefore:
    """Know the three sample calls and one in which nobody speaks."""
    before = CallsBefore()
    for name in SAMPLES:
        turns = recording(name).conversation.turns
        lines = [f"{INITIAL[turn.speaker.value]}: {turn.text}" for turn in turns]
        before.transcripts[name] = a_transcript(name, lines)
    before.transcripts["silent"] = a_transcript("silent", [])
    await before.calls.upsert_calls(
        CLINIC, ExecutionNumber(1), [a_call(call_id) for call_id in before.transcripts]
    )
    return before


@pytest.fixture
async def channel(
    before: CallsBefore, database: Database, free_port: int
) -> AsyncIterator[grpc.aio.Channel]:
    """Lead to a process of the service; it must end well when it is asked to."""
    address = f"127.0.0.1:{free_port}"
    async with before.serving() as upstream:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.analysis"),
            cwd=ROOT,
            env={
                **os.environ,
                **PYTHON,
                "POTOK_ANALYSIS_DATABASE_URL": database.dsn("analysis_system"),
                "POTOK_ANALYSIS_LISTEN": address,
                "POTOK_ANALYSIS_COORDINATOR": "127.0.0.1:1",
                "POTOK_ANALYSIS_REPORT_TIMEOUT": "PT1S",
                "POTOK_ANALYSIS_UPSTREAM": upstream,
                "POTOK_ANALYSIS_CALLS": upstream,
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
    channel: grpc.aio.Channel, execution: int, *, playbook: str = "clinic"
) -> tuple[int, dict[str, Any]]:
    """Run the stage to its end; returns how it ended and its items by id."""
    stub: Any = StageServiceStub(channel)
    request = stage_service_pb2.RunStageRequest(
        execution=execution,
        stage=stage_pb2.STAGE_ANALYSIS,
        run_id=str(uuid4()),
        owner=CLINIC,
        mode=stage_pb2.RUN_MODE_ALL,
        range=DAY,
        settings=progress_pb2.ClientSettings(
            time_zone="Europe/Moscow",
            source="folder:/calls",
            playbook=playbook,
            language="ru",
            weight=1,
        ),
    )
    async with asyncio.timeout(30):
        while True:
            answer = await stub.RunStage(request, timeout=5)
            if answer.state >= stage_pb2.EXECUTION_STATE_SUCCEEDED:
                break
            await asyncio.sleep(0.05)
    listing = stage_service_pb2.ListItemsRequest(
        owner=CLINIC, stage=stage_pb2.STAGE_ANALYSIS, range=DAY
    )
    items = (await stub.ListItems(listing, timeout=5)).items
    return answer.state, {item.item_id: item for item in items}


async def listed(channel: grpc.aio.Channel) -> dict[str, analysis_pb2.Analysis]:
    stub: AnalysisServiceAsyncStub = AnalysisServiceStub(channel)
    request = analysis_service_pb2.ListAnalysesRequest(owner=CLINIC, range=DAY)
    response = await stub.ListAnalyses(request, timeout=5)
    return {analysis.call_id: analysis for analysis in response.analyses}


async def test_transcripts_become_analyses_and_those_of_calls_that_are_gone_go(
    channel: grpc.aio.Channel, before: CallsBefore
) -> None:
    state, items = await run(channel, 6)

    assert state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    assert {call_id: (item.state, item.reason) for call_id, item in items.items()} == {
        **dict.fromkeys(SAMPLES, (stage_pb2.ITEM_STATE_SUCCESS, 0)),
        "silent": (stage_pb2.ITEM_STATE_SKIPPED, stage_pb2.REASON_NO_SPEECH),
    }
    analyses = await listed(channel)
    assert {name: analysis.call_type for name, analysis in analyses.items()} == {
        name: recording(name).labels["call_type"] for name in SAMPLES
    }
    assert analyses["call1_booking"].employee == "Анна"

    del before.transcripts["call1_booking"]
    state, items = await run(channel, 7)

    assert state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    assert "call1_booking" not in items
    assert set(await listed(channel)) == set(SAMPLES) - {"call1_booking"}


async def test_a_playbook_nobody_knows_fails_the_execution_and_says_which_there_are(
    channel: grpc.aio.Channel, database: Database
) -> None:
    state, items = await run(channel, 6, playbook="bakery")

    assert (state, items) == (stage_pb2.EXECUTION_STATE_FAILED, {})
    async with database.pool("analysis_system") as pool:
        row = await pool.fetchrow("SELECT reason, message FROM executions")
    assert row
    assert row["reason"] == "SOURCE_INVALID"
    assert row["message"] == "playbook: 'bakery' is not known, there are: clinic"


async def test_a_playbook_with_a_fault_is_named_and_ends_the_process(tmp_path: Path) -> None:
    (tmp_path / "bakery.yaml").write_text("name: bakery\ncall_typos: []\n")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.analysis"),
        cwd=ROOT,
        env={
            **PYTHON,
            "POTOK_ANALYSIS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "POTOK_ANALYSIS_PLAYBOOKS": str(tmp_path),
        },
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(20):
        _, errors = await process.communicate()

    assert process.returncode == 1
    assert b"POTOK_ANALYSIS_PLAYBOOKS is not usable" in errors
    assert b"bakery.yaml, line 2: call_typos: " in errors
