"""How long to wait for a bot that does not get on, and for a service that does not answer."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.bot_status.domain import Bot
from services.status.domain import BotState


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The limits of waiting; each is a setting of the service."""

    initialized: timedelta = timedelta(minutes=15)
    connecting: timedelta = timedelta(minutes=30)
    connected: timedelta = timedelta(hours=4)
    media: timedelta = timedelta(minutes=60)
    """How long after the bot has left its recording may come."""
    failed: timedelta = timedelta(minutes=10)
    """How long after a failure in a meeting its recording may still come."""
    missing: timedelta = timedelta(minutes=3)
    """How long a bot that its service does not know may still appear."""
    silent: timedelta = timedelta(hours=12)
    """How long a service may not answer before its bots are given up."""
    interval: timedelta = timedelta(seconds=3)
    """The pause between two looks at a bot."""
    longest_pause: timedelta = timedelta(minutes=5)
    """The longest pause between two looks at a bot whose service does not answer."""

    def give_up_reason(self, bot: Bot, now: datetime) -> str | None:
        """Return why a bot does not get on, as a sentence, once that is for too long; None while it is not.

        Time in a state counts only while the service answers: where it does not, nobody knows where the bot is.
        """
        if not bot.followed or bot.media_ready or bot.failed_at:
            return None
        if bot.missing_at and now - bot.missing_at > self.missing:
            return "the service that runs bots does not know the bot any more (bot_not_found)"
        if now - bot.answered_at > self.silent:
            return f"the service that runs bots has not answered for {_spoken(self.silent)}"
        if bot.failures or bot.missing_at:
            return None
        if bot.left_at:
            if now - bot.left_at > self.media:
                return (
                    f"the meeting ended, but no recording of it came within {_spoken(self.media)}: "
                    "did the service that runs bots make one, and hand it over?"
                )
            return None
        limit, text = self._stuck(bot.state)
        return f"{text} for {_spoken(limit)}" if now - bot.state_at > limit else None

    def last_wait(self, bot: Bot, *, searchable: bool) -> timedelta:
        """Return how long a recording of a bot that does not get on is still waited for, before it is given up.

        A bot that its service leaves in one state may be in the meeting all the same; one that has been there for very
        long is asked to leave, and leaves a recording.
        """
        alive = not (bot.missing_at or bot.left_at or bot.failures)
        waits = alive and (searchable or bot.state is BotState.CONNECTED)
        return self.media if waits else timedelta(0)

    def is_over(self, bot: Bot, now: datetime, *, asked: bool, found: bool = False) -> bool:
        """Tell whether a failure that is held back is to be told now.

        While the service cannot be `asked` for the recording it is held on, until the service has been silent for long;
        a recording that was `found` is tried for a while, even if there was said to be none.
        """
        if bot.failed_at is None:
            return False
        until = bot.held_until or bot.failed_at + self.failed
        until = max(until, bot.failed_at + self.failed) if found else until
        return now >= until and (
            asked or now - until > self.silent or now - bot.answered_at > self.silent
        )

    def _stuck(self, state: BotState) -> tuple[timedelta, str]:
        match state:
            case BotState.INITIALIZED:
                return self.initialized, "the bot was started, but has not gone to the meeting"
            case BotState.CONNECTING:
                return self.connecting, "nobody has let the bot into the meeting"
            case _:
                return self.connected, "the bot has been in the meeting"

    def pause(
        self,
        failures: int,
        retry_after: timedelta | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> timedelta:
        """Return the pause before the next look: it doubles with each failure in a row, with a fifth of jitter."""
        if not failures:
            return self.interval
        doubled = min(self.interval * (1 << min(failures, 20)), self.longest_pause)
        spread = doubled * (0.8 + 0.4 * jitter())
        return min(max(spread, retry_after or timedelta(0)), max(self.longest_pause, self.interval))


def _spoken(limit: timedelta) -> str:
    seconds = limit.total_seconds()
    for size, word in ((3600, "hour"), (60, "minute")):
        if seconds >= size:
            number = round(seconds / size, 1)
            return f"{number:g} {word}" + ("" if number == 1 else "s")
    return f"{seconds:g} seconds"
