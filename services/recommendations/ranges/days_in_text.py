"""Days that a text names: 2026-03-02, 02.03.2026, 2 марта, 2-8 марта 2026, March 2, 2026. Pure functions."""

import re
from datetime import date

from services.status.domain import DateRange

_MONTHS = (
    *("январ[ьяе]|Jan(?:uary)?", "феврал[ьяе]|Feb(?:ruary)?", "март[ае]?|Mar(?:ch)?"),
    *("апрел[ьяе]|Apr(?:il)?", "ма[йяе]|May", "июн[ьяе]|June?", "июл[ьяе]|July?"),
    *("август[ае]?|Aug(?:ust)?", "сентябр[ьяе]|Sep(?:tember)?", "октябр[ьяе]|Oct(?:ober)?"),
    *("ноябр[ьяе]|Nov(?:ember)?", "декабр[ьяе]|Dec(?:ember)?"),
)
_MONTH = rf"\b(?P<month>{'|'.join(_MONTHS)})\b"
_DAY = r"(?<![\d.,])(?P<{}>\d{{1,2}})(?![\d.,]*\d)"
_NAMED = (
    re.compile(r"\b(?P<year>\d{4})-(?P<number>\d\d)-(?P<day>\d\d)\b"),
    re.compile(r"\b(?P<day>\d\d)\.(?P<number>\d\d)\.(?P<year>\d{4})\b"),
    re.compile(
        rf"(?:{_DAY.format('other')}\s*(?:[-–—]|по|to|and|и)\s*)?{_DAY.format('day')}\s+"
        rf"{_MONTH}(?:\s+(?P<year>\d{{4}})\b)?"
    ),
    re.compile(rf"{_MONTH}\s+{_DAY.format('day')}(?:,\s+(?P<year>\d{{4}})\b)?"),
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
    return next(n for n, names in enumerate(_MONTHS, start=1) if re.fullmatch(names, name))


def _is_in(year: int, month: int, day: int, days: DateRange) -> bool:
    try:
        return days.start <= date(year, month, day) <= days.end
    except ValueError:
        return False
