"""What stands in which cell of a report, in the languages there are."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.recommendations.calls.domain import CallId
from services.recommendations.export.domain import CallLine, Figure, Locale, Sheet
from services.recommendations.export.headings import RUSSIAN
from services.recommendations.export.sheets import report_sheets
from services.recommendations.ranges.domain import (
    CallQuote,
    DayScores,
    EmployeeReport,
    ItemReport,
    LabelCount,
    Narrative,
    RangeReport,
    RollUp,
    ScoreReport,
    SkillRecommendation,
    SkillReport,
    WrittenReport,
)
from services.status.domain import DateRange, Owner
from tests.builders.recommendations import MONDAY

LATE = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
CALL = CallLine(
    call_id=CallId("c1"),
    day=date(2026, 3, 3),
    started_at=LATE,
    employee="",
    call_type="booking",
    outcome="refused",
    sentiment="neutral",
    score=None,
    told_share=0.5,
)
SCORES = ScoreReport(
    calls=5,
    unscored_calls=1,
    score=0.0,
    median_score=10.0,
    enough=True,
    previous_calls=7,
    score_delta=-3.5,
)
ADVICE = SkillRecommendation(
    text="do",
    why="because",
    priority=2,
    calls=3,
    quotes=(CallQuote(call_id=CallId("c1"), text="said", seconds=4.5),),
)
SKILL = SkillReport(
    employee=None,
    skill="closing",
    calls=5,
    applicable=8,
    completed=2,
    score=12.5,
    failing_calls=4,
    enough=True,
    previous_calls=6,
    share_delta=-0.5,
    score_delta=2.5,
    recommendations=(ADVICE, replace(ADVICE, quotes=())),
)
ITEM = ItemReport(
    item="greets",
    skill="contact",
    calls=0,
    completed=0,
    attempted=0,
    untold_calls=3,
    enough=False,
)
REPORT = RangeReport(
    owner=Owner("client:clinic"),
    range=DateRange(start=MONDAY, end=MONDAY),
    minimum_calls=5,
    roll_up=RollUp(
        scores=SCORES,
        call_types=(LabelCount(label="booking", calls=5),),
        outcomes=(LabelCount(label="refused", calls=4), LabelCount(label="booked", calls=1)),
        sentiments=(LabelCount(label="neutral", calls=5),),
        employees=(EmployeeReport(employee="", scores=replace(SCORES, score=None)),),
        skills=(SKILL, replace(SKILL, employee="", score=None)),
    ),
    days=(DayScores(day=MONDAY, employee=None, calls=5, score=None),),
    items=(ITEM,),
    written=WrittenReport(
        calls=5,
        score=0,
        focus=("closing", "contact"),
        narrative=Narrative(text="So so.", actions=("do",), author="rules"),
        written_at=LATE,
    ),
)
ENGLISH = Locale(time_zone="Europe/Moscow", language="en")
RUSSIAN_LOCALE = replace(ENGLISH, language="ru")


def sheets_of(report: RangeReport = REPORT, locale: Locale = ENGLISH) -> list[Sheet]:
    return report_sheets(report, [CALL], locale, LATE)


def figures_of(sheet: Sheet) -> dict[str, Any]:
    return {str(name): each.value for name, each in sheet.rows if isinstance(each, Figure)}


def test_times_are_those_of_the_client() -> None:
    figures, *_, calls = sheets_of()

    assert f"{calls.rows[0][2]}" == "01:30:00", "the day is the client's, too"
    assert f"{figures_of(figures)['as of']}" == "2026-03-03 01:30:00+03:00"


def test_what_a_run_wrote_stands_among_the_figures() -> None:
    figures = figures_of(sheets_of()[0])

    assert (figures["in words"], figures["do first"]) == ("So so.", "do")
    assert figures["work on first"] == "closing, contact"
    assert figures["outcome: refused"] == 4
    assert "in words" not in figures_of(sheets_of(replace(REPORT, written=None))[0])


def test_the_first_days_of_the_calendar_have_none_before_them() -> None:
    first = DateRange(start=date(1, 1, 1), end=date(1, 1, 1))

    figures = figures_of(sheets_of(replace(REPORT, range=first))[0])

    assert "first day of the range before" not in figures


@pytest.mark.parametrize("locale", [ENGLISH, replace(ENGLISH, language="de")])
def test_english_is_spoken_where_we_have_no_words(locale: Locale) -> None:
    assert [sheet.title for sheet in sheets_of(locale=locale)][:2] == ["figures", "days"]


def test_every_word_of_ours_is_said_in_russian_and_none_is_left_over() -> None:
    reports = (REPORT, replace(REPORT, written=None))
    said = "\n".join(str(sheets_of(each, RUSSIAN_LOCALE)) for each in reports)

    assert {word for word, russian in RUSSIAN.items() if f"'{russian}'" not in said} == set()


def test_every_row_has_a_cell_for_each_column() -> None:
    for sheet in sheets_of():
        assert {len(row) for row in sheet.rows} == {len(sheet.columns)}, sheet.title
