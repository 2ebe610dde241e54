"""The service that runs bots as the sandbox plays it: what it calls back, how often, and how bots end."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from deploy.sandbox.behaviour import Behaviour
from deploy.sandbox.clinic import clinic
from tests.fakes.web_host import WebHost, answer, web_host
from tests.sandbox import RunningSandbox, running_sandbox
from tests.waiting import in_time, until

UPDATE = "/api/v1/meet/callback/update-status"
TASKS = "/api/v1/create-tasks-from-audio"
WEBHOOK = "/api/v1/meet/webhooks/attendee"


@pytest.fixture
async def gateway() -> AsyncIterator[WebHost]:
    async with web_host() as host:
        host.answers = {path: answer(200, b"{}") for path in (UPDATE, TASKS, WEBHOOK)}
        yield host


async def lived(gateway: WebHost, **behaviour: Any) -> list[str]:
    """Have a bot live its life; returns the paths that were called back, in order."""
    place = f"http://127.0.0.1:{gateway.port}"
    changed = Behaviour().changed({"bots_speed": 30, **behaviour})
    with running_sandbox(clinic(), changed, gateway=place, token="secret") as sandbox:
        await started(sandbox)
        await until(lambda: sandbox.started_bots()[0]["ended"], "the bot has ended")
        expected = {"sent": 5, "lost": 1, "doubled": 10, "late": 7}
        number = expected[behaviour.get("bots_callbacks", "sent")]
        await until(
            lambda: len(sandbox.started_bots()[0]["answers"]) >= number,
            f"{number} callbacks are answered",
        )
        answers = sandbox.started_bots()[0]["answers"]
        assert {status for _, status in answers} == {200}
    paths = [request.split(" ")[1] for request in gateway.requests]
    assert sorted(path for path, _ in answers) == sorted(paths)
    return paths


async def started(sandbox: RunningSandbox) -> dict[str, Any]:
    async with httpx2.AsyncClient(trust_env=False) as client:
        body = {"meet_url": "https://meet.google.com/abc-defg-hij", "user_id": "anna"}
        found = await client.post(f"http://{sandbox.bots}/api/v1/bots", content=json.dumps(body))
    assert found.status_code == 201
    told: dict[str, Any] = found.json()
    return told


async def test_a_bot_is_told_of_and_its_meeting_handed_over(gateway: WebHost) -> None:
    paths = await lived(gateway)

    assert paths == [UPDATE] * 4 + [TASKS]
    assert all("authorization: bearer secret" in request.lower() for request in gateway.requests)


@pytest.mark.parametrize(
    ("callbacks", "paths"),
    [
        ("lost", [TASKS]),
        ("doubled", [UPDATE] * 8 + [TASKS] * 2),
        ("late", [UPDATE] * 6 + [TASKS]),
    ],
)
async def test_callbacks_get_lost_or_come_twice_or_late(
    gateway: WebHost, callbacks: str, paths: list[str]
) -> None:
    assert await lived(gateway, bots_callbacks=callbacks) == paths


async def test_attendee_sends_signed_webhooks_and_keeps_the_recording(gateway: WebHost) -> None:
    place = f"http://127.0.0.1:{gateway.port}"
    attendee = Behaviour().changed({"bots_speed": 30, "bots_shape": "attendee"})
    with running_sandbox(clinic(), attendee, gateway=place) as sandbox:
        bot = await started(sandbox)
        async with httpx2.AsyncClient(trust_env=False) as client, in_time("the bot has ended"):
            one = f"http://{sandbox.bots}/api/v1/bots/{bot['id']}"
            while (found := (await client.get(one)).json())["state"] != "ended":
                await asyncio.sleep(0.02)
            link = (await client.get(f"{one}/recording")).json()["url"]
            sound = (await client.get(link)).content

    assert found["recording_state"] == "complete"
    assert sound.startswith(b"RIFF")
    assert gateway.requests
    for request in gateway.requests:
        assert request.split(" ")[1] == WEBHOOK
        assert "x-webhook-signature" in request.lower()
        assert "authorization" not in request.lower()
