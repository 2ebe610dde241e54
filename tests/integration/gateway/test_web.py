"""The TypeScript client in a browser, through the gateway, by gRPC-Web."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route

from tests.browser import running_browser, script
from tests.fakes.public_services import RUN, PublicServices, public_services, serving_public
from tests.gateway import Gateway, running_gateway, token
from tests.waiting import PATIENCE

APP = "http://app.localhost:3000"
"""Another origin than the gateway's."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """A page of another origin, the gateway, and what is behind it."""

    page: Page
    gateway: Gateway
    behind: PublicServices
    frames: "asyncio.Queue[str]"

    async def call(self, name: str, *arguments: Any) -> Any:
        """Call a function of page.ts; returns what it does."""
        expression = f"(given) => page.{name}(...given)"
        return await self.page.evaluate(expression, [self.gateway.url, *arguments])


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def web() -> AsyncIterator[Web]:
    code, behind, frames = script(), public_services(), asyncio.Queue[str]()

    async def serve(route: Route) -> None:
        body = f"<!doctype html><script>{code}</script>"
        await route.fulfill(body=body, content_type="text/html; charset=utf-8")

    async with (
        serving_public(behind) as address,
        running_gateway({"coordinator": [address]}, origins=[APP]) as gateway,
        running_browser() as browser,
    ):
        page = await browser.new_page()
        await page.route(f"{APP}/", serve)
        await page.expose_function("frame", frames.put_nowait)
        await page.goto(f"{APP}/")
        yield Web(page=page, gateway=gateway, behind=behind, frames=frames)


async def test_a_call_is_answered(web: Web) -> None:
    assert await web.call("run", token(), RUN) == RUN


async def test_a_refusal_of_the_gateway_has_its_words(web: Web) -> None:
    expired = await web.call("run", token(lifetime=-60), RUN)
    assert expired == {"code": "Unauthenticated", "message": "Jwt is expired", "reasons": []}


async def test_a_refusal_of_a_service_has_its_details(web: Web) -> None:
    refused = await web.call("start", token(), "busy")
    assert refused == {
        "code": "Aborted",
        "message": "a run «утро» is under way",
        "reasons": ["RUN_ACTIVE"],
    }


async def test_a_stream_comes_frame_by_frame_until_it_is_given_up(web: Web) -> None:
    web.behind.gone.clear()
    watching = asyncio.create_task(web.call("watch", token(), 3))
    for number in range(3):
        web.behind.next_event.put_nowait(f"token-{number}")
        async with asyncio.timeout(PATIENCE):
            assert await web.frames.get() == f"token-{number}"

    assert (await watching)["code"] == "Canceled"
    async with asyncio.timeout(PATIENCE):
        await web.behind.gone.wait()


async def test_a_stream_ends_with_a_refusal_that_has_details(web: Web) -> None:
    for said in ("token-1", "refused"):
        web.behind.next_event.put_nowait(said)
    refused = await web.call("watch", token(), 9)

    assert refused["code"] == "ResourceExhausted"
    assert refused["reasons"] == ["RUN_ACTIVE"]
