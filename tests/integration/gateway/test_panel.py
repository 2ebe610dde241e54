"""The panel of the frontend guide, as it is printed there, in a browser against the real coordinator."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Page, Route
from potok.coordinator.v1 import coordinator_service_pb2 as pb

from services.stage.domain import Failure, Item, Outcome
from services.status.domain import Reason, Stage
from tests.browser import running_browser
from tests.conftest import Database
from tests.fakes.stage_chain import Chain, chain
from tests.fakes.stage_work import DAY, found, succeed
from tests.gateway import running_gateway, token
from tests.waiting import until

POLL = 5_000
"""The panel asks for the status so often, in milliseconds."""
REDRAW = "setInterval(() => processController.updateUI(), 1000);"
"""What the guide leaves out: its class draws the buttons before it lets go of the stage that has ended, so that all others
stay locked until it draws again."""
BUTTONS = ("sync", "transcribe", "analyze", "recommendations")


@pytest.fixture
def parts(pytestconfig: pytest.Config) -> str:
    """Return the page: the markup, the class and the handlers, each as the guide has it."""
    folder = pytestconfig.rootpath / "tests" / "data" / "browser"
    markup, controller, handlers = (
        (folder / name).read_text(encoding="utf-8")
        for name in ("panel.html", "process_controller.js", "handlers.js")
    )
    return (
        "<!doctype html><meta charset=utf-8><title>panel</title>"
        f"{markup}<script>{controller}\n{handlers}\n{REDRAW}</script>"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The page in front of a person, who has signed in."""

    page: Page
    url: str

    async def open(self) -> None:
        """Load the page anew, and fill in the range and the client."""
        await self.page.goto(self.url)
        for field, value in (
            ("start-date", f"{DAY}"),
            ("end-date", f"{DAY}"),
            ("client-id", "clinic"),
        ):
            await self.page.fill(f"#{field}", value)

    async def press(self, button: str) -> None:
        await self.page.click(f"#{button}-btn")

    async def state(self, button: str) -> str:
        """Return the class that the panel gave a button."""
        classes = await self.page.get_attribute(f"#{button}-btn", "class")
        return (classes or "").split()[-1]

    async def text(self, button: str) -> str:
        return await self.page.inner_text(f"#{button}-btn")

    async def refused(self, button: str, endpoint: str) -> tuple[int, str]:
        """Press a button whose call is refused; returns the status and the reason."""
        async with self.page.expect_response(f"**/{endpoint}") as refused:
            await self.press(button)
        answer = await refused.value
        return answer.status, (await answer.json())["details"][0]["reason"]

    async def becomes(self, button: str, state: str) -> None:
        """Let the panel poll until a button is in a state."""

        async def is_there() -> bool:
            await self.page.clock.run_for(POLL)
            return await self.state(button) == state

        await until(is_there, f"{button} becomes {state}")


@contextlib.asynccontextmanager
async def panel_before(address: str, parts: str) -> AsyncIterator[Panel]:
    """Open the panel at the gateway's origin, with the cookie of a session."""

    async def serve(route: Route) -> None:
        await route.fulfill(body=parts, content_type="text/html; charset=utf-8")

    async with (
        running_gateway({"coordinator": [address]}) as gateway,
        running_browser() as browser,
    ):
        context = await browser.new_context()
        page = await context.new_page()
        await page.clock.install()
        await page.route("**/panel.html", serve)
        panel = Panel(page=page, url=f"{gateway.url}/panel.html")
        await panel.open()
        signed_in = await page.evaluate(
            """token => fetch('/api/v1/session', {
                method: 'POST', body: '{}',
                headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json'},
            }).then(answer => answer.status)""",
            token(),
        )
        assert signed_in == 200
        assert await page.evaluate("document.cookie") == "", "a script can read the token"
        yield panel


def some_fail(item: Item) -> Outcome:
    return fail(item) if item.item_id == "b" else succeed(item)


def fail(item: Item) -> Outcome:
    return Failure(item_id=item.item_id, reason=Reason.BAD_AUDIO, message="no sound")


async def runs(running: Chain) -> list[Any]:
    return list((await running.stub.ListRuns(pb.ListRunsRequest(client_id="clinic"))).runs)


@pytest.mark.parametrize("outcome", [succeed, some_fail])
async def test_all_four_buttons_end_as_completed(
    database: Database, free_port: int, parts: str, outcome: Callable[[Item], Outcome]
) -> None:
    async with (
        chain(database, free_port, *found("a", "b", "c")) as running,
        panel_before(f"127.0.0.1:{free_port}", parts) as panel,
    ):
        running.stages[Stage.TRANSCRIPTION].outcome = outcome
        for button in BUTTONS:
            await panel.press(button)
            await panel.becomes(button, "completed")

        assert await panel.text("recommendations") == "Анализ рекомендаций завершен ✓"
        assert running.worked()[Stage.REPORTING], "the last button also fills the reporting tables"


async def test_after_a_reload_the_same_button_joins_the_run(
    database: Database, free_port: int, parts: str
) -> None:
    async with (
        chain(database, free_port, *found("a", "b")) as running,
        panel_before(f"127.0.0.1:{free_port}", parts) as panel,
    ):
        await panel.press("sync")
        await panel.becomes("sync", "completed")
        transcription = running.stages[Stage.TRANSCRIPTION]
        transcription.go_on.clear()
        await panel.press("transcribe")
        await transcription.started.wait()
        assert await panel.state("transcribe") == "running"
        await panel.becomes("analyze", "disabled")

        await panel.open()
        assert await panel.state("transcribe") == "idle"
        await panel.press("transcribe")
        await panel.becomes("transcribe", "running")
        transcription.go_on.set()
        await panel.becomes("transcribe", "completed")
        assert len(await runs(running)) == 2


async def test_while_a_stage_runs_another_one_is_a_conflict(
    database: Database, free_port: int, parts: str
) -> None:
    async with (
        chain(database, free_port, *found("a")) as running,
        panel_before(f"127.0.0.1:{free_port}", parts) as panel,
    ):
        running.stages[Stage.CALL_SYNC].go_on.clear()
        await panel.press("sync")
        await running.stages[Stage.CALL_SYNC].started.wait()
        await panel.open()
        refused = await panel.refused("transcribe", "transcribe-by-date-range")

        assert refused == (409, "RUN_ACTIVE")
        await panel.becomes("transcribe", "error")
        running.stages[Stage.CALL_SYNC].go_on.set()


async def test_when_all_calls_may_still_succeed_the_button_ends_and_the_next_start_is_refused(
    database: Database, free_port: int, parts: str
) -> None:
    def time_out(item: Item) -> Outcome:
        return Failure(item_id=item.item_id, reason=Reason.TIMEOUT, message="slow")

    async with (
        chain(database, free_port, *found("a", "b")) as running,
        panel_before(f"127.0.0.1:{free_port}", parts) as panel,
    ):
        running.stages[Stage.TRANSCRIPTION].outcome = time_out
        for button in ("sync", "transcribe"):
            await panel.press(button)
            await panel.becomes(button, "completed")
        refused = await panel.refused("analyze", "analyze-by-date-range")

        assert refused == (400, "GATE_NOT_MET")
        await panel.becomes("analyze", "error")


async def test_a_range_of_damaged_calls_is_finished_by_the_four_buttons(
    database: Database, free_port: int, parts: str
) -> None:
    async with (
        chain(database, free_port, *found("a", "b")) as running,
        panel_before(f"127.0.0.1:{free_port}", parts) as panel,
    ):
        running.stages[Stage.TRANSCRIPTION].outcome = fail
        for button in BUTTONS:
            await panel.press(button)
            await panel.becomes(button, "completed")


async def test_after_a_cancel_the_button_ends_and_a_second_press_goes_on(
    database: Database, free_port: int, parts: str
) -> None:
    async with (
        chain(database, free_port, *found("a", "b")) as running,
        panel_before(f"127.0.0.1:{free_port}", parts) as panel,
    ):
        await panel.press("sync")
        await panel.becomes("sync", "completed")
        transcription = running.stages[Stage.TRANSCRIPTION]
        transcription.go_on.clear()
        await panel.press("transcribe")
        await transcription.started.wait()
        run_id = (await runs(running))[0].status.run_id
        await running.stub.CancelRun(pb.CancelRunRequest(run_id=run_id))
        await panel.becomes("transcribe", "completed")
        assert (await running.status(Stage.TRANSCRIPTION)).progress_percentage == 0

        transcription.go_on.set()
        await panel.press("transcribe")
        await panel.becomes("transcribe", "running")
        await panel.becomes("transcribe", "completed")
        assert (await running.status(Stage.TRANSCRIPTION)).progress_percentage == 100
