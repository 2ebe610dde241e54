"""Who is here: signing in and out, in one tab and in all, and a session that ends in the middle."""

from datetime import timedelta

from playwright.async_api import expect

from tests.console import Console, is_live, pulse


async def test_a_token_in_the_address_signs_in_and_stays_nowhere(console: Console) -> None:
    await console.set_client("clinic")
    async with console.visitor() as visitor:
        page = await visitor.open(token=console.token())
        await is_live(page)

        assert "token" not in page.url
        assert await page.evaluate("document.cookie") == "", "a script can read the token"
        kept = await page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
        assert "eyJ" not in kept
        await page.reload()
        await is_live(page)
        assert await visitor.violations(page) == []


async def test_a_bad_token_is_refused_in_words_and_a_good_one_let_in(console: Console) -> None:
    async with console.visitor() as visitor:
        page = await visitor.open()
        await page.get_by_label("Токен доступа").fill("nonsense")
        await page.get_by_role("button", name="Войти").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await page.get_by_label("Токен доступа").fill(console.token())
        await page.get_by_role("button", name="Войти").click()
        await expect(page.get_by_role("navigation")).to_be_visible()


async def test_the_browsers_language_is_the_default_and_the_switch_is_remembered(
    console: Console,
) -> None:
    async with console.visitor(locale="en-GB") as visitor:
        page = await visitor.open(token=console.token())
        await expect(page.get_by_role("link", name="Processing")).to_be_visible()
        await page.get_by_role("button", name="Русский").click()
        await expect(page.get_by_role("link", name="Обработка")).to_be_visible()
        assert await page.evaluate("document.documentElement.lang") == "ru"
        await page.reload()
        await expect(page.get_by_role("link", name="Обработка")).to_be_visible()


async def test_who_leaves_in_one_tab_leaves_in_all_and_closes_their_streams(
    console: Console,
) -> None:
    await console.set_client("clinic")
    async with console.visitor() as visitor:
        first = await visitor.open(token=console.token())
        second = await visitor.open("calls")
        await is_live(first)
        await is_live(second)
        async with second.expect_event(
            "requestfailed", lambda request: request.url.endswith("/WatchStatus")
        ):
            await first.get_by_role("button", name="Выйти").click()
        for page in (first, second):
            await expect(page.get_by_label("Токен доступа")).to_be_visible()
            await expect(page.get_by_role("navigation")).to_have_count(0)

        await first.get_by_label("Токен доступа").fill(console.token())
        await first.get_by_role("button", name="Войти").click()
        for page in (first, second):
            await is_live(page)


async def test_an_expired_session_asks_for_a_new_one_and_goes_on_where_it_was(
    console: Console,
) -> None:
    await console.set_client("clinic")
    async with console.visitor() as visitor:
        page = await visitor.open("search", token=console.token(lifetime=timedelta(seconds=5)))
        other = await visitor.open("calls")
        await page.evaluate("document.querySelector('main').title = 'as it was'")
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_text("Сеанс истёк")).to_be_visible()
        await expect(other.get_by_text("Сеанс истёк")).to_be_visible()
        await dialog.get_by_label("Токен доступа").fill(console.token())
        await dialog.get_by_role("button", name="Войти").click()

        for each in (page, other):
            await expect(each.get_by_role("dialog")).to_have_count(0)
            await is_live(each)
        assert await page.evaluate("document.querySelector('main').title") == "as it was"
        assert page.url.endswith("#/search")


async def test_somebody_else_sees_nothing_of_who_was_here_before(console: Console) -> None:
    await console.set_client("clinic")
    await console.set_client("bakery")
    async with console.visitor() as visitor:
        page = await visitor.open(token=console.token(lifetime=timedelta(seconds=5)))
        await expect(page.get_by_role("dialog")).to_be_visible()
        async with page.expect_event("load"):
            await page.get_by_label("Токен доступа").fill(
                console.token("olga", "operator", ["bakery"])
            )
            await page.get_by_role("button", name="Войти").click()
        chosen = page.get_by_label("Клиент")
        await expect(chosen).to_have_value("bakery")
        assert await chosen.locator("option").all_inner_texts() == ["bakery"]


async def test_an_operator_has_no_administration_whatever_the_address_says(
    console: Console,
) -> None:
    await console.set_client("clinic")
    async with console.visitor() as visitor:
        page = await visitor.open("admin", token=console.token("olga", "operator", ["clinic"]))
        await expect(page.get_by_role("main")).to_contain_text("только для администраторов")
        await expect(page.get_by_role("link", name="Настройка")).to_have_count(0)
        await expect(pulse(page)).to_be_visible()
