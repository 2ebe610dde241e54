"""A meeting from its link to its tasks, as the console shows it."""

import re

from playwright.async_api import expect

from tests.console import Console, is_live

LINK = "Приходите: https://meet.google.com/abc-defg-hij в 15:00"


async def test_a_bot_goes_from_a_link_to_tasks_with_quotes(console: Console) -> None:
    await console.set_client("clinic")
    async with console.visitor("clinic") as visitor:
        page = await visitor.open("meetings", token=console.token())
        await is_live(page)
        await page.get_by_role("button", name="Отправить бота").click()
        await expect(page.get_by_text("Вставьте ссылку на встречу.")).to_be_visible()
        await page.get_by_label("Ссылка на встречу").fill(LINK)
        await page.get_by_role("button", name="Отправить бота").click()

        stepper = page.locator(".stepper")
        await expect(stepper.locator('[aria-current="step"]')).to_have_count(1)
        await expect(stepper.locator('[data-mark="now"], [data-mark="todo"]')).to_have_count(0)
        await expect(stepper.locator("li").last).to_have_attribute("data-mark", "done")
        tasks = page.get_by_role("heading", name="Задачи")
        await expect(tasks).to_be_visible()
        await expect(page.get_by_text(re.compile("Илья|Мария|Анна")).first).to_be_visible()
        await page.get_by_role("link", name="Показать в расшифровке").first.click()
        await expect(page.get_by_role("heading", name="Расшифровка")).to_be_in_viewport()
        assert await visitor.violations(page) == []
