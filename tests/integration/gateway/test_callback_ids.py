"""Ids that services that run bots call back with: numbers and texts are the same one."""

from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from tests.fakes.public_services import public_services, serving_public
from tests.gateway import running_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

JSON = {"content-type": "application/json"}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with (
        serving_public(public_services()) as address,
        running_gateway({"coordinator": [address]}) as gateway,
        gateway.http() as http,
    ):
        yield http


@pytest.mark.parametrize(
    ("written", "bot_id"),
    [
        ("42", "42"),
        ('"42"', "42"),
        ('" 42 "', "42"),
        ("42.0", "42"),
        ("9007199254740993", "9007199254740993"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ('"3fa85f64-5717-4562-b3fc-2c963f66afa6"', "3fa85f64-5717-4562-b3fc-2c963f66afa6"),
    ],
)
async def test_a_callback_names_its_bot_by_a_number_or_a_text(
    http: httpx2.AsyncClient, written: str, bot_id: str
) -> None:
    for body in (
        f'{{"bot_id":{written},"status":"connected"}}',
        f'{{ "status": "connected" ,\n "bot_id" :\t{written} }}',
    ):
        answer = await http.post("/api/v1/meet/callback/update-status", content=body, headers=JSON)
        assert answer.json() == {"bot_id": bot_id, "status": "connected"}


async def test_a_recording_is_handed_over_for_users_and_bots_with_numbers(
    http: httpx2.AsyncClient,
) -> None:
    text = 'Анна: "bot_id": 42, и {"bot_id": 43}'
    answer = await http.post(
        "/api/v1/create-tasks-from-audio", json={"user_id": 7, "bot_id": 42, "text": text}
    )
    told = answer.json()
    assert (told["user_id"], told["bot_id"], told["status"]) == ("7", "42", text)


@pytest.mark.parametrize("written", ["true", "[1]", '{"id": 1}', "1.5", "-1x", "1e3"])
async def test_what_is_no_id_is_refused(http: httpx2.AsyncClient, written: str) -> None:
    body = f'{{"bot_id":{written},"status":"connected"}}'
    answer = await http.post("/api/v1/meet/callback/update-status", content=body, headers=JSON)
    assert answer.status_code == 400
