"""The console never lies: what it is not told any more it says so of, and goes on by itself."""

import re

from playwright.async_api import expect

from tests.console import Console, is_live, pulse

RPC = re.compile(r"/potok\.")


async def test_a_server_that_dies_is_shown_at_once_and_the_stream_goes_on(console: Console) -> None:
    await console.set_client("clinic")
    async with console.visitor() as visitor:
        page = await visitor.open(token=console.token())
        await is_live(page)
        await console.signal("STOP", "services:coordinator")
        try:
            await expect(pulse(page)).to_have_attribute("data-state", "lost")
            await expect(pulse(page)).to_contain_text("Связь потеряна, данные на ")
        finally:
            await console.signal("CONT", "services:coordinator")
        await is_live(page)
        await console.signal("KILL", "services:coordinator")
        await expect(pulse(page)).to_have_attribute("data-state", "lost")
        await is_live(page)


async def test_a_page_that_is_opened_while_nobody_answers_comes_by_itself(console: Console) -> None:
    await console.set_client("clinic")
    async with console.visitor() as visitor:
        page = await visitor.open(token=console.token())
        await is_live(page)
        await page.route(RPC, lambda route: route.abort())
        await page.reload()
        await expect(page.get_by_text("Сервер не отвечает")).to_be_visible()
        await page.unroute(RPC)
        await is_live(page)


async def test_a_door_that_is_gone_is_shown_and_comes_back(console: Console) -> None:
    await console.set_client("clinic")
    async with console.visitor() as visitor:
        page = await visitor.open(token=console.token())
        await is_live(page)
        await console.signal("KILL", "door:gateway")
        await expect(pulse(page)).to_have_attribute("data-state", "lost")
        await is_live(page)


async def test_eight_tabs_do_not_starve_one_another(console: Console) -> None:
    await console.set_client("clinic")
    async with console.visitor() as visitor:
        pages = [await visitor.open(token=console.token())]
        for _ in range(7):
            await is_live(pages[-1])
            await pages[-1].evaluate("hide(true)")
            pages.append(await visitor.open("calls"))
        await is_live(pages[-1])
        for page in pages[:6]:
            await expect(pulse(page)).to_have_attribute("data-state", "paused")
        await expect(pulse(pages[6])).to_have_attribute("data-state", "live")

        await pages[0].evaluate("hide(false)")
        await is_live(pages[0])
