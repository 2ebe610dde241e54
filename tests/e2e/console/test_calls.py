"""Calls as people hear them: the list, the search, the page of one with its sound."""

from playwright.async_api import Page, expect

from tests.console import Console, is_live

HEARD = """() => {
  window.sounds = [];
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    window.sounds.push(this);
    return play.call(this);
  };
}"""


async def until_heard(page: Page, expression: str) -> None:
    """Wait for what holds of the sound that is played."""
    await page.wait_for_function(
        f"() => {{ const sound = sounds.at(-1); return sound && {expression}; }}"
    )


async def test_a_call_is_found_heard_and_read(console: Console) -> None:
    await console.set_client("clinic")
    await console.processed("clinic")
    async with console.visitor("clinic") as visitor:
        page = await visitor.open("calls", token=console.token())
        await is_live(page)
        rows = page.get_by_role("main").get_by_role("row")
        await expect(rows.nth(1)).to_be_visible()
        await page.goto(f"{console.url}#/search")
        await page.get_by_role("searchbox", name="").first.fill("прием")
        await page.get_by_role("search").get_by_role("button").click()
        hit = page.locator(".hit").first
        await expect(hit.locator("mark").first).to_be_visible()
        await hit.locator(".said-at").first.click()

        await expect(page.get_by_role("heading", name="Расшифровка")).to_be_visible()
        await page.evaluate(f"({HEARD})()")
        await page.get_by_role("button", name="Слушать", exact=True).click()
        await until_heard(page, "sound.currentTime > 0.5 && !sound.paused")
        before = await page.evaluate("sounds.at(-1).currentTime")
        await page.get_by_role("button", name="Вперёд на 5 секунд").click()
        await until_heard(page, f"sound.currentTime >= {before} + 4.5")
        await page.get_by_role("button", name="Пауза", exact=True).click()
        await until_heard(page, "sound.paused")
        last = page.get_by_role("button", name="Перейти к").last
        await last.click()
        await until_heard(page, "sound.currentTime > 0")

        for title in ("Чек-лист", "Как шёл разговор"):
            await expect(page.get_by_role("heading", name=title)).to_be_visible()
        assert await visitor.violations(page) == []


async def test_a_call_of_another_client_is_nobody_elses(console: Console) -> None:
    await console.set_client("clinic")
    await console.set_client("bakery")
    async with console.visitor("bakery") as visitor:
        page = await visitor.open("calls", token=console.token("olga", "operator", ["bakery"]))
        await is_live(page)
        await expect(page.get_by_role("main").get_by_text("sample-")).to_have_count(0)
        answer = await page.evaluate(
            "fetch('/api/v1/owners/client:clinic/calls').then((answer) => answer.status)"
        )
        assert answer == 403
