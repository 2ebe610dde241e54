"""Days that a text names: 2026-03-02, 02.03.2026, 2 марта, 2-8 марта 2026, March 2, 2026. Pure functions."""

import re
from datetime import date

from services.status.domain import DateRange

_MONTHS = (
    *("январ|jan", "феврал|feb", "март|mar", "апрел|apr", "ма[йя]|may", "июн|jun"),
    *("июл|jul", "август|aug", "сентябр|sep", "октябр|oct", "ноябр|nov", "декабр|dec"),
)
_MONTH = rf"\b(?P<{{}}>(?:{'|'.join(_MONTHS)})[^\W\d]*)"
_DAY = r"(?<![\d.,])(?P<{}>\d{{1,2}})(?![\d.,]*\d)"
_NAMED = (
    re.compile(r"\b(?P<year>\d{4})-(?P<number>\d\d)-(?P<day>\d\d)\b"),
    re.compile(r"\b(?P<day>\d\d)\.(?P<number>\d\d)\.(?P<year>\d{4})\b"),
    re.compile(
        rf"(?:{_DAY.format('other')}\s*(?:[-–—]|по|to|and|и)\s*)?{_DAY.format('day')}\s+"
        rf"{_MONTH.format('month')}(?:\s+(?P<year>\d{{4}})\b)?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_MONTH.format('month')}\s+{_DAY.format('day')}(?:,\s+(?P<year>\d{{4}})\b)?",
        re.IGNORECASE,
    ),
)


def without_days(text: str, days: DateRange) -> str:
    """Return a text without the days of a range that it names; other days stay."""
    for form in _NAMED:
        text = form.sub(lambda match: " " if _all_in(match, days) else match[0], text)
    return text


def _all_in(match: re.Match[str], days: DateRange) -> bool:
    told = match.groupdict()
    month = int(told["number"]) if "number" in told else _month(told["month"])
    years = [int(told["year"])] if told["year"] else range(days.start.year, days.end.year + 1)
    numbers = [int(day) for day in (told["day"], told.get("other")) if day]
    return any(all(_is_in(year, month, day, days) for day in numbers) for year in years)


def _month(name: str) -> int:
    found = (n for n, stems in enumerate(_MONTHS, start=1) if re.match(stems, name, re.IGNORECASE))
    return next(found)


def _is_in(year: int, month: int, day: int, days: DateRange) -> bool:
    try:
        return days.start <= date(year, month, day) <= days.end
    except ValueError:
        return False
