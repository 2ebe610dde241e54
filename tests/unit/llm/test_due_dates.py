"""Days as people name them, from a Thursday."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.llm.due_dates import find_dates

THURSDAY = date(2026, 11, 26)


def day(text: str, today: date = THURSDAY) -> str | None:
    dates = [due.day.isoformat() for due in find_dates(text, today)]
    assert len(dates) <= 1, dates
    return dates[0] if dates else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("сегодня", "2026-11-26"),
        ("до вечера", "2026-11-26"),
        ("завтра", "2026-11-27"),
        ("к завтрашнему дню", "2026-11-27"),
        ("послезавтра", "2026-11-28"),
        ("к пятнице", "2026-11-27"),
        ("в четверг", "2026-12-03"),
        ("во вторник", "2026-12-01"),
        ("в следующий вторник", "2026-12-01"),
        ("в следующую пятницу", "2026-12-04"),
        ("до конца недели", "2026-11-27"),
        ("до конца следующей недели", "2026-12-04"),
        ("на следующей неделе", "2026-12-04"),
        ("в начале следующей недели", "2026-11-30"),
        ("до конца месяца", "2026-11-30"),
        ("к концу квартала", "2026-12-31"),
        ("до конца года", "2026-12-31"),
        ("через неделю", "2026-12-03"),
        ("через две недели", "2026-12-10"),
        ("через 10 дней", "2026-12-06"),
        ("через месяц", "2026-12-26"),
        ("в течение двух дней", "2026-11-28"),
        ("15 декабря", "2026-12-15"),
        ("к пятнадцатому декабря", "2026-12-15"),
        ("до двадцать пятого декабря", "2026-12-25"),
        ("5 мая", "2027-05-05"),
        ("к 3-му числу", "2026-12-03"),
        ("до 28 числа", "2026-11-28"),
        ("до 15.12", "2026-12-15"),
        ("15.01.2027", "2027-01-15"),
        ("2026-12-01", "2026-12-01"),
        ("Срок - пятница.", "2026-11-27"),
        ("к восьмому.", "2026-12-08"),
        ("завтра утром", "2026-11-27"),
        ("today", "2026-11-26"),
        ("by end of day", "2026-11-26"),
        ("tomorrow", "2026-11-27"),
        ("the day after tomorrow", "2026-11-28"),
        ("by Friday", "2026-11-27"),
        ("on Thursday", "2026-12-03"),
        ("next Tuesday", "2026-12-01"),
        ("next week", "2026-12-04"),
        ("by the end of the week", "2026-11-27"),
        ("end of the month", "2026-11-30"),
        ("by the end of next month", "2026-12-31"),
        ("in two weeks", "2026-12-10"),
        ("in a couple of days", "2026-11-28"),
        ("December 15", "2026-12-15"),
        ("by the 15th of December", "2026-12-15"),
        ("Dec 3rd", "2026-12-03"),
        ("by the 3rd", "2026-12-03"),
    ],
)
def test_a_day_is_counted_from_that_of_the_meeting(text: str, expected: str) -> None:
    assert day(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "в прошлый понедельник",
        "каждый понедельник",
        "last Monday",
        "every Friday",
        "отчёт от 15 ноября",
        "не сегодня",
        "3 мая 2020",
        "31 ноября",
        "by 2027-13-05",
        "2027-00-10",
        "билет 0000-01-01",
        "версия 2.10",
        "я был в среднем доволен",
        "we may do it",
        "second draft",
        "часть третья",
        "с понедельника",
    ],
)
def test_what_was_or_is_no_day_is_none(text: str) -> None:
    assert day(text) is None


def test_a_week_ends_on_its_friday_and_one_that_is_over_on_sunday() -> None:
    assert day("до конца недели", date(2026, 11, 27)) == "2026-11-27"
    assert day("до конца недели", date(2026, 11, 28)) == "2026-11-29"


def test_every_day_of_a_text_is_told_with_its_place() -> None:
    text = "Сдать к среде, а счёт завтра"
    assert [
        (text[due.start : due.stop], due.day.isoformat()) for due in find_dates(text, THURSDAY)
    ] == [
        ("к среде", "2026-12-02"),
        ("завтра", "2026-11-27"),
    ]


@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    "к",
                    "до",
                    "в",
                    "через",
                    "конца",
                    "недели",
                    "месяца",
                    "31",
                    "29",
                    "февраля",
                    "числа",
                ),
                *(
                    "пятницу",
                    "завтра",
                    "next",
                    "by",
                    "in",
                    "two",
                    "weeks",
                    "December",
                    "the",
                    "31st",
                ),
                *("end", "of", "month", "quarter", ".", "-", "12", "2026-02-30", "31.12"),
            ]
        ),
        max_size=12,
    ),
    st.dates(date(2020, 1, 1), date(2030, 12, 31)),
)
def test_whatever_is_said_no_day_is_before_the_meeting_or_years_after(
    words: list[str], today: date
) -> None:
    for due in find_dates(" ".join(words), today):
        assert today <= due.day <= today + timedelta(days=800) or "2026" in " ".join(words)
