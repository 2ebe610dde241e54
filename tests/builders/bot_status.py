"""Bots of bot_status, and the wishes they are made of; valid, with defaults."""

from dataclasses import replace
from datetime import UTC, date, datetime

from services.bot_status.domain import Bot, BotId, External, IntentId, Phase, Wish
from services.status.domain import BotState, user_owner

MEETING_URL = "https://meet.google.com/abc-defg-hij"
NOW = datetime(2026, 11, 26, 20, 30, tzinfo=UTC)


def a_wish(intent_id: str = "i") -> Wish:
    return Wish(
        intent_id=IntentId(intent_id),
        owner=user_owner("anna"),
        meet_url=MEETING_URL,
        bot_name="Bot",
        language="ru",
    )


def a_bot(**changes: object) -> Bot:
    """Return a bot that was started and told of, in which `changes` are made."""
    bot = Bot(
        wish=a_wish(),
        provider="generic",
        phase=Phase.STARTED,
        bot_id=BotId("b"),
        external=External("b"),
        time_zone="Asia/Almaty",
        day=date(2026, 11, 26),
        state=BotState.INITIALIZED,
        state_at=NOW,
        answered_at=NOW,
        created_at=NOW,
    )
    return replace(bot, **changes)  # type: ignore[arg-type]  # fields by their names
