"""The console in a browser, before a whole system: pages that are signed in, and whatever goes wrong on them."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from deploy.local.folders import CHECKOUT
from deploy.local.settings import GATEWAY
from deploy.local.system import System
from tests.browser import running_browser
from tests.waiting import PATIENCE, until
from tests.whole_system import free_places, token_of, whole_system

BUILT = CHECKOUT / "gateway" / "console" / "dist" / "index.html"
SAMPLES = CHECKOUT / "deploy" / "samples"
DAYS = ("2026-11-02", "2026-11-04")
"""The days of the samples."""
ROOMS = ("", "calendar", "runs", "calls", "search", "report", "meetings", "admin")
"""The path of every room."""
LIVE = {"RUN_STATE_ACTIVE", "RUN_STATE_CANCELLING"}

_WATCHED = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
let hidden = false;
Object.defineProperty(document, "visibilityState", {get: () => (hidden ? "hidden" : "visible")});
window.hide = (now) => {
  hidden = now;
  document.dispatchEvent(new Event("visibilitychange"));
};
"""
"""What every page gets before its own scripts: a list of what its policy forbade, and how to hide it, since a headless
browser shows all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody before the console; `problems` is what went wrong on any of their pages."""

    context: BrowserContext
    url: str
    problems: list[str] = field(default_factory=list)

    async def open(self, path: str = "", token: str = "") -> Page:
        """Open another tab at a room, signed in by a token or by the session of the other tabs."""
        page = await self.context.new_page()
        page.on("pageerror", lambda error: self.problems.append(f"{path}: {error}"))
        await page.goto(f"{self.url}#token={token}" if token else f"{self.url}#/{path}")
        if token:
            await expect(page.get_by_role("navigation")).to_be_visible()
            await page.goto(f"{self.url}#/{path}")
        return page

    async def violations(self, page: Page) -> list[str]:
        found: list[str] = await page.evaluate("violations")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """A whole system with its console, and a browser before it."""

    system: System
    browser: Browser
    home: Path
    http: httpx2.AsyncClient
    """An administrator at the JSON of the gateway."""

    @property
    def url(self) -> str:
        return f"{self.http.base_url}".rstrip("/") + "/console/"

    def token(
        self,
        user: str = "anna",
        role: str = "admin",
        clients: Sequence[str] = (),
        lifetime: timedelta = timedelta(hours=1),
    ) -> str:
        return token_of(self.system, user, role, clients, lifetime)

    @contextlib.asynccontextmanager
    async def visitor(self, client_id: str = "", **options: Any) -> AsyncIterator[Visitor]:
        """Come with an empty browser; at the end nothing went wrong on any page.

        Chosen are the days of the samples and a client, as if from an earlier visit. `options` are the context's.
        """
        context = await self.browser.new_context(**{"locale": "ru-RU", **options})
        context.set_default_timeout(PATIENCE * 1000)
        context.set_default_navigation_timeout(PATIENCE * 1000)
        days = {"start": DAYS[0], "end": DAYS[1]}
        chosen = json.dumps(json.dumps({"clientId": client_id, "range": days}))
        await context.add_init_script(_WATCHED + f'localStorage["potok.selection"] ??= {chosen};')
        visitor = Visitor(context=context, url=self.url)
        try:
            yield visitor
            assert visitor.problems == []
        finally:
            await context.close()

    async def ask(self, verb: str, path: str, body: object = None) -> Any:
        """Call an endpoint; returns what it answers."""
        answer = await self.http.request(verb, path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def set_client(self, client_id: str, folder: Path = SAMPLES) -> None:
        """Make a client whose calls are in a folder."""
        settings = {"time_zone": "Europe/Moscow", "source": f"folder:{folder}"}
        await self.ask("PUT", f"/api/v1/clients/{client_id}", {"client": {"settings": settings}})

    async def processed(self, client_id: str, *stages: str) -> None:
        """Take the samples of a client through all stages, or those named, unless they were."""
        listed = (await self.ask("GET", f"/api/v1/runs?client_id={client_id}"))["runs"]
        if not listed:
            days = {"start_date": DAYS[0], "end_date": DAYS[1]}
            asked = {"client_id": client_id, "range": days, "stages": stages}
            listed = [(await self.ask("POST", "/api/v1/runs", asked))["run"]]
        run_id = listed[-1]["status"]["run_id"]

        seen: object = None

        async def moved() -> Any:
            run = (await self.ask("GET", f"/api/v1/runs/{run_id}"))["run"]
            return run if progress_of(run) != seen else None

        while (run := await until(moved, f"the run of {client_id} moves"))["status"][
            "state"
        ] in LIVE:
            seen = progress_of(run)

    async def signal(self, name: str, program: str) -> None:
        """Send a signal to a part of the system, as `STOP` to `services:coordinator`."""
        process = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).with_name("supervisorctl")), "-c"),
            *(str(self.home / "supervisord.conf"), "signal", name, program),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()


def progress_of(run: Mapping[str, Any]) -> list[object]:
    stages = [(stage["state"], stage["progress"].get("items")) for stage in run["stages"]]
    return [run["status"]["state"], *stages]


@contextlib.asynccontextmanager
async def running_console(home: Path) -> AsyncIterator[Console]:
    """Run a system and a browser until the block ends; the test is left out where the console is not built."""
    if not BUILT.exists():
        pytest.skip("no console: make build-console builds it")
    listens = free_places()
    also = {f"POTOK_GATEWAY_{limit}": "10000" for limit in ("RATE", "BURST")}
    also["POTOK_BOT_STATUS_POLL"] = "PT0.2S"
    async with running_browser() as browser, whole_system(home, listens, also) as system:
        bearer = {"authorization": f"Bearer {token_of(system, 'anna', 'admin')}"}
        async with httpx2.AsyncClient(
            base_url=f"http://{listens[GATEWAY]}", trust_env=False, timeout=PATIENCE, headers=bearer
        ) as http:
            expect.set_options(timeout=PATIENCE * 1000)
            yield Console(system=system, browser=browser, home=home, http=http)


def pulse(page: Page) -> Locator:
    """Return what says whether the page is still told."""
    return page.locator(".pulse")


async def is_live(page: Page) -> None:
    await expect(pulse(page)).to_have_attribute("data-state", "live")
