"""Ends the records of bots some time after their state last changed, by the time of the database."""

from datetime import timedelta

import structlog

from services.coordinator.bots.ports import BotChanges, ExpiredBots

log = structlog.get_logger()

AT_ONCE = 1_000
MOST_ROUNDS = 100
"""Rounds in one turn; what is left is for the next turn."""


class BotWatchdog:
    """Gives up bots that no longer change, and deletes the records of those that had ended."""

    def __init__(self, bots: ExpiredBots, changes: BotChanges, retention: timedelta) -> None:
        self._bots = bots
        self._changes = changes
        self._retention = retention

    async def clean_up(self) -> None:
        """Expire what is due. Several replicas may do so at once: each change is checked again in its lane."""
        why = f"nothing changed for {self._retention}"
        for _ in range(MOST_ROUNDS):
            due = await self._bots.expired_bots(self._retention, AT_ONCE)
            for bot in due:
                log.info("bot_expired", bot_id=bot.bot_id)
                await self._changes.expire_bot(bot.owner, bot.bot_id, bot.changed_at, why)
            if len(due) < AT_ONCE:
                return
