"""What others write is text and nothing else, however it is written."""

import csv
from pathlib import Path

from playwright.async_api import expect

from tests.console import DAYS, Console, is_live

SCRIPT = '<img src=x onerror="window.taken = 1"><script>window.taken = 1</script>'
TURNED = "\u202egnirts\u2066 Анна \u200f\u0301\u0301\u0301"
LONG = "ы" * 150 + "🦷" * 50
NARROW = {"width": 360, "height": 740}


def hostile_calls(folder: Path) -> None:
    """Fill a folder with calls that nobody answered, of people with such names."""
    with (folder / "calls.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(
            "call_id file start_time direction duration_seconds employee contact answered".split()
        )
        for number, name in enumerate((SCRIPT, TURNED, LONG)):
            time = f"{DAYS[0]}T10:0{number}:00"
            lines.writerow(
                [f"hostile-{number}", "", time, "in", 0, name, f"+7000000000{number}", "no"]
            )


async def test_names_of_others_are_text_and_break_nothing(console: Console, tmp_path: Path) -> None:
    hostile_calls(tmp_path)
    await console.set_client("hostile", tmp_path)
    await console.processed("hostile", "STAGE_CALL_SYNC")
    async with console.visitor("hostile", viewport=NARROW) as visitor:
        page = await visitor.open("calls", token=console.token())
        await is_live(page)
        await expect(page.get_by_role("main")).to_contain_text(SCRIPT)
        for room in ("calls", "calls/hostile-0", "calls/hostile-1", "calls/hostile-2", "runs", ""):
            await page.goto(f"{console.url}#/{room}")
            await expect(page.get_by_role("main").locator("h1, h2").first).to_be_visible()
            assert await page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
            assert await page.evaluate("window.taken") is None
            await expect(page.locator('main img, main script, img[src="x"]')).to_have_count(0)
            assert await visitor.violations(page) == []
