"""Wishes whose start nobody saw the end of: each comes to an end, whatever the service that runs bots says."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest
from asyncpg import exceptions
from structlog.testing import capture_logs

from services.bot_status.domain import (
    Bot,
    BotId,
    BotRefused,
    External,
    IntentId,
    Kind,
    Meaning,
    Phase,
    ReportedStatus,
    ServiceUnavailable,
    Started,
    Wish,
)
from services.bot_status.meeting_links import HOSTS, MeetingLinks
from services.bot_status.new_bots import Defaults, new_bot
from services.bot_status.patience import Patience
from services.bot_status.ports import Intended
from services.bot_status.usecases import Bots
from services.kernel.clock import utc_now
from services.status.domain import BotState, user_owner
from tests.builders.bot_status import MEETING_URL, a_bot, a_wish

LONGEST = timedelta(hours=12)
FOUND = Started(
    external=External("bot_1"),
    bot_id=BotId("bot_1"),
    reported=ReportedStatus(
        raw_status="ready", meaning=Meaning(kind=Kind.MOVED, state=BotState.INITIALIZED)
    ),
)


@dataclass
class Outside:
    """Plays the service that runs bots and the rows; what it is told to raise it raises."""

    wishes: list[Bot]
    finds: Started | Exception = FOUND
    begins: dict[str, Exception] = field(default_factory=dict)
    given_up: list[tuple[IntentId, str, bool]] = field(default_factory=list)
    begun: list[IntentId] = field(default_factory=list)
    other: Bot = field(default_factory=a_bot)
    stopped: list[External] = field(default_factory=list)
    name: str = "attendee"

    async def claim_unresolved(self, *_: object) -> list[Bot]:
        return self.wishes

    async def find(self, _wish: Wish) -> Started:
        if isinstance(self.finds, Exception):
            raise self.finds
        return self.finds

    async def begin(self, intent_id: IntentId, _started: Started) -> None:
        if intent_id in self.begins:
            raise self.begins[intent_id]
        self.begun.append(intent_id)

    async def give_up(self, intent_id: IntentId, failure: str, *, doubtful: bool) -> None:
        self.given_up.append((intent_id, failure, doubtful))

    async def get_bot(self, _bot_id: BotId) -> Bot:
        return self.other

    async def stop(self, external: External) -> None:
        self.stopped.append(external)

    async def intend(self, bot: Bot, *_: object) -> Intended:
        return Intended(bot=bot, is_new=True)

    async def start(self, _wish: Wish) -> Started:
        return FOUND

    async def report(self, *_: object) -> None: ...


def bot_in(phase: Phase, age: timedelta, failure: str = "") -> Bot:
    bot = new_bot(a_wish("intent-1"), "Europe/Moscow", "attendee")
    return replace(bot, phase=phase, failure=failure, created_at=utc_now() - age)


def bots_of(outside: Outside) -> Bots:
    part: Any = cast("Any", outside)
    return Bots(
        part,
        part,
        part,
        part,
        part,
        MeetingLinks(HOSTS["attendee"]),
        defaults=Defaults(time_zone="Europe/Moscow", language="ru"),
        lease=timedelta(minutes=1),
        patience=Patience(silent=LONGEST),
    )


async def resolved(outside: Outside) -> Outside:
    await bots_of(outside).resolve()
    return outside


class Always(dict[str, Exception]):
    """Every start has the id of another bot."""

    def __contains__(self, _: object) -> bool:
        return True

    def __missing__(self, _: str) -> Exception:
        return BotRefused("an id that another bot has")


async def begun(other: Bot) -> tuple[Outside, str]:
    """Start a bot whose id `other` has already; returns the id that the caller gets, or the refusal."""
    outside = Outside([], begins=Always(), other=other)
    try:
        answer, _ = await bots_of(outside).start_bot(
            user_owner("anna"), MEETING_URL, "Bot", "ru", ""
        )
    except BotRefused as error:
        return outside, str(error)
    return outside, answer


async def test_a_service_that_answers_with_the_bot_of_that_meeting_has_started_none() -> None:
    outside, answer = await begun(a_bot(bot_id=BotId("bot_1")))
    assert (answer, outside.stopped) == ("bot_1", [])


async def test_an_id_that_somebody_else_s_bot_has_stops_nobody() -> None:
    wish = replace(a_wish(), owner=user_owner("olga"))
    outside, refusal = await begun(a_bot(wish=wish))
    assert (refusal, outside.stopped) == ("an id that another bot has", [])


async def test_a_bot_of_a_service_that_began_anew_does_not_go_on_unseen() -> None:
    outside, refusal = await begun(a_bot(state=BotState.ERROR))
    assert "gave it the id bot_1, which an earlier bot had" in refusal
    assert outside.stopped == ["bot_1"]


@pytest.mark.parametrize("phase", [Phase.INTENDED, Phase.DOUBTFUL])
async def test_a_wish_that_cannot_be_looked_for_is_given_up_at_last(phase: Phase) -> None:
    away = ServiceUnavailable("the service is away")
    young = await resolved(Outside([bot_in(phase, timedelta(hours=1))], away))
    old = await resolved(Outside([bot_in(phase, LONGEST + timedelta(minutes=1))], away))

    assert young.given_up == []
    assert old.given_up == [(IntentId("intent-1"), "the service is away", False)]


async def test_a_wish_keeps_the_failure_that_its_caller_was_told() -> None:
    wish = bot_in(Phase.DOUBTFUL, 2 * LONGEST, failure="no answer in time")

    outside = await resolved(Outside([wish], ServiceUnavailable("away")))

    assert outside.given_up == [(IntentId("intent-1"), "no answer in time", False)]


async def test_a_wish_whose_bot_has_the_id_of_another_is_given_up_at_once() -> None:
    wish = bot_in(Phase.INTENDED, timedelta(minutes=2))

    outside = await resolved(
        Outside([wish], begins={"intent-1": BotRefused("an id that another bot has")})
    )

    assert outside.begun == []
    assert outside.given_up == [(IntentId("intent-1"), "an id that another bot has", False)]


async def test_an_outage_of_the_database_is_said_once_and_no_error_of_ours() -> None:
    wishes = [bot_in(Phase.INTENDED, timedelta(minutes=2)) for _ in range(3)]
    lost = exceptions.ConnectionDoesNotExistError("connection was closed")
    outside = Outside(wishes, begins={"intent-1": lost})
    with capture_logs() as logs:
        await resolved(outside)
    assert [(line["event"], line["log_level"]) for line in logs] == [("loop_waits", "warning")]
    assert outside.given_up == []


async def test_a_wish_holds_up_no_other() -> None:
    first = bot_in(Phase.INTENDED, timedelta(minutes=2))
    second = replace(first, wish=replace(first.wish, intent_id=IntentId("intent-2")))
    outside = Outside([first, second], begins={"intent-1": ZeroDivisionError()})

    await resolved(outside)

    assert outside.begun == [IntentId("intent-2")]
