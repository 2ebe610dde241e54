"""Search in what was said, over a real server and Postgres."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from potok.call_sync.v1 import call_service_pb2 as pb
from potok.call_sync.v1 import listed_call_pb2

from tests.call_scene import CLINIC, CallScene, a_call_at, call_scene
from tests.conftest import Database


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[CallScene]:
    async with call_scene(database) as scene:
        yield scene


async def found(scene: CallScene, query: str, **given: Any) -> list[Any]:
    """Return the calls in which something was said."""
    calls: list[Any] = []
    request = pb.SearchCallsRequest(
        owner=CLINIC, query=query, filter=listed_call_pb2.CallFilter(**given), page_size=2
    )
    async with scene.stub() as stub:
        while True:
            page = await stub.SearchCalls(request)
            calls += page.calls
            if not page.next_page_token:
                return calls
            request.page_token = page.next_page_token


def shown(passage: Any) -> str:
    """Return a passage with its highlights in brackets."""
    text, done = "", 0
    for span in passage.highlights:
        text += passage.text[done : span.start] + "[" + passage.text[span.start : span.end] + "]"
        done = span.end
    return f"{text}{passage.text[done:]}"


async def test_words_are_found_in_all_their_forms_with_turn_and_second(scene: CallScene) -> None:
    await scene.list(a_call_at("c1", 1), a_call_at("c2", 2), a_call_at("c3", 3))
    await scene.say("c1", "Клиника, добрый день", "Сколько стоят имплантаты и приёмы?")
    await scene.say("c2", "Цену имплантата скажет врач", "Спасибо, запишите на приём")
    await scene.say("c3", "We are recording appointments", "thanks")

    calls = await found(scene, "имплантат")

    assert [call.call.call.call_id for call in calls] == ["c2", "c1"]
    [passage] = calls[1].passages
    assert (passage.turn, passage.start_seconds) == (1, 10.0)
    assert shown(passage) == "Сколько стоят [имплантаты] и приёмы?"
    assert [c.call.call.call_id for c in await found(scene, "appointment recorded")] == ["c3"]
    assert [c.call.call.call_id for c in await found(scene, "имплантат -врач")] == ["c1"]
    assert [c.call.call.call_id for c in await found(scene, '"запишите на прием"')] == ["c2"]
    assert [c.call.call.call_id for c in await found(scene, '"приём запишите"')] == []
    assert [c.call.call.call_id for c in await found(scene, "врач or thank")] == ["c3", "c2"]
