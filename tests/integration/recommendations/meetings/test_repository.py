"""Analyses and tasks of meetings in Postgres: the later execution stays, and everybody sees their own."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from services.analysis.meetings.domain import BotId, MeetingAnalysis
from services.analysis.meetings.repository import PostgresMeetingAnalyses
from services.kernel.postgres import reading
from services.recommendations.meetings.domain import BotId as TasksBotId
from services.recommendations.meetings.domain import MeetingTasks
from services.recommendations.meetings.repository import PostgresMeetingTasks
from services.status.domain import ExecutionNumber, Owner, RunId
from tests.conftest import Database
from tests.identity import everything

ANNA, BORIS = Owner("user:anna"), Owner("user:boris")
FIRST, SECOND = ExecutionNumber(1), ExecutionNumber(2)
MADE = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
ANALYSIS = MeetingAnalysis(
    bot_id=BotId("bot-1"),
    owner=ANNA,
    session_id=RunId("r"),
    summary="первое",
    decisions=(),
    speakers=(),
    judge="rules-ru",
    created_at=MADE,
)
TASKS = MeetingTasks(
    bot_id=TasksBotId("bot-1"),
    owner=ANNA,
    session_id=RunId("r"),
    tasks=(),
    summary="первое",
    decisions=(),
    judge="rules-ru",
    created_at=MADE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One of the two repositories, by the words that both have."""

    of: Any
    get: Any
    store: Any
    delete: Any
    one: Any


@contextlib.asynccontextmanager
async def kept(what: str, database: Database, scope: str | None = None) -> AsyncIterator[Kept]:
    """Open a repository; with a `scope` it reads as the app role for somebody."""
    service = {"analyses": "analysis", "tasks": "recommendations"}[what]
    async with (
        database.pool(f"{service}_system") as pool,
        database.pool(f"{service}_app") as readers,
    ):
        how = everything(pool) if scope is None else partial(reading, readers, scope)
        if what == "analyses":
            analyses = PostgresMeetingAnalyses(how)
            yield Kept(
                of=pool,
                get=analyses.get_meeting_analysis,
                store=analyses.store_meeting_analyses,
                delete=analyses.delete_meeting_analyses,
                one=ANALYSIS,
            )
        else:
            tasks = PostgresMeetingTasks(pool, how)
            yield Kept(
                of=pool,
                get=tasks.get_meeting_tasks,
                store=tasks.store_meeting_tasks,
                delete=tasks.delete_meeting_tasks,
                one=TASKS,
            )


@pytest.mark.parametrize("what", ["analyses", "tasks"])
async def test_what_a_later_execution_wrote_stays_until_it_is_forgotten(
    database: Database, what: str
) -> None:
    async with kept(what, database) as rows:
        later = replace(rows.one, summary="второе")
        await rows.store(rows.of, FIRST, [rows.one])
        await rows.store(rows.of, SECOND, [later])
        await rows.store(rows.of, FIRST, [rows.one])

        assert await rows.get(ANNA, "bot-1") == later
        assert await rows.get(BORIS, "bot-1") is None
        await rows.delete(rows.of, ANNA, ["bot-1"])
        assert await rows.get(ANNA, "bot-1") is None


@pytest.mark.parametrize("what", ["analyses", "tasks"])
@pytest.mark.parametrize(
    ("scope", "seen"), [(ANNA, True), ("*", True), (BORIS, False), ("", False)]
)
async def test_a_reader_sees_the_meetings_of_its_scope(
    database: Database, what: str, scope: str, seen: bool
) -> None:
    async with kept(what, database, scope) as rows:
        await rows.store(rows.of, FIRST, [rows.one])

        assert (await rows.get(ANNA, "bot-1") is not None) is seen
