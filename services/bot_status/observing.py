"""What becomes of a bot when something is said of it: pure steps, judged before anything is stored."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from services.bot_status.domain import RANKS, Bot, Kind, Meaning, Said, Source, Verdict
from services.status.domain import BotState

MOST_DETAIL = 256
MOST_MESSAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A bot after a step.

    `told`: the coordinator is to hear of it, and judges what was said. `verdict` is ours where it need not, and None
    while it is not known yet. `source` and `said` are recorded, where there are any.
    """

    bot: Bot
    told: bool = False
    verdict: Verdict | None = None
    source: Source | None = None
    said: Said | None = None


def observe(bot: Bot, source: Source, said: Said, now: datetime) -> Step:
    """Take what is said of a bot: states only grow, and what is final or ours never changes."""
    step = _observed(bot, said, now)
    return replace(step, source=source, said=said)


def ready(bot: Bot, now: datetime) -> Step:
    """Note that what was said in a meeting is there to be processed; a failure that was held back is forgotten."""
    if bot.media_ready or not bot.followed:
        return Step(bot=bot, verdict=Verdict.DUPLICATE)
    moved = _moved(bot, BotState.CONNECTED, bot.detail, now)
    return _told(replace(moved, media_ready=True, failed_at=None, failure=""))


def fail(bot: Bot, message: str, now: datetime) -> Step:
    """End a bot for a reason that people understand."""
    if not bot.followed:
        return Step(bot=bot, verdict=Verdict.STALE)
    return _told(replace(bot, state=BotState.ERROR, state_at=now, failure=message[:MOST_MESSAGE]))


def _observed(bot: Bot, said: Said, now: datetime) -> Step:
    meaning = said.meaning
    if meaning.kind is Kind.OURS:
        return Step(bot=bot, verdict=Verdict.ILLEGAL)
    if meaning.kind is Kind.NOTHING:
        return Step(bot=bot, verdict=Verdict.DUPLICATE)
    if not bot.followed:
        failed_again = meaning.kind is Kind.FAILED and bot.known_state is BotState.ERROR
        return Step(bot=bot, verdict=Verdict.DUPLICATE if failed_again else Verdict.STALE)
    match meaning.kind:
        case Kind.MOVED:
            return _move(bot, meaning, detail_of(said), now)
        case Kind.PREPARING | Kind.RECORDED:
            return _leave(bot, detail_of(said), now)
        case Kind.UNRECORDED:
            return fail(bot, meaning.message or "the bot left without a recording", now)
        case Kind.FAILED:
            return _hold(bot, meaning.message or f"the bot failed: {said.raw_status}", now)
        case _:
            assert_never(meaning.kind)


def _move(bot: Bot, meaning: Meaning, detail: str, now: datetime) -> Step:
    state = meaning.state
    assert state is not None
    if RANKS[state] < RANKS[bot.state] or bot.left_at:
        return Step(bot=bot, verdict=Verdict.STALE)
    if (state, detail) == (bot.state, bot.detail):
        return Step(bot=bot, verdict=Verdict.DUPLICATE)
    return _told(_moved(bot, state, detail, now))


def _leave(bot: Bot, detail: str, now: datetime) -> Step:
    """Note that the bot has left: it stays CONNECTED while its recording is made ready."""
    if bot.left_at and detail == bot.detail:
        return Step(bot=bot, verdict=Verdict.DUPLICATE)
    moved = _moved(bot, BotState.CONNECTED, detail, now)
    return _told(replace(moved, left_at=bot.left_at or now))


def _hold(bot: Bot, message: str, now: datetime) -> Step:
    """Take a failure: at once where the bot was never in a meeting, else only when no recording came in time."""
    if bot.state is not BotState.CONNECTED:
        return fail(bot, message, now)
    if bot.failed_at:
        return Step(bot=bot, verdict=Verdict.DUPLICATE)
    return Step(bot=replace(bot, failed_at=now, failure=message[:MOST_MESSAGE]))


def _moved(bot: Bot, state: BotState, detail: str, now: datetime) -> Bot:
    if RANKS[state] > RANKS[bot.state]:
        bot = replace(bot, state=state, state_at=now)
    if state is BotState.CONNECTED and bot.joined_at is None:
        # A meeting belongs to the day on which it began.
        bot = replace(bot, joined_at=now, day=now.astimezone(ZoneInfo(bot.time_zone)).date())
    return replace(bot, detail=detail)


def _told(bot: Bot) -> Step:
    return Step(bot=replace(bot, sequence=bot.sequence + 1), told=True)


def detail_of(said: Said) -> str:
    """Return what a raw status says beyond the state: nothing where they are one word."""
    state = said.meaning.state
    plain = state is not None and said.raw_status == state.value.lower()
    return "" if plain else said.raw_status[:MOST_DETAIL]
