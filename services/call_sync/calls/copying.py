"""Keeps copies of what the stages say of calls: one process at a time asks each stage what changed."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

import structlog

from services.call_sync.calls.domain import CursorRefused, DueResult
from services.call_sync.calls.ports import Copies, FindingsSource, StageSource, TextSource
from services.kernel.errors import LimitReached
from services.kernel.outage import Outage
from services.status.domain import Owner, Stage

log = structlog.get_logger()

BUSY = timedelta(seconds=2)
"""How long it is from one turn to the next while something changes."""
IDLE = timedelta(seconds=5)
LONGEST = timedelta(minutes=1)
"""A turn of a process that has died is taken by another after so long."""
PAGES = 20
"""Pages of changes in one turn at the most."""
BATCHES = 50
"""Batches of results in one turn at the most."""
BATCH = 20
"""Results asked for at a time."""


class Copying:
    """Copies what one stage says of calls, and what it found where it finds something.

    What was copied is committed with the cursor behind it, so that a process may die anywhere. A stage that is away
    delays nothing but its own part.
    """

    def __init__(
        self,
        stage: Stage,
        copies: Copies,
        source: StageSource,
        *,
        texts: TextSource | None = None,
        findings: FindingsSource | None = None,
    ) -> None:
        self._stage = stage
        self._copies = copies
        self._source = source
        self._texts = texts
        self._findings = findings

    async def run(self) -> None:
        """Take turns for ever."""
        outage = Outage(f"copying {self._stage.value}")
        while True:
            pause = IDLE
            with outage.outlived():
                pause = await self.turn()
            await asyncio.sleep(pause.total_seconds())

    async def turn(self) -> timedelta:
        """Copy what changed, a bounded part of it, if it is time; returns how long to rest."""
        cursor = await self._copies.take_turn(self._stage, LONGEST)
        if cursor is None:
            return BUSY
        pause, as_of = IDLE, None
        try:
            pause, as_of = await self._copy(cursor)
        finally:
            await self._copies.end_turn(self._stage, pause, as_of)
        return pause

    async def _copy(self, cursor: str) -> tuple[timedelta, datetime | None]:
        """Copy changes, then results; returns the pause, and what the stage had when all of that is copied."""
        changed = False
        for _ in range(PAGES):
            try:
                page = await self._source.list_changes(cursor)
            except CursorRefused:
                if not cursor:
                    raise  # it is no cursor that is refused: to begin again would help nobody
                log.warning("copied_anew", stage=self._stage.value)
                await self._copies.restart(self._stage, cursor)
                return timedelta(0), None
            changed = changed or bool(page.changes)
            if page.cursor != cursor:
                if not await self._copies.copy_changes(self._stage, cursor, page):
                    return BUSY, None  # another process has gone on from here
                cursor = page.cursor
            if not page.more:
                break
        else:
            return timedelta(0), None
        for _ in range(BATCHES):
            due = await self._copies.list_due(self._stage, BATCH)
            if not due:
                return (BUSY if changed else IDLE), page.as_of
            changed = True
            for owner, results in groupby(due, key=lambda each: each.owner):
                await self._copy_results(owner, list(results))
        return timedelta(0), None

    async def _copy_results(self, owner: Owner, due: Sequence[DueResult]) -> None:
        call_ids = [each.call_id for each in due]
        try:
            if self._texts:
                texts = {
                    text.call_id: text for text in await self._texts.get_texts(owner, call_ids)
                }
                for each in due:
                    await self._copies.copy_text(each, texts.get(each.call_id))
            elif self._findings:
                found = {
                    findings.call_id: findings
                    for findings in await self._findings.get_findings(owner, call_ids)
                }
                for each in due:
                    await self._copies.copy_findings(each, found.get(each.call_id))
        except LimitReached as error:
            if error.reason:
                raise  # too many calls at once: these are no larger than another time
            if len(due) > 1:
                middle = len(due) // 2
                await self._copy_results(owner, due[:middle])
                await self._copy_results(owner, due[middle:])
                return
            log.warning("result_not_copied", stage=self._stage.value, why=str(error))
            if self._texts:
                await self._copies.copy_text(due[0], None)
            else:
                await self._copies.copy_findings(due[0], None)
