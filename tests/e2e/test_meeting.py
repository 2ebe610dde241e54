"""A meeting from its trigger to its tasks, as a browser and the service that runs bots see it: every process is real."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import ConsoleMessage, Route

from deploy.local.settings import GATEWAY, SANDBOX
from tests.browser import running_browser
from tests.waiting import in_time
from tests.whole_system import free_places, token_of, whole_system

STATES = ["initialized", "connecting", "connected", "transcribing", "analyzing_meeting",
          "creating_tasks", "done"]  # fmt: skip
RECORD = ["bot_id", "status", "user_id", "created_at", "updated_at", "error_message", "session_id",
          "result_data"]  # fmt: skip
GUIDE = "http://localhost:8000/"
"""The address that is printed in the guide."""
POLL = 3000
"""Milliseconds between two looks of the guide's page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """Two users at the gateway; `sandbox` is where the sandbox's own face is."""

    http: httpx2.AsyncClient
    anna: dict[str, str]
    olga: dict[str, str]
    sandbox: str

    async def behave(self, **switches: Any) -> None:
        answer = await self.http.post(f"http://{self.sandbox}/sandbox/behaviour", json=switches)
        assert answer.status_code == 200, answer.text

    async def trigger(self) -> str:
        body = {"meet_url": "https://meet.google.com/xxx-yyyy-zzz", "bot_name": "Test Bot"}
        answer = await self.http.post("/api/v1/meet/trigger", json=body, headers=self.anna)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        bot_id = str(told["bot_id"])
        assert list(told) == ["bot_id", "status", "message"]
        assert told["message"] == f"Bot {bot_id} started successfully for meeting"
        return bot_id

    async def polled(self, bot_id: str) -> tuple[list[str], dict[str, Any]]:
        """Ask for a bot until it is final, as often as nothing is missed; returns the states and the last record."""
        seen: list[str] = []
        async with in_time("the bot is final"):
            while True:
                answer = await self.http.get(f"/api/v1/meet/status/{bot_id}", headers=self.anna)
                assert answer.status_code == 200, answer.text
                record = answer.json()
                if not seen or seen[-1] != record["status"]:
                    seen.append(record["status"])
                if record["status"] in ("done", "error"):
                    return seen, record
                await asyncio.sleep(0.05)


@pytest.fixture
async def browser(postgres_home: Path) -> AsyncIterator[Browser]:
    listens = free_places()
    also = {"POTOK_BOT_STATUS_POLL": "PT0.2S"}
    async with (
        whole_system(postgres_home / f"e2e-meeting-{os.getpid()}", listens, also) as system,
        httpx2.AsyncClient(
            base_url=f"http://{listens[GATEWAY]}", trust_env=False, timeout=130
        ) as http,
    ):
        anna, olga = (
            {"authorization": f"Bearer {token_of(system, user, 'operator')}"}
            for user in ("anna", "olga")
        )
        yield Browser(http=http, anna=anna, olga=olga, sandbox=listens[SANDBOX])


async def test_a_bot_goes_through_every_state_to_its_tasks(browser: Browser) -> None:
    bot_id = await browser.trigger()
    seen, record = await browser.polled(bot_id)
    foreign = await browser.http.get(f"/api/v1/meet/status/{bot_id}", headers=browser.olga)
    unknown = await browser.http.get("/api/v1/meet/status/bot_of_nobody", headers=browser.anna)

    # A state may be gone before it is looked at, never out of order.
    assert seen == [state for state in STATES if state in seen]
    assert {"initialized", "connected", "done"} <= set(seen)
    assert list(record) == RECORD
    assert (record["user_id"], record["error_message"]) == ("anna", None)
    assert record["session_id"]
    assignees = {task["assignee"]: task["due_date"] for task in record["result_data"]["tasks"]}
    assert list(assignees) == ["Илья Смирнов", "Мария Ким", "Анна Петрова"]
    assert all(assignees.values())
    assert record["result_data"]["summary"]
    assert (foreign.status_code, unknown.status_code) == (403, 404)

    await browser.behave(bots_end="rejected", bots_callbacks="lost", bots_speed=5)
    seen, record = await browser.polled(await browser.trigger())
    assert seen[-1] == "error"
    assert "request_to_join_denied" in record["error_message"]
    assert (record["session_id"], record["result_data"]) == (None, None)

    await browser.behave(bots_down=True)
    body = json.dumps({"meet_url": "https://meet.google.com/xxx-yyyy-zzz"})
    down = await browser.http.post("/api/v1/meet/trigger", content=body, headers=browser.anna)
    assert down.status_code == 503
    assert "no bot was started" in down.json()["message"]


async def test_the_guides_page_starts_a_bot_and_shows_its_states_and_tasks(
    browser: Browser, pytestconfig: pytest.Config
) -> None:
    guide = pytestconfig.rootpath / "tests" / "data" / "browser" / "poll_bot_status.js"
    token = browser.anna["authorization"].removeprefix("Bearer ")
    # What the guide leaves to its reader.
    given = f"const yourToken = {json.dumps(token)}; const updateUI = status => shown.push(status);"
    script = f"const shown = []; {given} {guide.read_text(encoding='utf-8')}"
    said: list[Any] = []

    async def serve(route: Route) -> None:
        """Be the address that the guide has: a page, and behind it the gateway."""
        if "/api/" not in route.request.url:
            page = f"<!doctype html><script>{script}</script>"
            await route.fulfill(body=page, content_type="text/html; charset=utf-8")
            return
        path = route.request.url.removeprefix(GUIDE)
        gateway = str(browser.http.base_url).rstrip("/")
        await route.fulfill(response=await route.fetch(url=f"{gateway}/{path}"))

    async def told(message: ConsoleMessage) -> None:
        said.append([await argument.json_value() for argument in message.args])

    async with running_browser() as chromium:
        page = await chromium.new_page()
        await page.clock.install()
        await page.route(f"{GUIDE}**", serve)
        page.on("console", told)
        await page.goto(GUIDE)
        await page.evaluate("startBot('https://meet.google.com/xxx-yyyy-zzz')")
        async with in_time("the guide shows what came of the bot"):
            while not any(words[0] in ("Results:", "Error:") for words in said):
                await page.clock.run_for(POLL)
        shown = await page.evaluate("shown")

    states = list(dict.fromkeys(shown))
    assert states == [state for state in STATES if state in states]
    assert {"initialized", "connecting", "connected", "done"} <= set(states)
    result = next(words[1] for words in said if words[0] == "Results:")
    assert [task["assignee"] for task in result["tasks"]] == [
        "Илья Смирнов",
        "Мария Ким",
        "Анна Петрова",
    ]
