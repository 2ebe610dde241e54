"""What is copied from the stages, in Postgres."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from services.call_sync.calls.domain import (
    CallText,
    CopiedTurn,
    DueResult,
    Findings,
    StageChange,
    StageChanges,
)
from services.call_sync.domain import CallId
from services.kernel.postgres import Connection, load_queries
from services.kernel.strangers import storable
from services.status.domain import Owner, Stage

MOST_CHARACTERS = 300_000
MOST_BYTES = 600_000
"""Of what is said in one call so much is looked for, more than is said in four hours; Postgres takes no more words."""
LONGEST_TURN = 50_000
"""Characters of one turn."""

_QUERIES = load_queries(__file__)
_NO_TAGS = str.maketrans("<>&", "   ")


class PostgresCopies:
    """Implements Copies."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def take_turn(self, stage: Stage, longest: timedelta) -> str | None:
        row = await _QUERIES.take_turn(self._pool, stage=stage.value, longest=longest)
        return row and str(row["cursor"])

    async def end_turn(self, stage: Stage, pause: timedelta, as_of: datetime | None) -> None:
        await _QUERIES.end_turn(self._pool, stage=stage.value, pause=pause, as_of=as_of)

    async def copy_changes(self, stage: Stage, cursor: str, changes: StageChanges) -> bool:
        known = [change for change in changes.changes if change.state is not None]
        gone = [change for change in changes.changes if change.state is None]
        async with self._pool.acquire() as connection, connection.transaction():
            moved = await _QUERIES.move_cursor(
                connection, stage=stage.value, cursor=cursor, next_cursor=changes.cursor
            )
            if not moved:
                return False
            which = _which(changes.changes)
            await _lock_calls(connection, which)
            await _upsert_stages(connection, stage, known)
            await _QUERIES.delete_stages(connection, stage=stage.value, **_which(gone))
            await _refresh(connection, which)
        return True

    async def restart(self, stage: Stage, cursor: str) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            if await _QUERIES.restart_stage(connection, stage=stage.value, cursor=cursor):
                rows = [row async for row in _QUERIES.forget_stage(connection, stage=stage.value)]
                await _refresh(
                    connection,
                    {
                        "owners": [row["owner"] for row in rows],
                        "call_ids": [row["call_id"] for row in rows],
                    },
                )

    async def list_due(self, stage: Stage, limit: int) -> list[DueResult]:
        rows = _QUERIES.list_due(self._pool, stage=stage.value, page_size=limit)
        return [
            DueResult(Owner(row["owner"]), CallId(row["call_id"]), row["output"])
            async for row in rows
        ]

    async def copy_text(self, due: DueResult, text: CallText | None) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            if not await _settle(connection, Stage.TRANSCRIPTION, due) or text is None:
                return
            turns = [_storable(turn) for turn in text.turns]
            await _QUERIES.upsert_text(
                connection,
                owner=due.owner,
                call_id=due.call_id,
                said=_said(turns),
                texts=[turn.text for turn in turns],
                speakers=[turn.speaker.value for turn in turns],
                begins=[turn.start_seconds for turn in turns],
                ends=[turn.end_seconds for turn in turns],
            )
            await _QUERIES.set_text(
                connection,
                owner=due.owner,
                call_id=due.call_id,
                output=due.output,
                language=text.language,
            )

    async def copy_findings(self, due: DueResult, findings: Findings | None) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            if not await _settle(connection, Stage.ANALYSIS, due) or findings is None:
                return
            await _QUERIES.set_findings(
                connection,
                owner=due.owner,
                call_id=due.call_id,
                output=due.output,
                call_type=storable(findings.call_type),
                outcome=storable(findings.outcome),
                sentiment=storable(findings.sentiment),
                score=findings.score,
            )


async def _settle(connection: Connection, stage: Stage, due: DueResult) -> bool:
    """Take a result off what is due, its call locked; False where it is not the stage's any more."""
    await _lock_calls(connection, {"owners": [due.owner], "call_ids": [due.call_id]})
    settled = await _QUERIES.settle_due(
        connection, stage=stage.value, owner=due.owner, call_id=due.call_id, output=due.output
    )
    return bool(settled)


async def _lock_calls(connection: Connection, which: dict[str, Any]) -> None:
    async for _ in _QUERIES.lock_calls(connection, **which):
        pass


async def _refresh(connection: Connection, which: dict[str, Any]) -> None:
    await _QUERIES.refresh_calls(connection, **which)
    await _QUERIES.delete_lost_texts(connection, **which)
    await _QUERIES.note_due(connection, **which)


async def _upsert_stages(
    connection: Connection, stage: Stage, changes: Sequence[StageChange]
) -> None:
    await _QUERIES.upsert_stages(
        connection,
        stage=stage.value,
        **_which(changes),
        states=[change.state and change.state.value for change in changes],
        reasons=[change.reason and change.reason.value for change in changes],
        messages=[storable(change.message) for change in changes],
        outputs=[change.output for change in changes],
        updated_at=[change.updated_at for change in changes],
    )


def _which(changes: Sequence[StageChange]) -> dict[str, Any]:
    return {
        "owners": [change.owner for change in changes],
        "call_ids": [change.call_id for change in changes],
    }


def _storable(turn: CopiedTurn) -> CopiedTurn:
    return CopiedTurn(
        speaker=turn.speaker,
        start_seconds=turn.start_seconds,
        end_seconds=turn.end_seconds,
        text=storable(turn.text)[:LONGEST_TURN],
    )


def _said(turns: Sequence[CopiedTurn]) -> str:
    """Return what words are looked for in, without what would be taken for tags."""
    said = "\n".join(turn.text for turn in turns).translate(_NO_TAGS)[:MOST_CHARACTERS]
    return said.encode()[:MOST_BYTES].decode(errors="ignore")
