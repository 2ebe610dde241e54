"""The rows of bots: what is read for their owners, and how the lanes write them."""

from collections.abc import Collection, Mapping
from datetime import datetime

import asyncpg

from services.coordinator.runs.repository import QUERIES
from services.coordinator.state.bot import Bot, BotId, BotRecord
from services.kernel.postgres import reading
from services.status.domain import BotState, Owner, RunId, Stage

_ANALYSED = frozenset({Stage.ANALYSIS.value, Stage.TASKS.value})
"""Stages in which the analysis of a meeting has a session."""


class PostgresBots:
    """Implements BotRepository; what a user sees is read by the app role."""

    def __init__(self, pool: asyncpg.Pool, app_pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._app_pool = app_pool

    async def ensure_owners(self, owners: Collection[Owner]) -> None:
        await QUERIES.ensure_owners(self._pool, owners=list(owners))

    async def owners_of_bots(self, bot_ids: Collection[BotId]) -> Mapping[BotId, Owner]:
        rows = QUERIES.owners_of_bots(self._pool, bot_ids=list(bot_ids))
        return {BotId(row["bot_id"]): Owner(row["owner"]) async for row in rows}

    async def get_bot(self, scope: str, bot_id: BotId) -> BotRecord | None:
        async with reading(self._app_pool, scope) as connection:
            row = await QUERIES.get_bot(connection, bot_id=bot_id)
        if row is None:
            return None
        begun = row["run_stage"] in _ANALYSED
        return BotRecord(bot=bot_from_row(row), session_id=str(row["run_id"]) if begun else "")

    async def list_bots(
        self,
        scope: str,
        states: Collection[BotState],
        before: tuple[datetime, str] | None,
        page_size: int,
    ) -> list[Bot]:
        before_at, before_id = before or (None, None)
        async with reading(self._app_pool, scope) as connection:
            rows = QUERIES.list_bots(
                connection,
                states=[state.value for state in states],
                before_at=before_at,
                before_id=before_id,
                page_size=page_size,
            )
            return [bot_from_row(row) async for row in rows]


def bot_from_row(row: asyncpg.Record) -> Bot:
    return Bot(
        bot_id=BotId(row["bot_id"]),
        owner=Owner(row["owner"]),
        state=BotState(row["state"]),
        detail=row["detail"],
        error_message=row["error_message"],
        meet_url=row["meet_url"],
        bot_name=row["bot_name"],
        sequence=row["sequence"],
        run_id=RunId(str(row["run_id"])) if row["run_id"] else None,
        day=row["day"],
        time_zone=row["time_zone"],
        language=row["language"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        updated_at=row["updated_at"],
        stored=True,
    )


async def write_bot(connection: asyncpg.Connection, bot: Bot) -> None:
    """Write the row of a bot; raises UniqueViolationError where another owner has a bot of that id."""
    row = {
        "bot_id": bot.bot_id,
        "state": bot.state.value,
        "detail": bot.detail,
        "error_message": bot.error_message,
        "meet_url": bot.meet_url,
        "bot_name": bot.bot_name,
        "sequence": bot.sequence,
        "run_id": bot.run_id,
        "day": bot.day,
        "time_zone": bot.time_zone,
        "language": bot.language,
        "changed_at": bot.changed_at,
        "updated_at": bot.updated_at,
    }
    if bot.stored:
        await QUERIES.update_bot(connection, **row)
        return
    await QUERIES.insert_bot(connection, owner=bot.owner, created_at=bot.created_at, **row)
    bot.stored = True
