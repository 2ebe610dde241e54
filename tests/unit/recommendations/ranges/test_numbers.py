"""Which numbers of a text are figures, by example and by property."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recommendations.ranges.domain import EmployeeReport, RollUp, ScoreReport, SkillReport
from services.recommendations.ranges.figures import Figure, Unit, names, rows
from services.recommendations.ranges.narrative import compose
from services.recommendations.ranges.numbers import Facts, wrong_numbers
from services.status.domain import DateRange

DAYS = DateRange(start=date(2026, 2, 23), end=date(2026, 3, 8))
FACTS = Facts(
    figures=[
        Figure(name=unit.name, unit=unit, value=value)
        for unit, value in (
            (Unit.COUNT, 5100),
            (Unit.COUNT, 12),
            (Unit.SCORE, 71.44),
            (Unit.SHARE, 73.2),
            (Unit.SHARE, 60.2),
            (Unit.SCORE_CHANGE, -3.26),
            (Unit.SHARE_CHANGE, 5.0),
        )
    ],
    days=DAYS,
    names=["Оператор 101", "404", ""],
)


@pytest.mark.parametrize(
    "text",
    [
        *("12 звонков", "12.", "5100 calls", "5 100 calls", "5\u202f100 calls", "5,100 calls"),
        *("score 71", "71.4", "71,4", "71.44 из", "71,4 %"),
        *("73 %", "73%", "73,2 процента", "73 per cent", "с 60 до 73 %", "60–73%"),
        *("на 3,3 ниже", "-3.3", "−3", "+5 п. п.", "5 points", "выросла на 5 %"),
        *("2 марта", "2–8 марта 2026", "с 2 по 8 марта", "March 2, 2026", "8 March"),
        *("2026-03-08", "08.03.2026", "Оператор 101", "Два звонка"),
    ],
)
def test_a_figure_may_be_written_as_people_write_it(text: str) -> None:
    assert wrong_numbers(text, FACTS) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        *((text, text) for text in ("13", "11", "12.4", "12,5", "5101", "5 101", "5.1")),
        *((text, text) for text in ("72", "71.5", "71.43", "71.3", "-71", "+12", "-12", "-73 %")),
        *((text, text) for text in ("73", "74 %", "12 %", "3 %", "+3.3", "-5", "4.9", "404")),
        *((text, text) for text in ("0", "100", "99999999999999999999")),
        ("½", "1, 2"),
        ("12 тысяч", "12 тыс"),
        ("5 million", "5 million"),
        ("9 марта", "9"),
        ("с 2 по 9 марта", "2, 9"),
        ("2026-03-09", "2026, 09"),
        ("2026-02-30", "2026, 02, 30"),
        ("February 22", "22"),
        ("4 marked", "4"),
        ("Оператор 1012", "1012"),
        ("x13", "13"),
        ("12:30", "30"),
        ("1e12", "1"),
        ("1.2.9", "1.2, 9"),
        ("１３", "13"),
        ("1,234,567", "1,234,567"),
        ("13, 12, 13", "13"),
    ],
)
def test_what_is_no_figure_is_told_as_it_stands(text: str, wrong: str) -> None:
    assert ", ".join(wrong_numbers(text, FACTS)) == wrong


def test_numbers_of_a_text_that_is_known_may_be_said_again() -> None:
    assert wrong_numbers("Перезвоните за 15 минут", FACTS, known="ждать 15 минут") == []
    assert wrong_numbers("Перезвоните за 15 минут", FACTS, known="ждать 150 минут") == ["15"]


@given(st.text(alphabet="0123456789 .,-+−–%мартаё\u00a0по", max_size=40))
def test_any_text_is_read_to_its_end(text: str) -> None:
    wrong = wrong_numbers(text, FACTS)

    assert bool(wrong) <= bool(re.search(r"\d", text))


counts = st.integers(0, 2000)
scores = st.floats(0, 100)
deltas = st.none() | st.floats(-100, 100)
words = st.sampled_from(["closing", "contact", "step2", "работа с ценой", "этап 3"])


@st.composite
def some_scores(draw: Any) -> ScoreReport:
    calls, score = draw(counts), draw(st.none() | scores)
    return ScoreReport(
        calls=calls,
        unscored_calls=draw(counts),
        score=score,
        median_score=None if score is None else draw(scores),
        enough=draw(st.booleans()),
        previous_calls=draw(counts),
        score_delta=None if score is None else draw(deltas),
    )


@st.composite
def a_skill(draw: Any) -> SkillReport:
    applicable = draw(st.integers(1, 3000))
    return SkillReport(
        employee=draw(st.none() | st.just("Анна")),
        skill=draw(words),
        calls=draw(counts),
        applicable=applicable,
        completed=draw(st.integers(0, applicable)),
        score=draw(st.none() | scores),
        failing_calls=draw(counts),
        enough=draw(st.booleans()),
        previous_calls=draw(counts),
        share_delta=draw(st.none() | st.floats(-1, 1)),
        score_delta=draw(deltas),
    )


@st.composite
def a_roll_up(draw: Any) -> RollUp:
    return RollUp(
        scores=draw(some_scores()),
        call_types=(),
        outcomes=(),
        sentiments=(),
        employees=(EmployeeReport(employee="Анна", scores=draw(some_scores())),),
        skills=tuple(draw(st.lists(a_skill(), max_size=4, unique_by=lambda skill: skill.skill))),
    )


@given(a_roll_up(), st.sampled_from(["ru", "en"]))
def test_every_number_that_rules_write_is_a_figure(roll_up: RollUp, language: str) -> None:
    figures = [figure for row in rows(roll_up) for figure in row.figures]
    facts = Facts(figures=figures, days=DAYS, names=names(roll_up))

    assert wrong_numbers(compose(roll_up, language).text, facts) == []


@given(a_roll_up(), st.integers(1, 500))
def test_a_number_that_is_changed_is_found(roll_up: RollUp, by: int) -> None:
    figures = [figure for row in rows(roll_up) for figure in row.figures]
    facts = Facts(figures=figures, days=DAYS, names=names(roll_up))
    other = max(figure.value for figure in figures) + by + 1

    assert wrong_numbers(f"{compose(roll_up, 'ru').text} {other:.0f}", facts)


def test_a_range_at_the_beginning_of_the_calendar_names_its_days() -> None:
    first = DateRange(start=date.min, end=date.min + timedelta(1))
    facts = Facts(figures=[], days=first, names=[])

    assert wrong_numbers("0001-01-02", facts) == []
