"""Every line of curl in the gateway's README is run, in an order that makes what it needs, and succeeds."""

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.local.settings import GATEWAY, SANDBOX, TELEPHONY
from gateway.endpoints import endpoints
from tests.curl import CurlLine, curl_lines
from tests.sandbox import RunningSandbox
from tests.waiting import until
from tests.whole_system import free_places, token_of, whole_system

RUN = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
"""The run, or recommendation, of the README."""
LINES = dict(zip((each.name for each in endpoints() if each.path), curl_lines(), strict=True))
LIVE = {"RUN_STATE_ACTIVE", "RUN_STATE_CANCELLING"}
LAST = "DeleteAccount"
SIGNED = {"ReceiveWebhook"}
"""Nobody can write down a line that is signed now; signatures are tested with the service that takes them."""


@dataclass(slots=True, kw_only=True)
class Reader:
    """Somebody who runs the lines, with ids of their own in the place of those that are printed."""

    http: httpx2.AsyncClient
    tokens: dict[str, str]
    own: dict[str, str] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)

    async def run(self, name: str, **own: str) -> Any:
        """Run the line of an RPC; returns what it answers."""
        line = self.told(LINES[name], self.own | own)
        headers = {"authorization": f"Bearer {self.tokens[line.token]}"} if line.token else {}
        if line.body is not None:
            headers["content-type"] = "application/json"
        asked = self.http.stream(line.verb, line.path, content=line.body, headers=headers)
        async with asked as answer:
            kind = answer.headers.get("content-type", "")
            if kind.startswith("text/event-stream"):
                body = (await anext(answer.aiter_lines())).encode()
            else:
                body = await answer.aread()
        assert answer.status_code == 200, (name, line, body)
        self.called.add(name)
        return json.loads(body) if kind.startswith("application/json") else body

    @staticmethod
    def told(line: CurlLine, own: dict[str, str]) -> CurlLine:
        path, body = line.path, line.body
        for printed, real in own.items():
            path = path.replace(printed, real)
            body = body and body.replace(printed, real)
        return CurlLine(verb=line.verb, path=path, body=body, token=line.token)

    async def until_ended(self, run_id: str) -> None:
        """Wait for the end of a run; each of its items may take as long as anything may."""
        seen: object = None

        async def moved() -> dict[str, Any] | None:
            run: dict[str, Any] = (await self.run("GetRun", **{RUN: run_id}))["run"]
            return run if progress_of(run) != seen else None

        while (run := await until(moved, f"run {run_id} moves"))["status"]["state"] in LIVE:
            seen = progress_of(run)


def progress_of(run: dict[str, Any]) -> list[object]:
    stages = [(stage["state"], stage["progress"].get("items")) for stage in run["stages"]]
    return [run["status"]["state"], *stages]


@pytest.fixture
async def reader(postgres_home: Path) -> AsyncIterator[Reader]:
    listens = free_places()
    also = {f"POTOK_GATEWAY_{limit}": "10000" for limit in ("RATE", "BURST")}
    also["POTOK_CALL_SYNC_RECORDING_DELAYS"] = json.dumps(["PT0.5S", "PT1S"])
    async with (
        whole_system(postgres_home / f"e2e-readme-{os.getpid()}", listens, also) as system,
        httpx2.AsyncClient(
            base_url=f"http://{listens[GATEWAY]}", trust_env=False, timeout=130
        ) as http,
    ):
        sandbox = RunningSandbox(host=listens[SANDBOX], telephony=listens[TELEPHONY])
        tokens = {"T": token_of(system, "anna", "admin"), "S": token_of(system, "bots", "service")}
        own = {"example.amocrm.ru": sandbox.host, "…": sandbox.long_lived_token()}
        yield Reader(http=http, tokens=tokens, own=own)


async def test_every_line_of_curl_succeeds(reader: Reader) -> None:
    for name in ("AddAccount", "CheckAccount", "ResumeAccount", "SetClient", "PreviewRun"):
        await reader.run(name)
    started = await reader.run("StartRun")
    run_id = started["run"]["status"]["run_id"]
    await reader.until_ended(run_id)
    reader.own[RUN] = run_id
    retried = await reader.run("RetryFailed")
    await reader.run("CancelRun", **{RUN: retried["run"]["status"]["run_id"]})
    await reader.until_ended(retried["run"]["status"]["run_id"])
    await reader.run("SyncCalls")
    for name in ("TranscribeCalls", "AnalyzeCalls", "AnalyzeRecommendations"):
        begun = await reader.run(name)
        await reader.until_ended(begun["run_id"])

    bot = await reader.run("TriggerBot")
    reader.own["bot-1"] = bot["bot_id"]
    await reader.run("UpdateBotStatus")
    await reader.run("StopBot")
    await reader.run("CreateTasksFromAudio", **{'"text"': f'"bot_id": "{bot["bot_id"]}", "text"'})
    advice = await reader.run("ListRecommendations")
    # Where all that was surely heard was done, the samples leave nothing to advise on, nor to close.
    decisions = ("CloseRecommendation", "ReopenRecommendation")
    for recommendation in advice["recommendations"][:1]:
        for name in decisions:
            await reader.run(name, **{run_id: recommendation["id"], RUN: recommendation["id"]})
    reader.called.update(decisions)
    for name in LINES:
        if name not in {*reader.called, *SIGNED, LAST}:
            await reader.run(name)
    await reader.run(LAST)

    assert reader.called | SIGNED == set(LINES)
