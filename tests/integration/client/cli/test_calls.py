"""`potok calls`, `call` and `search` as a user has them: processes, the list of calls over a real server and Postgres."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1.coordinator_service_pb2_grpc import (
    CoordinatorServiceServicer,
    add_CoordinatorServiceServicer_to_server,
)
from potok.coordinator.v1.run_pb2 import Client
from potok.status.v1.progress_pb2 import ClientSettings

from services.call_sync.domain import Card
from services.status.domain import ItemState, Reason, Stage
from tests.call_scene import START, CallScene, a_call_at, call_scene
from tests.command_line import Said, potok
from tests.conftest import Database
from tests.identity import client_environment, token


class Clients(CoordinatorServiceServicer):
    """Knows in which zone the days of clients are."""

    async def GetClient(  # noqa: N802
        self,
        request: pb.GetClientRequest,
        context: Any,  # noqa: ARG002
    ) -> pb.GetClientResponse:
        settings = ClientSettings(time_zone="Asia/Yekaterinburg")
        return pb.GetClientResponse(client=Client(client_id=request.client_id, settings=settings))


@dataclass(frozen=True, slots=True)
class World:
    """A clinic's calls, and a shell in front of them."""

    scene: CallScene

    async def potok(self, *arguments: str, **more: str) -> Said:
        return await potok(*arguments, environment=client_environment(self.scene.address, **more))


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    def others(server: grpc.aio.Server) -> None:
        add_CoordinatorServiceServicer_to_server(Clients(), server)  # type: ignore[abstract]  # one RPC is asked

    async with call_scene(database, others) as scene:
        card = Card(kind="lead", card_id="5", link="https://clinic.amocrm.ru/leads/detail/5")
        await scene.list(
            *(a_call_at(f"call-{n}", n, employee="Анна" if n % 2 else "Олег") for n in range(120)),
            a_call_at("judged", 500, card=card, contact="+7 916 123-45-67"),
            a_call_at("failed", 600, duration_seconds=None, employee="Evil\x1b[2J"),
        )
        await scene.say("judged", "Добрый день", "Сколько стоит [red]имплант[/red]?")
        await scene.find("judged", call_type="price_inquiry", outcome="thinking", score=41.0)
        await scene.change(
            Stage.TRANSCRIPTION,
            ["failed"],
            ItemState.FAILED,
            output=0,
            reason=Reason.INTERNAL,
            message="it broke",
        )
        yield World(scene)


def ids(listed: Said) -> list[str]:
    return [call["call"]["call_id"] for call in json.loads(listed.out)]


async def test_calls_are_listed_the_latest_first_over_pages_and_say_how_many_more(
    world: World,
) -> None:
    listed = await world.potok("calls", "clinic", "--limit", "110", "--json")
    shown = await world.potok("calls", "clinic", "--limit", "2", COLUMNS="200")

    assert listed.code == 0
    latest = [f"call-{n}" for n in range(119, -1, -1)]
    assert ids(listed) == ["failed", "judged", *latest[:108]]
    assert "only the latest 2 of 122 are shown: --limit 20" in shown.err
    [failed, judged] = [
        line for line in shown.out.splitlines() if "failed" in line or "judged" in line
    ]
    assert "24:00" not in shown.out
    assert "22:20" in judged  # 17:20 in the client's zone
    for word in ("+7 916 123-45-67", "price_inquiry", "thinking", "41"):
        assert word in judged
    assert "\x1b[2J" not in failed


async def test_the_options_of_calls_leave_out_what_they_say(world: World) -> None:
    expected = {
        ("--outcome", "thinking"): ["judged"],
        ("--type", "price_inquiry", "--max-score", "41"): ["judged"],
        ("--max-score", "40"): [],
        ("--stage", "transcription", "--state", "failed"): ["failed"],
        ("--contact", "4567"): ["judged"],
        ("--missed",): [],
        ("--recorded",): [],
        (str(START.date()), "--employee", "Анна", "--limit", "2"): ["judged", "call-119"],
    }
    for options, found in expected.items():
        listed = await world.potok("calls", "clinic", *options, "--json")
        assert (listed.code, ids(listed)) == (0, found), options

    none = await world.potok("calls", "clinic", "--missed")
    assert "there are no such calls" in none.out
    assert "is being copied" in none.err


async def test_one_call_is_shown_with_its_stages_and_its_card(world: World) -> None:
    judged = await world.potok("call", "clinic", "judged")
    failed = await world.potok("call", "clinic", "failed", COLUMNS="160")
    as_json = await world.potok("call", "clinic", "judged", "--json")

    assert (judged.code, failed.code) == (0, 0)
    assert "lead https://clinic.amocrm.ru/leads/detail/5" in judged.out
    assert "it broke" in failed.out
    call = json.loads(as_json.out)
    assert (call["call"]["call_id"], call["outcome"], call["score"]) == ("judged", "thinking", 41.0)
    assert call["call"]["card"]["kind"] == "lead"


async def test_what_was_said_is_found_with_the_words_around_it(world: World) -> None:
    found = await world.potok("search", "clinic", '"сколько стоит"', "импланты")
    as_json = await world.potok("search", "clinic", "имплант", "--json")
    none = await world.potok("search", "clinic", "синхрофазотрон")

    assert found.code == 0
    assert "Сколько стоит [red]имплант[/red]?" in found.out
    assert "client: " in found.out
    [call] = json.loads(as_json.out)
    assert call["call"]["call"]["call_id"] == "judged"
    assert [passage["turn"] for passage in call["passages"]] == [1]
    assert (none.code, none.out.strip()) == (0, "nobody said so")


async def test_refusals_say_what_to_do(world: World) -> None:
    anna = token("anna", clients=["other"])
    refused = {
        ("call", "clinic", "nope"): (1, "error: call nope is not known"),
        ("search", "clinic", "и"): (1, "error: query: write a word"),
        ("calls", "clinic", "--contact", "12"): (1, "write at least four digits"),
        ("calls", "clinic", "--state", "failed"): (2, "--stage"),
        ("search", "clinic", "цена", "--to", "2026-03-01"): (2, "--from"),
        ("calls", "clinic", "2026-03-02", "2026-03-01"): (1, "lies before filter.range.start_date"),
    }
    for command, (code, words) in refused.items():
        said = await world.potok(*command)
        assert (said.code, words in said.err) == (code, True), (command, said.err)
    stranger = await world.potok("calls", "clinic", POTOK_TOKEN=anna)
    assert stranger.code == 1
    assert stranger.err.startswith("error: ")
