"""`potok bot` as a user has it: a process, a real coordinator, the outside and the stages played by the test."""

import json
from collections.abc import AsyncIterator

import pytest
from potok.recommendations.v1 import meeting_tasks_pb2
from potok.status.v1 import stage_pb2

from tests.builders.bot_status import MEETING_URL
from tests.command_line import Shell, ended, said, shell
from tests.conftest import Database
from tests.identity import token


@pytest.fixture
async def world(database: Database) -> AsyncIterator[Shell]:
    """A shell of the user anna."""
    async with shell(database, POTOK_TOKEN=token("anna")) as world:
        yield world


async def test_a_bot_is_started_and_followed_to_its_tasks(world: Shell) -> None:
    bots = world.coordination.bots
    bots.tasks["bot_1"] = meeting_tasks_pb2.MeetingTasks(
        summary="They met.",
        tasks=[meeting_tasks_pb2.MeetingTask(title="Send the offer", assignee="Boris")],
    )
    process = await world.started("bot", "start", MEETING_URL, "--name", "Secretary")
    await said(process, "bot bot_1: initialized")
    await bots.report("bot_1", "connecting", detail="waiting_room")
    await said(process, "bot bot_1: connecting, waiting room")
    await bots.report("bot_1", "connected", media_ready=True)
    done = await ended(process)

    assert done.code == 0
    assert bots.started[0].bot_name == "Secretary"
    for state in ("transcribing", "analyzing meeting", "creating tasks", "done"):
        assert f"bot bot_1: {state}" in done.out
    assert "They met." in done.out
    assert "Send the offer" in done.out


async def test_a_bot_that_fails_has_its_exit_code_and_says_why(world: Shell) -> None:
    world.player.failing = {stage_pb2.STAGE_TRANSCRIPTION: 1}
    await world.coordination.bots.report("bot_7", "connected", media_ready=True)
    watched = await world.potok("bot", "watch", "bot_7", "--json")
    lines = [json.loads(line) for line in watched.out.splitlines()]

    assert watched.code == 4
    assert lines[0]["reset"] is True
    assert lines[-1]["bot"]["status"] == "error"
    assert lines[-1]["bot"]["error_message"] == "it cannot be decoded"


async def test_a_run_of_a_meeting_is_watched_by_its_own_id_too(world: Shell) -> None:
    await world.coordination.bots.report("bot_7", "connected", media_ready=True)
    listed = await world.potok("bot", "list", "--json")
    run_id = json.loads(listed.out)[0]["run_id"]
    watched = await world.potok("watch", run_id)

    assert watched.code == 0
    assert f"run {run_id[:8]} of bot bot_7" in watched.out


async def test_a_status_shows_what_was_said_about_the_bot(world: Shell) -> None:
    started = await world.potok("bot", "start", MEETING_URL, "--no-watch", "--json")
    answer = json.loads(started.out)
    status = await world.potok("bot", "status", "bot_1")
    both = await world.potok("bot", "status", "bot_1", "--observations", "--json")

    assert (started.code, answer["bot_id"], answer["status"]) == (0, "bot_1", "initialized")
    assert "initialized" in status.out
    assert json.loads(both.out)["observations"] == []
    assert json.loads(both.out)["result_data"] is None


async def test_bots_are_listed_and_stopped(world: Shell) -> None:
    await world.coordination.bots.report("bot_7", "connected")
    listed = await world.potok("bot", "list", "--state", "connected")
    none = await world.potok("bot", "list", "--state", "done")
    stopped = await world.potok("bot", "stop", "bot_7")

    assert "bot_7" in listed.out
    assert "no bots" in none.out
    assert "asked to leave" in stopped.out
    assert world.coordination.bots.stopped == ["bot_7"]


async def test_an_unknown_bot_is_said_to_be_with_what_to_do(world: Shell) -> None:
    for command in ("status", "watch", "stop"):
        refused = await world.potok("bot", command, "bot_9")
        assert refused.code == 1
        assert refused.err.startswith("error: there is no bot bot_9")
        assert "potok bot list" in refused.err
