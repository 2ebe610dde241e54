"""Whether the database is there, as one who asks all the time sees it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from services.kernel.errors import DatabaseAway
from services.kernel.presence import Presence
from services.kernel.tasks import cancel
from tests.waiting import in_time, until

SOON = timedelta(milliseconds=1)
LONG = timedelta(hours=1)


class Answers:
    """A database that answers as the test says."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.asked = 0

    async def ask(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error

    async def more(self) -> None:
        goal = self.asked + 3
        await until(lambda: self.asked >= goal, "it is asked again")


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
async def presence(answers: Answers) -> AsyncIterator[Presence]:
    presence = Presence(answers.ask, interval=SOON, patience=SOON)
    running = asyncio.ensure_future(presence.run())
    yield presence
    await cancel(running)


async def test_each_change_is_said_once(answers: Answers, presence: Presence) -> None:
    with capture_logs() as logs:
        for error in (DatabaseAway("it is full"), DatabaseAway("it is full"), TimeoutError()):
            answers.error = error
            async with in_time("it is away"):
                assert await presence.changed("")
            await answers.more()
            answers.error = None
            async with in_time("it is back"):
                assert await presence.changed(presence.why) == ""
            await answers.more()
    said = [(line["event"], line.get("why")) for line in logs]
    full, silent = ("it is full", "the database does not answer")
    back = ("database_back", None)
    assert said == [
        *[("database_away", full), back],
        *[("database_away", full), back],
        *[("database_away", silent), back],
    ]


async def test_what_is_short_is_nothing(answers: Answers) -> None:
    presence = Presence(answers.ask, interval=SOON, patience=LONG)
    answers.error = DatabaseAway("it is full")
    running = asyncio.ensure_future(presence.run())
    await answers.more()
    assert presence.why == ""
    assert presence.calm_for(LONG)
    await cancel(running)


async def test_who_judges_by_what_is_missing_waits_after_it_is_back(
    answers: Answers, presence: Presence
) -> None:
    never = presence.calm_for(LONG)
    answers.error = DatabaseAway("it is full")
    await presence.changed("")
    with pytest.raises(DatabaseAway, match="it is full"):
        presence.calm_for(timedelta(0))
    answers.error = None
    await presence.changed(presence.why)
    assert (never, presence.calm_for(LONG)) == (True, False)
    await until(lambda: presence.calm_for(SOON), "a moment has passed")
