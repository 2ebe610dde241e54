"""The service as it is started, between fakes of the services before it and a real database."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from potok.status.v1 import stage_pb2

from services.status.domain import ExecutionNumber
from tests.analysis_process import listed, run, the_service
from tests.builders.analysis import CLINIC
from tests.builders.call_sync import a_call
from tests.builders.transcription import a_transcript_message
from tests.conftest import Database
from tests.fakes.analysis import CallsBefore, calls_before
from tests.identity import nowhere_told
from tests.labelled_dialogues import SAMPLES, recording
from tests.processes import refused_start

INITIAL = {"operator": "O", "client": "C"}


@pytest.fixture
async def before() -> CallsBefore:
    """Know the three sample calls and one in which nobody speaks."""
    before = calls_before()
    for name in SAMPLES:
        turns = recording(name).conversation.turns
        lines = [f"{INITIAL[turn.speaker.value]}: {turn.text}" for turn in turns]
        before.transcripts[name] = a_transcript_message(name, lines)
    before.transcripts["silent"] = a_transcript_message("silent", [])
    await before.calls.upsert_calls(
        CLINIC, ExecutionNumber(1), [a_call(call_id) for call_id in before.transcripts]
    )
    return before


@pytest.fixture
async def channel(before: CallsBefore, database: Database) -> AsyncIterator[grpc.aio.Channel]:
    """Lead to a process of the service; it must end well when it is asked to."""
    async with the_service(before, database) as channel:
        yield channel


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
    assert row["message"] == "playbook: 'bakery' is not known, there are: clinic, sales"


async def test_a_playbook_with_a_fault_is_named_and_ends_the_process(tmp_path: Path) -> None:
    (tmp_path / "bakery.yaml").write_text("name: bakery\ncall_typos: []\n")

    errors = await refused_start("analysis", {**nowhere_told(), "PLAYBOOKS": str(tmp_path)})

    assert "POTOK_ANALYSIS_PLAYBOOKS is not usable" in errors
    assert "bakery.yaml, line 2: call_typos: " in errors
