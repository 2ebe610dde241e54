"""The steps of a bot when something is said of it: pure, and decided before anything is stored."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from services.bot_status.domain import (
    RANKS,
    Bot,
    Kind,
    Meaning,
    ObservationVerdict,
    ReportedStatus,
    Source,
)
from services.status.domain import BotState

MOST_DETAIL = 256
MOST_MESSAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A bot after a step.

    `told` tells that the coordinator is told of it, whose verdict counts; `verdict` is ours where it is not told, None
    while there is none. `reported` and its `source` are recorded, where there are any.
    """

    bot: Bot
    told: bool = False
    verdict: ObservationVerdict | None = None
    source: Source | None = None
    reported: ReportedStatus | None = None


def observe(bot: Bot, source: Source, reported: ReportedStatus, now: datetime) -> Step:
    """Take what is said of a bot: its state only grows, and one that is final or ours never changes."""
    step = _observed(bot, reported, now)
    return replace(step, source=source, reported=reported)


def ready(bot: Bot, now: datetime) -> Step:
    """Note that what was said in a meeting is there to be processed; a failure that was held back is forgotten."""
    if bot.media_ready or not bot.followed:
        return Step(bot=bot, verdict=ObservationVerdict.DUPLICATE)
    moved = _moved(bot, BotState.CONNECTED, bot.detail, now)
    return _told(replace(moved, media_ready=True, failed_at=None, failure=""))


def fail(bot: Bot, message: str, now: datetime) -> Step:
    """End a bot for a reason that people understand."""
    if not bot.followed:
        return Step(bot=bot, verdict=ObservationVerdict.STALE)
    return _told(replace(bot, state=BotState.ERROR, state_at=now, failure=message[:MOST_MESSAGE]))


def _observed(bot: Bot, reported: ReportedStatus, now: datetime) -> Step:
    meaning = reported.meaning
    if meaning.kind is Kind.OURS:
        return Step(bot=bot, verdict=ObservationVerdict.ILLEGAL)
    if meaning.kind is Kind.NOTHING:
        return Step(bot=bot, verdict=ObservationVerdict.DUPLICATE)
    if not bot.followed:
        failed_again = meaning.kind is Kind.FAILED and bot.known_state is BotState.ERROR
        return Step(
            bot=bot,
            verdict=ObservationVerdict.DUPLICATE if failed_again else ObservationVerdict.STALE,
        )
    match meaning.kind:
        case Kind.MOVED:
            return _move(bot, meaning, detail_of(reported), now)
        case Kind.PREPARING | Kind.RECORDED:
            return _leave(bot, detail_of(reported), now)
        case Kind.UNRECORDED:
            return fail(bot, meaning.message or "the bot left without a recording", now)
        case Kind.FAILED:
            return _hold(bot, meaning.message or f"the bot failed: {reported.raw_status}", now)
        case _:
            assert_never(meaning.kind)


def _move(bot: Bot, meaning: Meaning, detail: str, now: datetime) -> Step:
    state = meaning.state
    assert state is not None
    if RANKS[state] < RANKS[bot.state] or bot.left_at:
        return Step(bot=bot, verdict=ObservationVerdict.STALE)
    if (state, detail) == (bot.state, bot.detail):
        return Step(bot=bot, verdict=ObservationVerdict.DUPLICATE)
    return _told(_moved(bot, state, detail, now))


def _leave(bot: Bot, detail: str, now: datetime) -> Step:
    """Note that the bot has left: it stays CONNECTED while its recording is made ready."""
    if bot.left_at and detail == bot.detail:
        return Step(bot=bot, verdict=ObservationVerdict.DUPLICATE)
    moved = _moved(bot, BotState.CONNECTED, detail, now)
    return _told(replace(moved, left_at=bot.left_at or now))


def _hold(bot: Bot, message: str, now: datetime) -> Step:
    """Take a failure: at once where the bot was never in a meeting, else once no recording has come in time."""
    if bot.state is not BotState.CONNECTED:
        return fail(bot, message, now)
    if bot.failed_at:
        return Step(bot=bot, verdict=ObservationVerdict.DUPLICATE)
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


def detail_of(reported: ReportedStatus) -> str:
    """Return what a raw status says beyond the state; empty where both are the same word."""
    state = reported.meaning.state
    plain = state is not None and reported.raw_status == state.value.lower()
    return "" if plain else reported.raw_status[:MOST_DETAIL]
