"""Search in what was said, over a real server and Postgres."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from potok.call_sync.v1 import call_service_pb2 as pb
from potok.call_sync.v1 import listed_call_pb2

from services.status.domain import Owner
from tests.call_scene import CLINIC, CallScene, a_call_at, call_scene
from tests.conftest import Database
from tests.identity import seen_by, token


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


async def test_what_is_found_can_be_filtered_and_paged(scene: CallScene) -> None:
    ids = [f"c{number}" for number in range(7)]
    await scene.list(
        *(
            a_call_at(call_id, number, employee="Анна" if number % 2 else "Олег")
            for number, call_id in enumerate(ids)
        )
    )
    for call_id in ids:
        await scene.say(call_id, "Добрый день", "мне нужна чистка")

    assert [c.call.call.call_id for c in await found(scene, "чистка")] == ids[::-1]
    of_anna = await found(scene, "чистка", employee="Анна")
    assert [c.call.call.call_id for c in of_anna] == ["c5", "c3", "c1"]
    assert await found(scene, "чистка", employee="Пётр") == []


async def test_three_passages_are_shown_and_the_rest_is_counted(scene: CallScene) -> None:
    await scene.list(a_call_at("c1"))
    await scene.say(
        "c1", *["ещё одна цена"] * 5, "и всё", "говорю " * 60 + "Цены слово" + " говорю" * 60
    )

    [call] = await found(scene, "цена")

    assert ([passage.turn for passage in call.passages], call.more_passages) == ([0, 1, 2], 3)
    [other] = await found(scene, '"цена слово"')
    [long] = other.passages
    assert len(long.text) <= 300
    assert "[Цены] [слово]" in shown(long)


async def test_a_phrase_over_two_turns_is_found_with_its_words(scene: CallScene) -> None:
    await scene.list(a_call_at("c1"))
    await scene.say("c1", "хочу на приём", "завтра утром", "или вечером")

    [call] = await found(scene, '"приём завтра"')

    assert [shown(passage) for passage in call.passages] == ["хочу на [приём]", "[завтра] утром"]


@pytest.mark.parametrize("query", ["и", "-чистка", '""', "!!! & | <->", "\x01"])
async def test_a_query_without_a_word_to_look_for_is_refused(scene: CallScene, query: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await found(scene, query)

    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "query: write a word" in (refusal.value.details() or "")


@pytest.mark.parametrize("query", ["-" * 33, "цена " + "- " * 120, "цена " + "-(" * 120])
async def test_a_query_of_more_signs_than_can_be_read_is_refused(
    scene: CallScene, query: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await found(scene, query)

    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "query: write words" in (refusal.value.details() or "")


async def test_hostile_texts_are_texts(scene: CallScene) -> None:
    await scene.list(a_call_at("c1"), a_call_at("c2", 1), a_call_at("c3", 2))
    await scene.say("c1", "<script>alert('цена')</script> & <b>", "\x00нуль \x04цена\x05 \ud800")
    await scene.say("c2", "ы" * 5_000 + " цена", *["ж" * 3_000] * 3)
    await scene.say(
        "c3",
        *(" ".join(f"слово{n}" for n in range(at, at + 6_000)) for at in range(0, 90_000, 6_000)),
    )

    calls = await found(scene, "цена")

    shown_of = {c.call.call.call_id: [shown(p) for p in c.passages] for c in calls}
    assert shown_of["c1"] == ["<script>alert('[цена]')</script> & <b>", "нуль [цена] \ufffd"]
    assert shown_of["c2"] == [shown_of["c2"][0]]
    assert "[цена]" in shown_of["c2"][0]
    assert [c.call.call.call_id for c in await found(scene, "script")] == ["c1"]
    assert [c.call.call.call_id for c in await found(scene, "слово77")] == ["c3"]
    assert await found(scene, "\x01client:clinic") == []
    for query in ("'; DROP TABLE x", "a:*", "\\", "'", '"', "(", "цена' | 'x", "%"):
        try:
            await found(scene, query)
        except grpc.aio.AioRpcError as refusal:
            if refusal.code() is not grpc.StatusCode.INVALID_ARGUMENT:
                raise


async def test_what_is_said_to_others_is_not_found(scene: CallScene) -> None:
    other = Owner("client:other")
    await scene.list(a_call_at("c1"))
    await scene.list(a_call_at("c1"), owner=other)
    await scene.say("c1", "чистка", owner=other)

    assert await found(scene, "чистка") == []
    anna = token("anna", clients=["clinic"])
    async with scene.stub(anna) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await stub.SearchCalls(pb.SearchCallsRequest(owner=other, query="чистка"))
    assert refusal.value.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("owner", ["client:a\\", "client:'", "client:\\'", "client:a b", "\x01"])
async def test_an_owner_is_a_word_whatever_it_is_called(scene: CallScene, owner: str) -> None:
    async with scene.stub() as stub:
        answer = await stub.SearchCalls(pb.SearchCallsRequest(owner=owner, query="чистка"))
    assert not answer.calls


async def test_row_level_security_stands_behind_the_functions_that_look_for_words(
    scene: CallScene, database: Database
) -> None:
    await scene.list(a_call_at("c1"))
    await scene.say("c1", "чистка")
    looks = (
        "SELECT * FROM call_sync.match_texts($1, 'чистк')",
        "SELECT * FROM call_sync.find_texts($1, 'чистк', NULL, NULL, 5)",
        "SELECT call_id FROM call_sync.call_texts WHERE owner = $1",
        "SELECT call_id FROM call_sync.call_stages WHERE owner = $1",
        "SELECT call_id FROM call_sync.calls WHERE owner = $1",
    )
    async with database.pool("call_sync_app") as pool:
        for look in looks:
            async with seen_by(pool, "client:other")() as connection:
                assert await connection.fetch(look, CLINIC) == [], look
            async with seen_by(pool, CLINIC)() as connection:
                assert len(await connection.fetch(look, CLINIC)) == 1, look
