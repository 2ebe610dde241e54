"""Takes the screenshots of the README from a whole system with the sample calls: `make screenshots`."""

import asyncio
import base64
import os
import re
import tempfile
from pathlib import Path

from playwright.async_api import Page, expect

from deploy.local.folders import CHECKOUT
from tests.console import Console, Visitor, is_live, running_console

FOLDER = CHECKOUT / "docs" / "screenshots"
CLIENT = "clinic"
MEETING = "https://meet.google.com/abc-defg-hij"
SIZE = {"width": 1360, "height": 850}
QUALITY = 70


async def shoot(page: Page, name: str) -> None:
    """Keep what is seen of a page; WebP, which Chromium writes by its debugger alone."""
    await expect(page.get_by_text("Loading…")).to_have_count(0)
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    debugger = await page.context.new_cdp_session(page)
    given = {"format": "webp", "quality": QUALITY}
    shot = await debugger.send("Page.captureScreenshot", given)
    await asyncio.to_thread((FOLDER / f"{name}.webp").write_bytes, base64.b64decode(shot["data"]))


async def during_a_run(visitor: Visitor, console: Console) -> None:
    """Start all stages on the panel, and wait for the first of those that take long."""
    page = await visitor.open(token=console.token())
    await is_live(page)
    await page.get_by_role("button", name="Run all stages").click()
    await page.get_by_role("dialog").get_by_role("button", name="Start").click()
    running = page.locator('button[data-name="TRANSCRIPTION"]')
    await expect(running).to_contain_text(re.compile(r"\([1-9]"))
    await shoot(page, "panel")
    await page.close()


async def afterwards(visitor: Visitor, console: Console) -> None:
    """Show what came of it."""
    page = await visitor.open("calls")
    async with page.expect_event("requestfinished", lambda sent: "Waveform" in sent.url):
        await page.get_by_role("main").get_by_role("link", name="10:05").first.click()
    await expect(page.get_by_role("heading", name="Checklist")).to_be_visible()
    await shoot(page, "call")
    await page.goto(f"{console.url}#/report")
    await expect(page.locator("canvas").first).to_be_visible()
    await shoot(page, "report")
    await page.goto(f"{console.url}#/meetings")
    await page.get_by_label("Link of the meeting").fill(MEETING)
    await page.get_by_role("button", name="Send the bot").click()
    await expect(page.locator('.stepper li[data-mark="done"]')).to_have_count(
        await page.locator(".stepper li").count()
    )
    await expect(page.get_by_role("heading", name="Tasks")).to_be_visible()
    await shoot(page, "meeting")


async def main() -> None:
    """Take all of them anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.gettempdir(), f"potok-screenshots-{os.getpid()}")
    async with running_console(home) as console:
        await console.set_client(CLIENT)
        looks = {"locale": "en-GB", "viewport": SIZE, "reduced_motion": "reduce"}
        async with console.visitor(CLIENT, **looks, color_scheme="light") as visitor:
            await during_a_run(visitor, console)
            await console.processed(CLIENT)
            await afterwards(visitor, console)
        async with console.visitor(CLIENT, **looks, color_scheme="dark") as visitor:
            page = await visitor.open("calendar", token=console.token())
            await expect(page.get_by_text("The ledger holds")).to_be_visible()
            await shoot(page, "calendar")


if __name__ == "__main__":
    asyncio.run(main())
