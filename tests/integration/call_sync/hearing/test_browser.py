"""A real browser plays recordings of every kind, and finds a second of them."""

from typing import Any

from tests.browser import running_browser
from tests.gateway import token
from tests.hearing import KINDS, Hearing, a_tone, coded, path

LONG = a_tone(16_384, 8_192, seconds=60)
PLAY = """async (url) => {
    const sound = new Audio(url);
    const happened = (name) => new Promise((done, failed) => {
        sound.addEventListener(name, done, {once: true});
        sound.addEventListener("error", () => failed(new Error(`${url}: ${sound.error.message}`)));
    });
    await happened("canplay");
    sound.muted = true;
    sound.currentTime = 45;
    await happened("seeked");
    await sound.play();
    await happened("timeupdate");
    return [sound.duration, sound.currentTime];
}"""


async def test_a_browser_plays_every_kind_from_any_second(hearing: Hearing) -> None:
    files: dict[str, Any] = {
        f"{kind}_{ending}": coded(codec, rate, LONG)
        for kind, (ending, codec, rate) in KINDS.items()
    }
    await hearing.list(**files)
    gateway = hearing.gateway
    async with running_browser() as browser:
        context = await browser.new_context()
        session: Any = {"name": "potok_session", "value": token(), "url": gateway.url}
        await context.add_cookies([session])
        page = await context.new_page()
        await page.goto(f"{gateway.url}/healthz")
        for kind in KINDS:
            duration, at = await page.evaluate(PLAY, path(kind))

            assert abs(duration - 60) < 1, kind
            assert 44.5 < at < 60, kind
