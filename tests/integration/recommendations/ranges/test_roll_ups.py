"""Roll-ups of a range, computed by Postgres, against figures computed by hand and by Python."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.postgres import load_queries
from services.recommendations.calls.domain import AnalysedCall, CallId, FindingStatus
from services.recommendations.calls.repository import PostgresAnalysedCalls
from services.recommendations.ranges import repository
from services.recommendations.ranges.domain import (
    CallQuote,
    DayScores,
    EmployeeReport,
    ItemReport,
    LabelCount,
    Narrative,
    RollUp,
    ScoreReport,
    SkillRecommendation,
    SkillReport,
    WrittenReport,
)
from services.recommendations.ranges.repository import PostgresRollUps
from services.status.domain import DateRange, ExecutionNumber, Owner
from tests.builders.recommendations import MONDAY, a_finding, an_advice, an_analysed_call
from tests.conftest import Database
from tests.identity import everything

CLINIC, OTHER = Owner("client:clinic"), Owner("client:other")
TUESDAY = MONDAY + timedelta(1)
WEEK = DateRange(start=MONDAY, end=MONDAY + timedelta(6))
ENOUGH = 2
WORDS = Narrative(text="Так себе.", actions=("do",), author="rules")
VALUE = {
    FindingStatus.COMPLETED: 1.0,
    FindingStatus.ATTEMPTED: 0.5,
    FindingStatus.NOT_REACHED: 0.0,
}


def scores_of(
    calls: int, score: float | None, *, unscored: int = 0, median: float | None = None
) -> ScoreReport:
    return ScoreReport(
        calls=calls,
        unscored_calls=unscored,
        score=score,
        median_score=score if median is None else median,
        enough=calls - unscored >= ENOUGH,
        previous_calls=0,
        score_delta=None,
    )


class Store:
    """Rolled-up calls in Postgres, written each in a transaction of its own."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.calls = PostgresAnalysedCalls(everything(pool))
        self.roll_ups = PostgresRollUps(pool, everything(pool))

    async def hold(self, *calls: AnalysedCall, owner: Owner = CLINIC) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await self.calls.replace_calls(connection, owner, calls)

    async def forget(self, *call_ids: str, owner: Owner = CLINIC) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await self.calls.delete_calls(connection, owner, [CallId(c) for c in call_ids])

    async def roll_up(self, days: DateRange = WEEK) -> RollUp:
        return await self.roll_ups.roll_up(CLINIC, days, ENOUGH)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    async with database.pool("recommendations_system") as pool:
        yield Store(pool)


async def test_a_range_adds_up_to_the_figures_computed_by_hand(store: Store) -> None:
    missed, half = FindingStatus.NOT_REACHED, FindingStatus.ATTEMPTED
    anna1 = an_analysed_call(
        "anna1",
        score=100,
        findings=[
            a_finding("greets"),
            a_finding("offers_time", skill="closing", status=FindingStatus.NOT_APPLICABLE),
        ],
        advice=[],
    )
    anna2 = an_analysed_call(
        "anna2",
        day=TUESDAY,
        outcome="refused",
        score=50,
        findings=[
            a_finding("greets"),
            a_finding("offers_time", skill="closing", status=missed, weight=3),
            a_finding("repeats", skill="closing", status=half, weight=1),
        ],
        advice=[an_advice(quote="До свидания"), an_advice("contact", priority=2, quote="")],
    )
    boris = an_analysed_call(
        "boris",
        employee="Борис",
        outcome="refused",
        sentiment="negative",
        score=None,
        findings=[a_finding("offers_time", skill="closing", weight=3)],
        advice=[an_advice(priority=3)],
    )
    await store.hold(anna1, anna2, boris)
    await store.hold(an_analysed_call("elsewhere"), owner=OTHER)
    await store.hold(an_analysed_call("later", day=WEEK.end + timedelta(1)))

    rolled = await store.roll_up()

    text, why = an_advice().text, an_advice().why
    late, early = (
        CallQuote(call_id=CallId("anna2"), text="До свидания", seconds=12.5),
        CallQuote(call_id=CallId("boris"), text="Ну хорошо, звоните", seconds=12.5),
    )

    def advised(
        priority: int, *quotes: CallQuote, calls: int = 1
    ) -> tuple[SkillRecommendation, ...]:
        return (
            SkillRecommendation(text=text, why=why, priority=priority, calls=calls, quotes=quotes),
        )

    everybody_closing = SkillReport(
        employee=None,
        skill="closing",
        calls=2,
        applicable=3,
        completed=1,
        score=100 * (3 + 0.5) / 7,
        failing_calls=1,
        enough=True,
        previous_calls=0,
        share_delta=None,
        score_delta=None,
        recommendations=advised(1, late, early, calls=2),
    )
    contact = SkillReport(
        employee=None,
        skill="contact",
        calls=2,
        applicable=2,
        completed=2,
        score=100,
        failing_calls=0,
        enough=True,
        previous_calls=0,
        share_delta=None,
        score_delta=None,
        recommendations=advised(2),
    )
    assert rolled == RollUp(
        scores=scores_of(3, 75, unscored=1),
        call_types=(LabelCount(label="new_booking", calls=3),),
        outcomes=(LabelCount(label="refused", calls=2), LabelCount(label="booked", calls=1)),
        sentiments=(LabelCount(label="neutral", calls=2), LabelCount(label="negative", calls=1)),
        employees=(
            EmployeeReport(employee="Анна", scores=scores_of(2, 75)),
            EmployeeReport(employee="Борис", scores=scores_of(1, None, unscored=1)),
        ),
        skills=(
            everybody_closing,
            contact,
            replace(
                everybody_closing,
                employee="Анна",
                calls=1,
                applicable=2,
                completed=0,
                score=100 * 0.5 / 4,
                enough=False,
                recommendations=advised(1, late),
            ),
            replace(contact, employee="Анна"),
            replace(
                everybody_closing,
                employee="Борис",
                calls=1,
                applicable=1,
                completed=1,
                score=100,
                failing_calls=0,
                enough=False,
                recommendations=advised(3, early),
            ),
        ),
    )


async def test_a_range_without_calls_adds_up_to_nothing(store: Store) -> None:
    assert await store.roll_up() == RollUp(
        scores=scores_of(0, None),
        call_types=(),
        outcomes=(),
        sentiments=(),
        employees=(),
        skills=(),
    )


async def test_a_range_is_compared_with_the_one_before_where_both_have_enough_calls(
    store: Store,
) -> None:
    last_week = MONDAY - timedelta(1)
    missed = a_finding(status=FindingStatus.NOT_REACHED)

    def call(name: str, score: float | None, **facts: Any) -> AnalysedCall:
        return an_analysed_call(name, score=score, advice=[], **facts)

    await store.hold(
        *(call(f"a{n}", 10 * n, day=last_week, findings=[missed]) for n in (1, 2, 3)),
        call("a4", None, day=last_week, findings=[]),
        call("too old", 100, day=MONDAY - timedelta(8)),
        *(call(f"b{n}", score) for n, score in enumerate((60, 60, 90))),
        call("b4", None, findings=[]),
        call("boris", 50, employee="Борис", findings=[missed]),
    )

    rolled = await store.roll_up()

    scores = rolled.scores
    assert (scores.calls, scores.unscored_calls, scores.previous_calls) == (5, 1, 4)
    assert (scores.score, scores.median_score, scores.score_delta) == (65, 60, 45)
    anna, boris = rolled.employees
    assert (anna.scores.enough, anna.scores.score_delta) == (True, 50)
    assert (boris.scores.enough, boris.scores.score_delta) == (False, None)
    everybody, of_anna, of_boris = rolled.skills
    assert (everybody.calls, everybody.previous_calls, everybody.share_delta) == (4, 3, 0.75)
    assert (of_anna.share_delta, of_anna.score_delta) == (1, 100)
    assert (of_boris.share_delta, of_boris.score_delta) == (None, None)


async def test_calls_nobody_is_known_for_are_an_employee_without_a_name(store: Store) -> None:
    await store.hold(an_analysed_call("c1", employee=""))

    rolled = await store.roll_up()

    assert [each.employee for each in rolled.employees] == [""]
    assert [skill.employee for skill in rolled.skills] == [None, ""]


async def test_advice_is_cut_to_the_three_most_frequent_with_their_three_latest_quotes(
    store: Store,
) -> None:
    texts = {"a": 1, "b": 4, "c": 2, "d": 3}
    calls = [
        an_analysed_call(
            f"{text}{n}",
            day=MONDAY + timedelta(n),
            findings=[a_finding(skill="closing")],
            advice=[an_advice(text=text, quote=f"said {text}{n}")],
        )
        for text, times in texts.items()
        for n in range(times)
    ]
    await store.hold(*calls)

    [everybody, _] = (await store.roll_up()).skills

    assert [(each.text, each.calls) for each in everybody.recommendations] == [
        ("b", 4),
        ("d", 3),
        ("c", 2),
    ]
    quotes = everybody.recommendations[0].quotes
    assert [(quote.call_id, quote.text) for quote in quotes] == [
        ("b3", "said b3"),
        ("b2", "said b2"),
        ("b1", "said b1"),
    ]


async def test_a_call_that_is_analysed_again_takes_the_place_of_itself(store: Store) -> None:
    await store.hold(an_analysed_call("c1", score=10))
    again = an_analysed_call(
        "c1", employee="Борис", score=90, findings=[a_finding("other", skill="needs")], advice=[]
    )
    await store.hold(again, an_analysed_call("c2", score=70, findings=[], advice=[]))

    rolled = await store.roll_up()

    assert (rolled.scores.calls, rolled.scores.score) == (2, 80)
    assert {skill.skill for skill in rolled.skills} == {"needs"}


async def test_the_days_of_a_range_tell_of_everybody_then_of_each_employee(store: Store) -> None:
    await store.hold(
        an_analysed_call("c1", score=50),
        an_analysed_call("c2", score=None, employee=""),
        an_analysed_call("c3", score=100, employee="Борис"),
        an_analysed_call("c4", score=None, day=TUESDAY),
        an_analysed_call("c5", day=WEEK.end + timedelta(1)),
    )
    await store.hold(an_analysed_call("c1", score=0), owner=OTHER)

    def told(day: date, employee: str | None, calls: int, score: float | None) -> DayScores:
        return DayScores(day=day, employee=employee, calls=calls, score=score)

    assert await store.roll_ups.list_days(CLINIC, WEEK) == (
        told(MONDAY, None, 3, 75),
        told(MONDAY, "", 1, None),
        told(MONDAY, "Анна", 1, 50),
        told(MONDAY, "Борис", 1, 100),
        told(TUESDAY, None, 1, None),
        told(TUESDAY, "Анна", 1, None),
    )


async def test_items_tell_of_the_calls_in_which_they_applied_and_could_be_told(
    store: Store,
) -> None:
    of = {
        "done": ("c1", "c2"),
        "half": ("c3",),
        "missed": ("c4",),
        "unheard": ("c5",),
        "no occasion": ("c6",),
    }
    status = dict(zip(of, FindingStatus, strict=False)) | {
        "unheard": FindingStatus.CANNOT_BE_TOLD,
        "no occasion": FindingStatus.NOT_APPLICABLE,
    }
    greetings = {
        call_id: a_finding("greets", status=status[how])
        for how, ids in of.items()
        for call_id in ids
    }
    unheard = a_finding("repeats", skill="closing", status=FindingStatus.CANNOT_BE_TOLD)
    await store.hold(
        *(an_analysed_call(call_id, findings=[each]) for call_id, each in greetings.items()),
        an_analysed_call("c7", findings=[a_finding("offers", skill="closing"), unheard]),
        an_analysed_call("later", day=WEEK.end + timedelta(1)),
    )
    await store.hold(an_analysed_call("c1"), owner=OTHER)

    greets, offers, repeats = await store.roll_ups.list_items(CLINIC, WEEK, ENOUGH)

    assert greets == ItemReport(
        item="greets",
        skill="contact",
        calls=4,
        completed=2,
        attempted=1,
        untold_calls=1,
        enough=True,
    )
    assert (greets.share, offers.share, repeats.share) == (0.5, 1, None)
    assert (offers.item, offers.enough) == ("offers", False)
    assert (repeats.calls, repeats.untold_calls) == (0, 1)

    # Told anew, and forgotten.
    await store.hold(an_analysed_call("c7", findings=[a_finding("greets")]))
    await store.forget("c1")
    [greets] = await store.roll_ups.list_items(CLINIC, WEEK, ENOUGH)
    assert (greets.calls, greets.completed) == (4, 2)


async def test_days_and_items_are_read_by_their_indexes(store: Store, database: Database) -> None:
    week = [
        an_analysed_call(f"c{n}", day=MONDAY + timedelta(n % 300), advice=[]) for n in range(3000)
    ]
    await store.hold(*week)
    async with database.pool("postgres") as postgres:
        await postgres.execute("VACUUM ANALYZE recommendations.calls, recommendations.call_items")

    async def plan(query: str, *more: int) -> str:
        asked = f"EXPLAIN {query}"
        rows = await store.pool.fetch(asked, CLINIC, WEEK.start, WEEK.end, *more)
        return "\n".join(row[0] for row in rows)

    queries = load_queries(repository.__file__)
    days, items = await plan(queries.list_days.sql), await plan(queries.list_items.sql, ENOUGH)

    assert " calls_of_days" in days
    assert " call_items_of_days" in items
    assert "Seq Scan" not in days + items


async def test_a_forgotten_call_leaves_nothing_behind(store: Store) -> None:
    await store.hold(an_analysed_call("c1"), an_analysed_call("c2"))
    await store.hold(an_analysed_call("c1"), owner=OTHER)

    await store.forget("c1", "c2", "nope")

    assert (await store.roll_up()).scores.calls == 0
    for table in ("calls", "call_skills", "call_items", "advice"):
        owners = await store.pool.fetch(f"SELECT owner FROM recommendations.{table}")
        assert [row["owner"] for row in owners] == [OTHER]


async def test_a_report_stays_until_a_later_run_writes_its_own(store: Store) -> None:
    noon = datetime(2026, 3, 9, 12, tzinfo=UTC)
    first = WrittenReport(calls=3, score=75.5, focus=("closing",), narrative=WORDS, written_at=noon)
    empty = WrittenReport(calls=0, score=None, focus=(), narrative=None, written_at=noon)
    roll_ups = store.roll_ups
    assert await roll_ups.get_report(CLINIC, WEEK) is None

    await roll_ups.write_report(CLINIC, WEEK, ExecutionNumber(5), first)
    await roll_ups.write_report(CLINIC, WEEK, ExecutionNumber(4), empty)
    assert await roll_ups.get_report(CLINIC, WEEK) == first

    await roll_ups.write_report(CLINIC, WEEK, ExecutionNumber(5), empty)
    assert await roll_ups.get_report(CLINIC, WEEK) == empty
    assert await roll_ups.get_report(CLINIC, DateRange(start=MONDAY, end=MONDAY)) is None


async def test_a_reader_for_users_sees_its_owners_only(store: Store, database: Database) -> None:
    report = WrittenReport(
        calls=1, score=None, focus=(), narrative=None, written_at=datetime.now(UTC)
    )
    for owner in (CLINIC, OTHER):
        await store.hold(an_analysed_call("c1"), owner=owner)
        await store.roll_ups.write_report(owner, WEEK, ExecutionNumber(1), report)

    tables = ("calls", "call_skills", "call_items", "advice", "reports", "changed_employees")
    async with database.pool("recommendations_app") as pool, pool.acquire() as reader:
        for table in tables:
            assert not await reader.fetch(f"SELECT owner FROM recommendations.{table}")
        async with reader.transaction():
            await reader.execute("SELECT set_config('potok.owners', $1, true)", f"x,{CLINIC}")
            for table in tables:
                seen = await reader.fetch(f"SELECT owner FROM recommendations.{table}")
                assert [row["owner"] for row in seen] == [CLINIC]


findings = st.lists(
    st.builds(
        a_finding,
        st.sampled_from(["i1", "i2", "i3", "i4"]),
        skill=st.sampled_from(["closing", "contact"]),
        status=st.sampled_from(FindingStatus),
        weight=st.sampled_from([0.5, 1.0, 3.0]),
    ),
    max_size=4,
    unique_by=lambda finding: finding.item,
)
ranges_of_calls = st.lists(
    st.builds(
        an_analysed_call,
        st.sampled_from([f"c{n}" for n in range(8)]),
        day=st.dates(MONDAY - timedelta(2), MONDAY + timedelta(8)),
        employee=st.sampled_from(["", "Анна", "Борис"]),
        outcome=st.sampled_from(["booked", "refused"]),
        score=st.one_of(st.none(), st.floats(0, 100)),
        findings=findings,
    ),
    max_size=8,
    unique_by=lambda call: call.call_id,
)


async def test_roll_ups_are_those_python_computes(store: Store) -> None:
    # Hypothesis runs plain functions, so the examples are drawn first.
    examples: list[list[AnalysedCall]] = []

    @settings(max_examples=40)
    @given(ranges_of_calls)
    def draw(calls: list[AnalysedCall]) -> None:
        examples.append(calls)

    draw()
    for calls in examples:
        await store.forget(*(f"c{n}" for n in range(8)))
        await store.hold(*calls)

        rolled = await store.roll_up()

        inside = [call for call in calls if WEEK.start <= call.day <= WEEK.end]
        assert rolled.scores.calls == len(inside)
        assert rolled.scores.score == pytest.approx(_mean([call.score for call in inside]))
        assert {count.label: count.calls for count in rolled.outcomes} == Counter(
            call.outcome for call in inside
        )
        by_employee = _by_employee(inside)
        assert {e.employee: e.scores.calls for e in rolled.employees} == {
            employee: len(own) for employee, own in by_employee.items()
        }
        for each in rolled.employees:
            scores = [call.score for call in by_employee[each.employee]]
            assert each.scores.score == pytest.approx(_mean(scores))
        expected = _skills(None, inside)
        for employee, own in by_employee.items():
            expected |= _skills(employee, own)
        assert {
            (s.employee, s.skill): (
                s.calls,
                s.applicable,
                s.completed,
                s.failing_calls,
                s.enough,
                s.score,
            )
            for s in rolled.skills
        } == expected


def _by_employee(calls: Sequence[AnalysedCall]) -> dict[str, list[AnalysedCall]]:
    return {
        employee: [call for call in calls if call.employee == employee]
        for employee in {call.employee for call in calls}
    }


def _mean(scores: Sequence[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None


def _skills(
    employee: str | None, calls: Sequence[AnalysedCall]
) -> dict[tuple[str | None, str], tuple[object, ...]]:
    found = [(call.call_id, f) for call in calls for f in call.findings if f.status in VALUE]
    rolled: dict[tuple[str | None, str], tuple[object, ...]] = {}
    for skill in {f.skill for _, f in found}:
        own = [(call_id, f) for call_id, f in found if f.skill == skill]
        weights = sum(f.weight for _, f in own)
        value = sum(f.weight * VALUE[f.status] for _, f in own)
        failing = {call_id for call_id, f in own if f.status is not FindingStatus.COMPLETED}
        in_calls = {call_id for call_id, _ in own}
        rolled[employee, skill] = (
            len(in_calls),
            len(own),
            sum(f.status is FindingStatus.COMPLETED for _, f in own),
            len(failing),
            len(in_calls) >= ENOUGH,
            pytest.approx(100 * value / weights),
        )
    return rolled
