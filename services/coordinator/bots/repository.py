"""The rows of bots, as they are read; the lanes write them."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import asyncpg

from services.coordinator.commit.repository import insert_audit_entries
from services.coordinator.commit.rows import bot_from_row
from services.coordinator.state.bot import Bot, BotId, BotRecord
from services.coordinator.state.position import Position
from services.kernel.postgres import afresh, load_queries, reading
from services.status.domain import AuditAction, AuditEntry, BotState, Owner, Stage

_QUERIES = load_queries(__file__)

_ANALYSED = frozenset({Stage.ANALYSIS.value, Stage.TASKS.value})
"""Stages in which the analysis of a meeting has a session."""


class PostgresBots:
    """Implements BotRepository; what a user sees is read by the app role."""

    def __init__(self, pool: asyncpg.Pool, app_pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._app_pool = app_pool

    async def ensure_owners(self, owners: Collection[Owner]) -> None:
        await _QUERIES.ensure_owners(self._pool, owners=list(owners))

    async def owners_of_bots(self, bot_ids: Collection[BotId]) -> Mapping[BotId, Owner]:
        rows = _QUERIES.owners_of_bots(self._pool, bot_ids=list(bot_ids))
        return {BotId(row["bot_id"]): Owner(row["owner"]) async for row in rows}

    @afresh
    async def get_bot(self, scope: str, bot_id: BotId) -> BotRecord | None:
        async with reading(self._app_pool, scope) as connection:
            row = await _QUERIES.get_bot(connection, bot_id=bot_id)
        if row is None:
            return None
        begun = row["run_stage"] in _ANALYSED
        return BotRecord(bot=bot_from_row(row), session_id=str(row["run_id"]) if begun else "")

    @afresh
    async def list_bots(
        self,
        scope: str,
        states: Collection[BotState],
        before: Position | None,
        page_size: int,
    ) -> list[Bot]:
        before_at, before_id = before or (None, None)
        async with reading(self._app_pool, scope) as connection:
            rows = _QUERIES.list_bots(
                connection,
                states=[state.value for state in states],
                before_at=before_at,
                before_id=before_id,
                page_size=page_size,
            )
            return [bot_from_row(row) async for row in rows]

    async def note_stopped(self, bot: Bot, actor: str, at: datetime) -> None:
        entry = AuditEntry(
            actor=actor,
            action=AuditAction.STOP_BOT,
            owner=bot.owner,
            subject=bot.bot_id,
            detail="",
            at=at,
        )
        await insert_audit_entries(self._pool, [entry])

    async def expired_bots(self, retention: timedelta, count: int) -> list[Bot]:
        rows = _QUERIES.expired_bots(self._pool, retention=retention, count=count)
        return [bot_from_row(row) async for row in rows]
