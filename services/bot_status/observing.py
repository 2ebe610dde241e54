"""The steps of a bot when something is said of it: pure, and decided before anything is stored."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
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
from services.bot_status.patience import Patience
from services.bot_status.reasons import UNSAID
from services.status.domain import BotState

MOST_DETAIL = 256
MOST_MESSAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A bot after a step.

    `told` tells that the coordinator is told of it, whose verdict counts; `verdict` is ours where it is not told, None
    while there is none. `reported` and its `source` are recorded, where there are any; what is `held` back is judged
    with the report that tells it.
    """

    bot: Bot
    told: bool = False
    held: bool = False
    verdict: ObservationVerdict | None = None
    source: Source | None = None
    reported: ReportedStatus | None = None


def observe(
    bot: Bot,
    source: Source,
    reported: ReportedStatus,
    now: datetime,
    patience: Patience,
    *,
    searchable: bool,
) -> Step:
    """Take what is said of a bot: its state only grows, and one that is final or ours never changes.

    No end is told here where its service can be asked for a recording (`searchable`): it is held, until that was done.
    """
    step = _observed(bot, reported, now, patience, searchable=searchable)
    return replace(step, source=source, reported=reported)


def ready(bot: Bot, now: datetime) -> Step:
    """Note that what was said in a meeting is there to be processed; a failure that was held back is forgotten."""
    if bot.media_ready or not bot.followed:
        return Step(bot=bot, verdict=ObservationVerdict.DUPLICATE)
    moved = _moved(bot, BotState.CONNECTED, "" if bot.failed_at else bot.detail, now)
    return _told(replace(_lifted(moved), media_ready=True, leave_wanted=False))


def fail(bot: Bot, message: str, now: datetime) -> Step:
    """End a bot for a reason that people understand."""
    if not bot.followed or bot.media_ready:
        return Step(bot=bot, verdict=ObservationVerdict.STALE)
    failed = replace(bot, state=BotState.ERROR, state_at=now, failure=message[:MOST_MESSAGE])
    # What was waited for is over, and its reason is told.
    return _told(replace(failed, detail="") if bot.failed_at else failed)


def hold(bot: Bot, message: str, now: datetime, wait: timedelta) -> Step:
    """Hold a failure back while a recording may still come of the meeting; with no time to wait it is not told yet."""
    if not bot.followed or bot.media_ready:
        return Step(bot=bot, verdict=ObservationVerdict.STALE)
    if bot.failed_at:
        if not message or message == bot.failure or bot.failure != UNSAID:
            return Step(bot=bot, verdict=ObservationVerdict.DUPLICATE)
        wait = (bot.held_until or now) - now  # only now it is known why
    until = now + wait
    held = replace(
        bot,
        failed_at=bot.failed_at or now,
        held_until=until,
        failure=(message or UNSAID)[:MOST_MESSAGE],
    )
    if wait <= timedelta(0):
        return Step(bot=held)
    return replace(_told(replace(held, detail=_waiting(held, until))), held=True)


def state_meant(reported: ReportedStatus) -> BotState | None:
    """Return the state that people read a status as; None where it means nothing."""
    meaning = reported.meaning
    match meaning.kind:
        case Kind.MOVED:
            return meaning.state
        case Kind.PREPARING | Kind.RECORDED:
            return BotState.CONNECTED
        case Kind.UNRECORDED | Kind.FAILED:
            return BotState.ERROR
        case Kind.OURS:
            return BotState(reported.raw_status.upper())
        case Kind.NOTHING:
            return None
        case _:
            assert_never(meaning.kind)


def _observed(
    bot: Bot, reported: ReportedStatus, now: datetime, patience: Patience, *, searchable: bool
) -> Step:
    meaning = reported.meaning
    if meaning.kind is Kind.OURS:
        return Step(bot=bot, verdict=ObservationVerdict.ILLEGAL)
    if meaning.kind is Kind.NOTHING:
        return Step(bot=bot, verdict=ObservationVerdict.IGNORED)
    failing = meaning.kind in (Kind.FAILED, Kind.UNRECORDED)
    if not bot.followed:
        failed_again = failing and bot.known_state is BotState.ERROR
        return Step(
            bot=bot,
            verdict=ObservationVerdict.DUPLICATE if failed_again else ObservationVerdict.STALE,
        )
    outside = meaning.outside and bot.joined_at is None and _is_followed_well(bot, now, patience)
    match meaning.kind:
        case Kind.MOVED:
            return _move(bot, meaning, detail_of(reported), now)
        case Kind.RECORDED if outside:
            return hold(bot, meaning.message, now, timedelta(0))
        case Kind.PREPARING | Kind.RECORDED:
            return _leave(bot, reported, now, outside=outside)
        case Kind.UNRECORDED | Kind.FAILED:
            return _end(bot, meaning, now, patience, outside=outside, searchable=searchable)
        case _:
            assert_never(meaning.kind)


def _move(bot: Bot, meaning: Meaning, detail: str, now: datetime) -> Step:
    state = meaning.state
    assert state is not None
    if RANKS[state] < RANKS[bot.state] or bot.left_at:
        return Step(bot=bot, verdict=ObservationVerdict.STALE)
    if RANKS[state] > RANKS[bot.state]:
        return _told(_moved(bot, state, detail, now))
    # What is told of a failure that is held back stays told.
    if bot.failed_at or detail == bot.detail:
        return Step(bot=bot, verdict=ObservationVerdict.DUPLICATE)
    return _told(_moved(bot, state, detail, now))


def _leave(bot: Bot, reported: ReportedStatus, now: datetime, *, outside: bool) -> Step:
    """Note that the bot has left: it stays CONNECTED while its recording is made ready."""
    recorded = reported.meaning.kind is Kind.RECORDED
    if bot.left_at and (bot.failed_at or detail_of(reported) == bot.detail):
        return Step(bot=bot, verdict=ObservationVerdict.DUPLICATE)
    if bot.failed_at and not recorded:
        return Step(bot=replace(bot, left_at=now), verdict=ObservationVerdict.DUPLICATE)
    state = bot.state if outside else BotState.CONNECTED
    moved = _moved(bot, state, detail_of(reported), now)
    moved = replace(moved, left_at=bot.left_at or now, leave_wanted=False)
    # There is said to be a recording: a failure from before that was none.
    return _told(_lifted(moved) if recorded else moved)


def _end(
    bot: Bot,
    meaning: Meaning,
    now: datetime,
    patience: Patience,
    *,
    outside: bool,
    searchable: bool,
) -> Step:
    """Take an end: at once where nothing can come of it, else once no recording has come in time."""
    never_in = bot.state is not BotState.CONNECTED and _is_followed_well(bot, now, patience)
    if not searchable and never_in:
        return fail(bot, meaning.message or UNSAID, now)
    certain = meaning.kind is Kind.UNRECORDED or outside
    return hold(bot, meaning.message, now, timedelta(0) if certain else patience.failed)


def _is_followed_well(bot: Bot, now: datetime, patience: Patience) -> bool:
    """Tell whether a bot was seen lately: else it may have been in its meeting while nobody looked."""
    return now - bot.answered_at <= patience.missing


def _moved(bot: Bot, state: BotState, detail: str, now: datetime) -> Bot:
    if RANKS[state] > RANKS[bot.state]:
        # It gets on: whatever was thought to have ended it has not.
        bot = _lifted(replace(bot, state=state, state_at=now))
    if state is BotState.CONNECTED and bot.joined_at is None:
        # A meeting belongs to the day on which it began.
        bot = replace(bot, joined_at=now, day=now.astimezone(ZoneInfo(bot.time_zone)).date())
    return replace(bot, detail=detail)


def _lifted(bot: Bot) -> Bot:
    return replace(bot, failed_at=None, held_until=None, failure="")


def _told(step: Bot) -> Step:
    return Step(bot=replace(step, sequence=step.sequence + 1), told=True)


def _waiting(bot: Bot, until: datetime) -> str:
    """Return what is said of a bot whose failure is held back: why, and until when its recording is looked for."""
    local = until.astimezone(ZoneInfo(bot.time_zone))
    end = f"; a recording of it is waited for until {local:%Y-%m-%d %H:%M} {bot.time_zone}"
    return bot.failure[: MOST_DETAIL - len(end)] + end


def detail_of(reported: ReportedStatus) -> str:
    """Return what a raw status says beyond the state; empty where both are the same word."""
    state = reported.meaning.state
    plain = state is not None and reported.raw_status == state.value.lower()
    return "" if plain else reported.raw_status[:MOST_DETAIL]
