"""A headless Chromium for a test, and the page that uses the TypeScript client."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from tests.typescript import bundle

_ARGUMENTS = (
    "--no-sandbox",  # of the kernel's; root has none, nor do containers, and the pages are ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page that a test makes up is of no network, and so may not call this machine.
    "--disable-features=LocalNetworkAccessChecks",
)


@contextlib.asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Run the machine's Chromium until the block ends; the test is left out where there is none."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium: make programs installs it")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=_ARGUMENTS, env={**os.environ, "NO_PROXY": "*"}
        )
        try:
            yield browser
        finally:
            await browser.close()


def script() -> str:
    """Return gateway/web/tests/page.ts with the client, as one script."""
    return bundle("web/tests/page.ts", "--format=iife")
