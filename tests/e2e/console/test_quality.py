"""Every room, light and dark, wide and narrow: usable by all, within its policy, and small."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.console import BUILT, ROOMS, Console, is_live
from tests.typescript import GATEWAY

AXE = GATEWAY / "node_modules" / "axe-core" / "axe.min.js"
BUDGET = 200_000
"""Bytes of the first load, as they go over the network."""
NARROW = {"width": 360, "height": 740}


async def shown(page: Page) -> None:
    """Wait until a room is there, and what it asked for, too."""
    await is_live(page)
    await expect(page.get_by_role("main").locator("h1, h2").first).to_be_visible()
    await page.wait_for_load_state("load")
    await expect(page.get_by_role("main").get_by_text("Загрузка…")).to_have_count(0)


async def faults(page: Page) -> list[str]:
    """Return what axe finds serious or critical."""
    # By the debugger, since the policy of the page lets no foreign script in.
    found: dict[str, Any] = await page.evaluate(
        f"(async () => {{ {AXE.read_text()}; return await axe.run(document); }})()"
    )
    return [
        f"{each['id']}: {node['target']} {node.get('failureSummary', '')}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_room_can_be_used_by_all(console: Console, scheme: str) -> None:
    await console.set_client("clinic")
    await console.processed("clinic")
    found = {}
    async with console.visitor("clinic", color_scheme=scheme, reduced_motion="reduce") as visitor:
        page = await visitor.open(token=console.token())
        for room in ROOMS:
            await page.goto(f"{console.url}#/{room}")
            await shown(page)
            found[room] = [*await faults(page), *await visitor.violations(page)]
    assert found == {room: [] for room in ROOMS}


async def test_no_room_is_wider_than_a_small_telephone(console: Console) -> None:
    await console.set_client("clinic")
    await console.processed("clinic")
    wide = {}
    async with console.visitor("clinic", viewport=NARROW) as visitor:
        page = await visitor.open(token=console.token())
        for room in ROOMS:
            await page.goto(f"{console.url}#/{room}")
            await shown(page)
            wide[room] = await page.evaluate("document.documentElement.scrollWidth")
    assert wide == dict.fromkeys(ROOMS, NARROW["width"])


async def test_the_login_can_be_used_by_all(console: Console) -> None:
    async with console.visitor(viewport=NARROW) as visitor:
        page = await visitor.open()
        await expect(page.get_by_label("Токен доступа")).to_be_visible()
        assert await faults(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]


async def test_the_first_load_is_small(console: Console) -> None:
    await console.set_client("clinic")
    loaded: set[str] = set()
    async with console.visitor() as visitor:
        page = await visitor.open(token=console.token())
        await shown(page)
        loaded.update(
            await page.evaluate("performance.getEntriesByType('resource').map(each => each.name)")
        )
    paths = {re.sub(r".*/console/", "", each) for each in loaded if "/console/" in each}
    assert any(path.endswith(".css") for path in paths), loaded
    files: list[Path] = [BUILT, *(BUILT.parent / path for path in paths if path)]
    sizes = {file.name: len(gzip.compress(file.read_bytes())) for file in files}
    assert sum(sizes.values()) < BUDGET, sizes
