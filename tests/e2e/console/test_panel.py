"""The panel during a real run: what every button is, and what becomes of it."""

import re
import shutil
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from tests.console import SAMPLES, Console, is_live

ALL = ("CALL_SYNC", "TRANSCRIPTION", "ANALYSIS", "RECOMMENDATIONS", "all")


def button(page: Page, stage: str) -> Locator:
    return page.locator(f'button[data-name="{stage}"]')


async def becomes(page: Page, stage: str, state: str) -> None:
    await expect(button(page, stage)).to_have_attribute("data-state", re.compile(f"^({state})$"))


async def press(page: Page, stage: str) -> None:
    """Press a button, and say yes to what it would do."""
    await button(page, stage).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("table")).to_be_visible()
    await dialog.get_by_role("button", name="Начать").click()


def some_samples(folder: Path) -> None:
    """Fill a folder with a call that can be heard and one that is damaged."""
    for name in ("call4_wrong_number.wav", "call5_damaged.wav"):
        shutil.copy(SAMPLES / name, folder)
    heading, *calls = (SAMPLES / "calls.csv").read_text(encoding="utf-8").splitlines()
    kept = [call for call in calls if "call4" in call or "call5" in call]
    (folder / "calls.csv").write_text("\n".join([heading, *kept]), encoding="utf-8")


async def test_the_four_buttons_take_calls_through_all_stages(
    console: Console, tmp_path: Path
) -> None:
    some_samples(tmp_path)
    await console.set_client("panel", tmp_path)

    async with console.visitor("panel") as visitor:
        page = await visitor.open(token=console.token())
        english = await visitor.open("runs")
        await is_live(page)
        for stage in ALL:
            await becomes(page, stage, "idle")
        await expect(button(page, "CALL_SYNC")).to_have_text("Синхронизировать звонки")

        await press(page, "CALL_SYNC")
        await becomes(page, "CALL_SYNC", "running|completed")
        await becomes(page, "CALL_SYNC", "completed")
        await expect(button(page, "CALL_SYNC")).to_have_text("Звонки синхронизированы ✓")

        await press(page, "TRANSCRIPTION")
        await becomes(page, "TRANSCRIPTION", "running")
        await expect(button(page, "TRANSCRIPTION")).to_contain_text("Транскрибация...")
        await expect(button(page, "TRANSCRIPTION")).to_have_attribute("aria-disabled", "true")
        await becomes(page, "ANALYSIS", "disabled")
        why = page.locator(
            "#" + (await button(page, "ANALYSIS").get_attribute("aria-describedby") or "")
        )
        await expect(why).to_contain_text("запустил anna")

        await page.reload()
        await becomes(page, "TRANSCRIPTION", "running|partial")
        await english.get_by_role("button", name="English").click()
        await english.get_by_role("link", name="Processing").click()
        await becomes(english, "TRANSCRIPTION", "running|partial")

        await becomes(page, "TRANSCRIPTION", "partial")
        await expect(button(page, "TRANSCRIPTION")).to_have_text("Транскрибированы не все")
        await expect(button(english, "TRANSCRIPTION")).to_have_text("Not all transcribed")
        failures = page.locator(".failures")
        await expect(failures.get_by_role("row")).to_have_count(2)
        await expect(failures.get_by_role("row").nth(1)).to_contain_text("sample-5")

        retry = page.get_by_role("button", name="Повторить ошибки")
        await retry.click()
        await becomes(page, "TRANSCRIPTION", "running")
        await becomes(page, "TRANSCRIPTION", "partial")

        for stage in ("ANALYSIS", "RECOMMENDATIONS"):
            await press(page, stage)
            await becomes(page, stage, "completed|partial")
        fifth = page.locator("li.stage").nth(4)
        await expect(fifth).to_have_attribute("data-state", re.compile("completed|partial"))
        await expect(fifth.get_by_role("button")).to_have_count(0)
        assert await visitor.violations(page) == []


async def test_a_run_is_cancelled_and_another_press_goes_on(console: Console) -> None:
    await console.set_client("cancelled")
    async with console.visitor("cancelled") as visitor:
        page = await visitor.open(token=console.token())
        await is_live(page)
        await press(page, "all")
        await becomes(page, "all", "running")
        await page.get_by_role("button", name="Отменить запуск").click()
        await becomes(page, "all", "idle|partial")
        await expect(page.get_by_role("button", name="Отменить запуск")).to_have_count(0)
        await expect(
            page.get_by_role("button", name=re.compile("Продолжить|Повторить"))
        ).to_be_visible()


async def test_what_is_refused_is_said_in_words(console: Console, tmp_path: Path) -> None:
    await console.set_client("empty", tmp_path)
    async with console.visitor("empty") as visitor:
        page = await visitor.open(token=console.token())
        await is_live(page)
        await button(page, "ANALYSIS").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("alert")).to_contain_text("Сначала выполните этап")
        await expect(dialog.get_by_role("button", name="Начать")).to_be_disabled()
