"""The contract of AnalysisRepository, for Postgres and for the fake; and what only the database does."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest

from services.analysis.calls.domain import Analysis, AnalysisFilter, CallId
from services.analysis.calls.ports import AnalysisRepository, Position
from services.analysis.calls.repository import BATCH, PostgresAnalyses
from services.status.domain import DateRange, ExecutionNumber, Owner
from tests.builders.analysis import CLINIC, an_analysis
from tests.conftest import Database
from tests.fakes.analysis import FakeAnalyses
from tests.identity import everything, seen_by

OTHER = Owner("client:other")
FIRST, SECOND = ExecutionNumber(1), ExecutionNumber(2)
C1, C2 = CallId("c1"), CallId("c2")
MARCH = AnalysisFilter(owner=CLINIC, days=DateRange(start=date(2026, 3, 1), end=date(2026, 3, 31)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository and the transaction to hand to it."""

    analyses: AnalysisRepository
    transaction: Any

    async def store(
        self, *analyses: Analysis, execution: ExecutionNumber = FIRST, owner: Owner = CLINIC
    ) -> None:
        await self.analyses.store_analyses(self.transaction, owner, execution, analyses)

    async def listed(
        self, filter_: AnalysisFilter, after: Position | None = None, limit: int = 100
    ) -> list[str]:
        found = await self.analyses.list_analyses(filter_, after, limit)
        return [analysis.call.call_id for analysis in found]


@pytest.fixture(params=["fake", "postgres"])
async def repository(
    request: pytest.FixtureRequest, database: Database
) -> AsyncIterator[Repository]:
    if request.param == "fake":
        yield Repository(analyses=FakeAnalyses(), transaction=None)
        return
    async with database.pool("analysis_system") as pool, pool.acquire() as connection:
        yield Repository(analyses=PostgresAnalyses(everything(pool)), transaction=connection)


def at(day: int, hour: int) -> dict[str, Any]:
    """Return when a call of March was, in a time zone three hours ahead."""
    return {
        "day": date(2026, 3, day),
        "started_at": datetime(2026, 3, day, hour, tzinfo=UTC),
    }


async def test_analyses_come_back_as_stored_and_in_the_order_asked_for(
    repository: Repository,
) -> None:
    full, bare = an_analysis("c1"), an_analysis("c2", employee=None, score=None)
    await repository.store(full, bare)

    found = await repository.analyses.get_analyses(CLINIC, [C2, CallId("nope"), C1])

    assert found == [bare, full]


async def test_a_later_analysis_takes_the_place_of_an_older_one_and_never_the_reverse(
    repository: Repository,
) -> None:
    later = an_analysis("c1", outcome="booked", score=90.0, **at(2, 9))
    await repository.store(an_analysis("c1"), execution=FIRST)
    await repository.store(later, execution=SECOND)
    await repository.store(an_analysis("c1", outcome="refused"), execution=FIRST)

    assert await repository.analyses.get_analyses(CLINIC, [C1]) == [later]
    # What is looked for goes with what is handed out.
    assert await repository.listed(replace(MARCH, outcome="booked", min_score=90.0)) == ["c1"]
    assert await repository.listed(replace(MARCH, outcome="thinking")) == []
    assert await repository.listed(replace(MARCH, outcome="refused")) == []


async def test_owners_do_not_share_analyses(repository: Repository) -> None:
    await repository.store(an_analysis("c1"))
    await repository.store(an_analysis("c1", outcome="booked"), owner=OTHER)
    await repository.analyses.delete_analyses(repository.transaction, CLINIC, [C1])

    assert await repository.analyses.get_analyses(CLINIC, [C1]) == []
    assert await repository.listed(MARCH) == []
    assert await repository.listed(replace(MARCH, owner=OTHER)) == ["c1"]


async def test_more_than_a_batch_is_stored_whole(repository: Repository) -> None:
    many = [an_analysis(f"c{n}") for n in range(BATCH + 1)]
    await repository.store(*many)

    ids = [analysis.call.call_id for analysis in many]
    assert await repository.analyses.get_analyses(CLINIC, ids) == many


@pytest.mark.parametrize(
    ("filter_", "ids"),
    [
        (MARCH, ["early", "plain", "unscored", "late"]),
        (replace(MARCH, call_type="complaint"), ["early"]),
        (replace(MARCH, outcome="booked"), ["plain"]),
        (replace(MARCH, sentiment="negative"), ["early"]),
        (replace(MARCH, employee="Иван"), ["late"]),
        (replace(MARCH, min_score=50.0), ["plain", "late"]),
        (replace(MARCH, max_score=50.0), ["early", "late"]),
        (replace(MARCH, min_score=50.0, max_score=50.0), ["late"]),
        (replace(MARCH, call_type="complaint", employee="Иван"), []),
        (
            replace(MARCH, days=DateRange(start=date(2026, 3, 2), end=date(2026, 3, 3))),
            ["plain", "unscored"],
        ),
    ],
)
async def test_a_list_holds_what_its_filter_selects_by_the_time_of_the_call(
    repository: Repository, filter_: AnalysisFilter, ids: Sequence[str]
) -> None:
    await repository.store(
        an_analysis("late", **at(4, 9), employee="Иван", score=50.0),
        an_analysis("unscored", **at(3, 9), employee=None, score=None),
        an_analysis("plain", **at(2, 9), outcome="booked", score=100.0),
        an_analysis("early", **at(1, 9), call_type="complaint", sentiment="negative", score=0.0),
        an_analysis("april", day=date(2026, 4, 1)),
    )

    assert await repository.listed(filter_) == ids


async def test_pages_follow_one_another_also_within_a_day_and_a_moment(
    repository: Repository,
) -> None:
    # By ids alone the order would be another one.
    calls = [("z", 1, 8), ("a", 1, 9), ("b", 1, 9), ("y", 2, 8), ("c", 2, 9)]
    await repository.store(*(an_analysis(i, **at(day, hour)) for i, day, hour in reversed(calls)))

    pages, after = [], None
    for _ in range(3):
        page = await repository.analyses.list_analyses(MARCH, after, 2)
        pages.append([analysis.call.call_id for analysis in page])
        last = page[-1].call
        after = Position(day=last.day, started_at=last.started_at, call_id=last.call_id)

    assert pages == [["z", "a"], ["b", "y"], ["c"]]
    assert await repository.listed(MARCH, after) == []


async def test_writes_of_a_transaction_that_fails_are_undone(database: Database) -> None:
    async with database.pool("analysis_system") as pool:
        analyses = PostgresAnalyses(everything(pool))
        async with pool.acquire() as connection:
            await analyses.store_analyses(connection, CLINIC, FIRST, [an_analysis("c1")])
            with contextlib.suppress(ZeroDivisionError):
                async with connection.transaction():
                    await analyses.store_analyses(connection, CLINIC, FIRST, [an_analysis("c2")])
                    await analyses.delete_analyses(connection, CLINIC, [C1])
                    raise ZeroDivisionError

        stored = await analyses.get_analyses(CLINIC, [C1, C2])

    assert [analysis.call.call_id for analysis in stored] == ["c1"]


async def test_a_reader_for_users_sees_its_owners_only_and_writes_nothing(
    database: Database,
) -> None:
    async with database.pool("analysis_system") as pool, pool.acquire() as connection:
        for owner in (CLINIC, OTHER):
            await PostgresAnalyses(everything(pool)).store_analyses(
                connection, owner, FIRST, [an_analysis("c1")]
            )

    async with database.pool("analysis_app") as pool:
        assert await PostgresAnalyses(seen_by(pool)).get_analyses(CLINIC, [C1]) == []
        assert len(await PostgresAnalyses(everything(pool)).get_analyses(CLINIC, [C1])) == 1
        async with seen_by(pool, "client:x", CLINIC)() as connection:
            seen = await connection.fetch("SELECT owner FROM analysis.analyses")
            assert [row["owner"] for row in seen] == [CLINIC]
        async with pool.acquire() as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await PostgresAnalyses(everything(pool)).store_analyses(
                    connection, CLINIC, SECOND, [an_analysis("c1")]
                )


async def test_a_score_that_is_no_percentage_is_refused(database: Database) -> None:
    async with database.pool("analysis_system") as pool, pool.acquire() as connection:
        with pytest.raises(asyncpg.CheckViolationError, match="score_is_a_percentage"):
            await PostgresAnalyses(everything(pool)).store_analyses(
                connection, CLINIC, FIRST, [an_analysis("c1", score=100.5)]
            )
