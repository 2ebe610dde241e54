"""`potok bot` as a user has it: a process, a real coordinator, the outside and the stages played by the test."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from potok.recommendations.v1 import meeting_tasks_pb2
from potok.status.v1 import stage_pb2

from tests.conftest import Database
from tests.coordination import PATIENCE, Coordination, Replica, coordination
from tests.fakes.player import Player
from tests.identity import client_environment, token

POTOK = Path(sys.executable).with_name("potok")
MEET = "https://meet.google.com/abc-defg-hij"


@dataclass(frozen=True)
class World:
    """A coordinator and a shell in front of it, of the user anna."""

    coordination: Coordination
    replica: Replica
    player: Player

    async def started(self, *arguments: str) -> asyncio.subprocess.Process:
        environment = client_environment(self.replica.address, POTOK_TOKEN=token("anna"))
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            POTOK, "bot", *arguments, env=environment, stdout=pipe, stderr=pipe
        )

    async def potok(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command to its end; returns its exit code and what it wrote."""
        process = await self.started(*arguments)
        async with asyncio.timeout(2 * PATIENCE):
            out, err = await process.communicate()
        assert process.returncode is not None
        assert "Traceback" not in err.decode()
        return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with coordination(database) as coordinated, coordinated.replica() as replica:
        player = Player(coordinated.stages, replica.stub)
        player.gate.set()
        async with player.playing():
            yield World(coordinated, replica, player)


async def said(process: asyncio.subprocess.Process, wanted: str) -> None:
    """Read lines of a process up to one with `wanted` in it."""
    assert process.stdout
    async with asyncio.timeout(PATIENCE):
        while wanted not in (line := (await process.stdout.readline()).decode()):
            assert line, f"it ended without saying {wanted!r}"


async def test_a_bot_is_started_and_followed_to_its_tasks(world: World) -> None:
    bots = world.coordination.bots
    bots.tasks["bot_1"] = meeting_tasks_pb2.MeetingTasks(
        summary="They met.",
        tasks=[meeting_tasks_pb2.MeetingTask(title="Send the offer", assignee="Boris")],
    )
    process = await world.started("start", MEET, "--name", "Secretary")
    await said(process, "bot bot_1: initialized")
    await bots.report("bot_1", "connecting", detail="waiting_room")
    await said(process, "bot bot_1: connecting, waiting room")
    await bots.report("bot_1", "connected", media_ready=True)
    async with asyncio.timeout(PATIENCE):
        out, _ = await process.communicate()
    text = out.decode()

    assert process.returncode == 0
    assert bots.started[0].bot_name == "Secretary"
    for state in ("transcribing", "analyzing meeting", "creating tasks", "done"):
        assert f"bot bot_1: {state}" in text
    assert "They met." in text
    assert "Send the offer" in text


async def test_a_bot_that_fails_has_its_exit_code_and_says_why(world: World) -> None:
    world.player.failing = {stage_pb2.STAGE_TRANSCRIPTION: 1}
    await world.coordination.bots.report("bot_7", "connected", media_ready=True)
    code, out, _ = await world.potok("watch", "bot_7", "--json")
    lines = [json.loads(line) for line in out.splitlines()]

    assert code == 4
    assert lines[0]["reset"] is True
    assert lines[-1]["bot"]["status"] == "error"
    assert lines[-1]["bot"]["error_message"] == "it cannot be decoded"


async def test_a_run_of_a_meeting_is_watched_by_its_own_id_too(world: World) -> None:
    await world.coordination.bots.report("bot_7", "connected", media_ready=True)
    _, out, _ = await world.potok("list", "--json")
    run_id = json.loads(out)[0]["run_id"]
    environment = client_environment(world.replica.address, POTOK_TOKEN=token("anna"))
    process = await asyncio.create_subprocess_exec(
        POTOK, "watch", run_id, env=environment, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE):
        seen, _ = await process.communicate()

    assert process.returncode == 0
    assert f"run {run_id[:8]} of bot bot_7" in seen.decode()


async def test_a_status_shows_what_was_said_about_the_bot(world: World) -> None:
    code, out, _ = await world.potok("start", MEET, "--no-watch", "--json")
    answer = json.loads(out)
    status = await world.potok("status", "bot_1")
    both = await world.potok("status", "bot_1", "--observations", "--json")

    assert (code, answer["bot_id"], answer["status"]) == (0, "bot_1", "initialized")
    assert "initialized" in status[1]
    assert json.loads(both[1])["observations"] == []
    assert json.loads(both[1])["result_data"] is None


async def test_bots_are_listed_and_stopped(world: World) -> None:
    await world.coordination.bots.report("bot_7", "connected")
    listed = await world.potok("list", "--state", "connected")
    none = await world.potok("list", "--state", "done")
    stopped = await world.potok("stop", "bot_7")

    assert "bot_7" in listed[1]
    assert "no bots" in none[1]
    assert "asked to leave" in stopped[1]
    assert world.coordination.bots.stopped == ["bot_7"]


async def test_an_unknown_bot_is_said_to_be_with_what_to_do(world: World) -> None:
    for command in ("status", "watch", "stop"):
        code, _, err = await world.potok(command, "bot_9")
        assert code == 1
        assert err.startswith("error: there is no bot bot_9")
        assert "potok bot list" in err
