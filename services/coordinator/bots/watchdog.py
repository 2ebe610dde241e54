"""Nothing for ever, for bots: a record ends some time after its state last changed, by the time of the database."""

from datetime import timedelta

import asyncpg
import structlog

from services.coordinator.bots.commands import LaneBotChanges
from services.coordinator.runs.repository import QUERIES
from services.coordinator.state.bot import BotId
from services.status.domain import Owner

log = structlog.get_logger()

AT_ONCE = 1_000
MOST_ROUNDS = 100
"""In one turn; what is left is for the next."""


class BotWatchdog:
    """Ends what nobody hears of any more, and deletes what has ended long ago."""

    def __init__(self, pool: asyncpg.Pool, changes: LaneBotChanges, retention: timedelta) -> None:
        self._pool = pool
        self._changes = changes
        self._retention = retention

    async def clean_up(self) -> None:
        """Expire what is due. Several replicas may do so at once: each change is checked again in its lane."""
        for _ in range(MOST_ROUNDS):
            rows = QUERIES.expired_bots(self._pool, retention=self._retention, count=AT_ONCE)
            due = [(row["owner"], row["bot_id"], row["changed_at"]) async for row in rows]
            for owner, bot_id, changed_at in due:
                log.info("bot_expired", bot_id=bot_id)
                why = f"nothing changed for {self._retention}"
                await self._changes.expire_bot(Owner(owner), BotId(bot_id), changed_at, why)
            if len(due) < AT_ONCE:
                return
