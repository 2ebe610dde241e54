"""The reporting tables: written whole, twice the same, replaced and removed; and the queries of docs/reporting.md."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import asyncpg
import pytest

from services.recommendations.calls.domain import CallId
from services.recommendations.calls.repository import PostgresAnalysedCalls
from services.recommendations.employees.domain import RecommendationState
from services.recommendations.ranges.domain import WrittenReport
from services.recommendations.reporting.domain import ReportingUnavailable
from services.recommendations.reporting.repository import PostgresReporting, open_reporting
from services.recommendations.reporting.usecases import Reporting
from services.status.domain import DateRange, ExecutionNumber, Owner
from tests.builders.recommendations import (
    MONDAY,
    a_finding,
    a_reported_call,
    an_advice,
    an_employee_recommendation,
)
from tests.conftest import Database
from tests.identity import everything
from tests.tree import ROOT

CLINIC, OTHER = Owner("client:clinic"), Owner("client:other")
FIRST, SECOND = ExecutionNumber(1), ExecutionNumber(2)
WEEK = DateRange(start=MONDAY, end=MONDAY + timedelta(6))
PARTS = (
    "transcripts",
    "analyses",
    "checklist_items",
    "recommendations",
    "objections",
    "agreements",
    "call_sides",
)
DOCUMENT = (ROOT / "docs" / "reporting.md").read_text()


@pytest.fixture
async def reporting(database: Database) -> AsyncIterator[PostgresReporting]:
    async with open_reporting(database.dsn("reporting_owner"), 2) as reporting:
        yield reporting


@pytest.fixture
async def reader(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.dsn("reporting_owner"))
    try:
        yield connection
    finally:
        await connection.close()


async def rows(reader: asyncpg.Connection) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of all tables, but for the moment they were written."""
    tables = {}
    for table in ("calls", *PARTS, "range_reports"):
        found = await reader.fetch(f"SELECT * FROM reporting.{table}")
        tables[table] = sorted(
            ({name: value for name, value in row.items() if name != "written_at"} for row in found),
            key=repr,
        )
    return tables


def quoted(text: str, speaker: str, seconds: float | None) -> dict[str, Any]:
    return {"quote": text, "quote_speaker": speaker, "quote_seconds": seconds}


async def test_a_call_whose_source_tells_no_duration_has_that_of_its_recording(
    reporting: PostgresReporting, reader: asyncpg.Connection
) -> None:
    known = a_reported_call("c1")
    await reporting.write_calls(
        CLINIC, FIRST, [replace(known, call=replace(known.call, duration_seconds=None))]
    )

    assert [row["duration_seconds"] for row in (await rows(reader))["calls"]] == [61.5]


async def test_a_call_is_written_with_all_that_is_known_of_it(
    reporting: PostgresReporting, reader: asyncpg.Connection
) -> None:
    call = a_reported_call("c1", text="client: Алло\noperator: Добрый день")

    assert await reporting.write_calls(CLINIC, FIRST, [call]) == {}

    key = {"client_id": "clinic", "call_id": "c1"}
    assert await rows(reader) == {
        "calls": [
            {
                **key,
                "day": MONDAY,
                "started_at": datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
                "direction": "incoming",
                "duration_seconds": 12.5,
                "employee": "Анна",
                "contact": "+79990000000",
                "execution": 1,
                "attempt": 1,
            }
        ],
        "transcripts": [{**key, "language": "ru", "text": "client: Алло\noperator: Добрый день"}],
        "analyses": [
            {
                **key,
                "call_type": "new_booking",
                "outcome": "booked",
                "sentiment": "neutral",
                "score": 75,
                "summary": "Запись на приём.",
                "objections": ["price", "far"],
                "operator_talk_share": 0.5,
                "silence_share": None,
                "judge": "rules",
                "playbook": "clinic",
                "span_seconds": 70.5,
                "overlap_seconds": 0,
                "long_pauses": 1,
                "longest_pause_seconds": 4.5,
                "told_share": 0.75,
                "speakers_guessed": True,
            }
        ],
        "checklist_items": [
            {
                **key,
                "item": "greets",
                "skill": "contact",
                "status": "completed",
                "weight": 1,
                **quoted("Добрый день", "operator", 1.5),
            }
        ],
        "recommendations": [
            {
                **key,
                "position": 0,
                "skill": "closing",
                "priority": 1,
                "text": an_advice().text,
                "why": an_advice().why,
                **quoted(an_advice().quote.text, "client", 12.5),
            }
        ],
        "objections": [
            {**key, "position": 0, "kind": "price", **quoted("Дорого", "client", 20.0)},
            {**key, "position": 1, "kind": "far", **quoted("", "", None)},
        ],
        "agreements": [
            {
                **key,
                "position": 0,
                "text": "Перезвонить",
                "side": "operator",
                "due_day": MONDAY,
                **quoted("Я перезвоню", "operator", 30.0),
            }
        ],
        "call_sides": [
            {
                **key,
                "side": side,
                "speech_seconds": 30.5,
                "words": 80,
                "turns": 9,
                "words_per_minute": None,
                "longest_monologue_seconds": 12.5,
                "questions": questions,
                "interruptions": 0,
                "response_seconds": 0.5,
            }
            for side, questions in (("client", 1), ("operator", 3))
        ],
        "range_reports": [],
    }


async def test_writing_twice_gives_the_same_rows(
    reporting: PostgresReporting, reader: asyncpg.Connection
) -> None:
    calls = [a_reported_call("c1"), a_reported_call("c2")]
    await reporting.write_calls(CLINIC, FIRST, calls)
    once = await rows(reader)

    await reporting.write_calls(CLINIC, FIRST, list(reversed(calls)))

    assert await rows(reader) == once


async def test_a_later_execution_replaces_the_rows_of_its_calls_alone(
    reporting: PostgresReporting, reader: asyncpg.Connection
) -> None:
    await reporting.write_calls(CLINIC, FIRST, [a_reported_call("c1"), a_reported_call("c2")])
    await reporting.write_calls(OTHER, FIRST, [a_reported_call("c1")])
    again = a_reported_call(
        "c1", text="client: Да", employee="Борис", findings=[a_finding("asks")], advice=[]
    )

    await reporting.write_calls(CLINIC, SECOND, [again])

    seen = await rows(reader)
    assert {(row["client_id"], row["call_id"], row["employee"]) for row in seen["calls"]} == {
        ("clinic", "c1", "Борис"),
        ("clinic", "c2", "Анна"),
        ("other", "c1", "Анна"),
    }
    own = {
        part: [r for r in seen[part] if (r["client_id"], r["call_id"]) == ("clinic", "c1")]
        for part in PARTS
    }
    assert [row["item"] for row in own["checklist_items"]] == ["asks"]
    assert [row["text"] for row in own["transcripts"]] == ["client: Да"]
    assert own["recommendations"] == []
    assert len(seen["recommendations"]) == 2


@pytest.mark.parametrize(
    ("execution", "attempt"), [(FIRST, 9), (SECOND, 1)], ids=["older execution", "older attempt"]
)
async def test_an_older_attempt_changes_nothing(
    reporting: PostgresReporting,
    reader: asyncpg.Connection,
    execution: ExecutionNumber,
    attempt: int,
) -> None:
    await reporting.write_calls(CLINIC, SECOND, [a_reported_call("c1", attempt=2)])
    before = await rows(reader)

    late = a_reported_call("c1", attempt=attempt, employee="Борис", text="late")
    assert await reporting.write_calls(CLINIC, execution, [late]) == {}

    assert await rows(reader) == before


async def test_a_forgotten_call_leaves_every_table(
    reporting: PostgresReporting, reader: asyncpg.Connection
) -> None:
    await reporting.write_calls(OTHER, FIRST, [a_reported_call("c1")])
    before = await rows(reader)
    await reporting.write_calls(CLINIC, FIRST, [a_reported_call("c1"), a_reported_call("c2")])

    await reporting.delete_calls(CLINIC, [CallId("c1"), CallId("c2"), CallId("nope")])

    assert await rows(reader) == before


async def test_a_call_that_cannot_be_stored_is_named_and_holds_no_other_up(
    reporting: PostgresReporting, reader: asyncpg.Connection
) -> None:
    calls = [a_reported_call("c1"), a_reported_call("c2", text="\0"), a_reported_call("c3")]

    refused = await reporting.write_calls(CLINIC, FIRST, calls)

    assert list(refused) == ["c2"]
    assert "cannot hold it" in refused[CallId("c2")]
    assert [row["call_id"] for row in (await rows(reader))["calls"]] == ["c1", "c3"]


async def test_a_refusal_quotes_no_row(reporting: PostgresReporting) -> None:
    call = a_reported_call("c1")
    twice = replace(call.analysis, findings=call.analysis.findings * 2)

    refused = await reporting.write_calls(CLINIC, FIRST, [replace(call, analysis=twice)])

    assert "duplicate key" in refused[CallId("c1")]
    assert "DETAIL" not in refused[CallId("c1")]


async def test_the_report_of_a_range_stays_until_a_later_run_writes_its_own(
    reporting: PostgresReporting, reader: asyncpg.Connection
) -> None:
    full = WrittenReport(
        calls=3,
        score=75.5,
        focus=("closing", "contact"),
        narrative=None,
        written_at=datetime.now(UTC),
    )
    empty = WrittenReport(
        calls=0, score=None, focus=(), narrative=None, written_at=datetime.now(UTC)
    )

    await reporting.write_report(CLINIC, WEEK, SECOND, full)
    await reporting.write_report(CLINIC, WEEK, FIRST, empty)
    [row] = (await rows(reader))["range_reports"]
    assert (row["calls"], row["score"], row["focus"]) == (3, 75.5, ["closing", "contact"])

    await reporting.write_report(CLINIC, WEEK, SECOND, empty)
    [row] = (await rows(reader))["range_reports"]
    assert (row["calls"], row["score"], row["focus"]) == (0, None, [])


async def test_a_database_that_is_away_is_unavailable(free_port: int) -> None:
    async with open_reporting(f"postgresql://a:b@127.0.0.1:{free_port}/c", 1) as reporting:
        with pytest.raises(ReportingUnavailable, match="does not answer"):
            await reporting.write_calls(CLINIC, FIRST, [a_reported_call("c1")])


async def test_a_database_without_the_tables_says_what_to_do(
    reporting: PostgresReporting, reader: asyncpg.Connection
) -> None:
    await reader.execute("DROP TABLE reporting.range_reports CASCADE")
    report = WrittenReport(
        calls=0, score=None, focus=(), narrative=None, written_at=datetime.now(UTC)
    )

    with pytest.raises(ReportingUnavailable, match="apply reporting_migrations"):
        await reporting.write_report(CLINIC, WEEK, FIRST, report)


async def test_recommendations_take_the_place_of_those_before_but_not_of_later_ones(
    reporting: PostgresReporting, reader: asyncpg.Connection
) -> None:
    async def states() -> list[tuple[str, str]]:
        found = await reader.fetch(
            "SELECT client_id, state FROM reporting.employee_recommendations ORDER BY 1, 2"
        )
        return [(row["client_id"], row["state"]) for row in found]

    open_one = an_employee_recommendation()
    done = replace(open_one, state=RecommendationState.DONE, closed_day=MONDAY)
    await reporting.write_recommendations(OTHER, FIRST, [open_one])
    await reporting.write_recommendations(CLINIC, FIRST, [open_one, an_employee_recommendation()])
    assert await states() == [("clinic", "open"), ("clinic", "open"), ("other", "open")]

    await reporting.write_recommendations(CLINIC, SECOND, [done])
    await reporting.write_recommendations(CLINIC, FIRST, [open_one])

    assert await states() == [("clinic", "done"), ("other", "open")]


async def test_counts_are_of_the_range_and_fall_when_a_row_is_lost(
    reporting: PostgresReporting, reader: asyncpg.Connection, database: Database
) -> None:
    calls = [a_reported_call(f"c{n}") for n in range(3)]
    await reporting.write_calls(CLINIC, FIRST, calls)
    await reporting.write_calls(CLINIC, FIRST, [a_reported_call("later", day=WEEK.end)])
    async with database.pool("recommendations_system") as pool:
        analysed = PostgresAnalysedCalls(everything(pool))
        async with pool.acquire() as connection, connection.transaction():
            await analysed.replace_calls(connection, CLINIC, [call.analysis for call in calls])
        ledger = Reporting(
            cast(Any, None), analysed, cast(Any, None), cast(Any, None), reporting, minimum_calls=1
        )
        day = DateRange(start=MONDAY, end=MONDAY)

        async def broken() -> list[str]:
            counted = await ledger.count_calls(CLINIC, day)
            assert counted.rolled_up_calls == 3
            return [t.table for t in counted.tables if t.expected_rows not in (None, t.rows)]

        assert await broken() == []
        for table in ("calls", *PARTS):
            assert table in {t.table for t in (await ledger.count_calls(CLINIC, day)).tables}
        await reader.execute("DELETE FROM reporting.transcripts WHERE call_id = 'c1'")
        assert await broken() == ["transcripts"]
        await reader.execute("DELETE FROM reporting.checklist_items WHERE call_id = 'c2'")
        assert await broken() == ["transcripts", "checklist_items"]
        await reader.execute("DELETE FROM reporting.calls WHERE call_id = 'c0'")
        assert "calls" in await broken()


async def test_every_table_and_column_says_what_it_is(reader: asyncpg.Connection) -> None:
    silent = await reader.fetch(
        """
        SELECT relname, attname
          FROM pg_class
          JOIN pg_attribute ON attrelid = pg_class.oid AND attnum >= 0
         WHERE relnamespace = 'reporting'::regnamespace
           AND relkind IN ('r', 'v')
           AND relname <> 'schema_migrations'
           AND (col_description(pg_class.oid, attnum) IS NULL
                OR obj_description(pg_class.oid) IS NULL)
        """
    )
    assert not silent


async def test_every_table_is_documented_with_a_query_that_finds_something(
    reporting: PostgresReporting, reader: asyncpg.Connection
) -> None:
    calls = [a_reported_call(f"c{n}") for n in range(5)]
    await reporting.write_calls(CLINIC, FIRST, calls)
    report = WrittenReport(
        calls=5, score=75, focus=(), narrative=None, written_at=datetime.now(UTC)
    )
    await reporting.write_report(CLINIC, WEEK, FIRST, report)
    await reporting.write_recommendations(CLINIC, FIRST, [an_employee_recommendation()])
    tables = await reader.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'reporting'"
        " AND table_name <> 'schema_migrations'"
    )

    queries = dict(
        re.findall(
            r"^\*\*`reporting\.(\w+)`\*\*.*?```sql\n(.*?)```", DOCUMENT, re.DOTALL | re.MULTILINE
        )
    )

    assert queries.keys() == {row["table_name"] for row in tables}
    for table, query in queries.items():
        assert f"reporting.{table}" in query
        assert await reader.fetch(query), table
