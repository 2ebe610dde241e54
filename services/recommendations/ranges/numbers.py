"""Checks that every number of a text is a figure it was written from. Pure functions.

A number may have a decimal point or comma and blanks between thousands, and be rounded to as many decimals as it has.
Counts are exact, shares need their percent sign, and one with a sign is a change of that sign. Days of the ranges that
are compared may be named. Numbers in words ("two") are not looked at, nor is whose figure a number is.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import assert_never

from services.recommendations.ranges.days_in_text import without_days
from services.recommendations.ranges.figures import Figure, Unit
from services.status.domain import DateRange

_NUMBER = re.compile(
    r"(?P<sign>(?<![\w)%])[-+−])?"
    r"(?P<digits>\d{1,3}(?:[ ,]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:[.,]\d+)?)"
    r"(?P<scale>\s*(?:тыс|млн|thousand|million))?"
    r"(?P<percent>\s*(?:%|процент|per\s?cent))?",
    re.IGNORECASE,
)
_TO = re.compile(r"\s*(?:[-–—]|до|по|to|and|и)\s*")
_SLACK = 1e-6
"""What floats are off by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Number:
    """A number as it stands in a text; `digits` may hold blanks, a comma and a point."""

    text: str
    sign: str
    digits: str
    scaled: bool
    percent: bool

    def readings(self) -> list[list[str]]:
        """Return what it may mean: `5 100` is one number or two, `5,100` a large number or a small one."""
        together = re.sub("[ ,]", "", self.digits)
        apart = [part.replace(",", ".") for part in self.digits.split()]
        return [[together]] if any(part.count(".") > 1 for part in apart) else [[together], apart]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a text may name: figures, the days they are of, and things whose names hold digits."""

    figures: Collection[Figure]
    days: DateRange
    names: Collection[str]


def wrong_numbers(text: str, facts: Facts, known: str = "") -> list[str]:
    """Return the numbers of a text that are no facts, as they stand there; those of the text `known` may be used."""
    text = without_days(_without(facts.names, unicodedata.normalize("NFKC", text)), facts.days)
    told = {number.text for number in _numbers(unicodedata.normalize("NFKC", known))}
    wrong = [
        number.text
        for number in _numbers(text)
        if number.text not in told and not _is_figure(number, facts.figures)
    ]
    return list(dict.fromkeys(wrong))


def _numbers(text: str) -> list[_Number]:
    found: list[_Number] = []
    start = len(text)
    for match in reversed(list(_NUMBER.finditer(text))):
        number = _Number(
            text=match[0].strip(),
            sign=match["sign"] or "",
            digits=match["digits"],
            scaled=bool(match["scale"]),
            percent=bool(match["percent"]),
        )
        # The sign behind the second of two, as in "from 60 to 73 %", is that of both.
        if found and found[-1].percent and _TO.fullmatch(text, match.end(), start):
            number = replace(number, percent=True)
        found.append(number)
        start = match.start()
    return found[::-1]


def _without(names: Collection[str], text: str) -> str:
    """Return a text without the names that hold digits; one of digits alone is no name."""
    for name in sorted((unicodedata.normalize("NFKC", name) for name in names), key=len)[::-1]:
        if re.search(r"\d", name) and re.search(r"[^\W\d]", name):
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", text)
    return text


def _is_figure(number: _Number, figures: Collection[Figure]) -> bool:
    if number.scaled:
        return False
    return any(
        all(any(_is(number, digits, figure) for figure in figures) for digits in reading)
        for reading in number.readings()
    )


def _is(number: _Number, digits: str, figure: Figure) -> bool:
    """Tell whether a number is a figure, rounded to its decimals."""
    given, value = float(digits), figure.value
    change = figure.unit in (Unit.SCORE_CHANGE, Unit.SHARE_CHANGE)
    if change and number.sign:
        given = given if number.sign == "+" else -given
    elif change:
        value = abs(value)
    elif number.sign:
        return False
    return _may_be(number, figure.unit) and abs(given - value) <= _rounding(digits)


def _may_be(number: _Number, unit: Unit) -> bool:
    """Tell whether a number has the percent sign that its unit wants, or none."""
    match unit:
        case Unit.COUNT | Unit.SCORE_CHANGE:
            return not number.percent
        case Unit.SHARE:
            return number.percent
        case Unit.SCORE | Unit.SHARE_CHANGE:
            return True
    assert_never(unit)


def _rounding(digits: str) -> float:
    decimals = len(digits.partition(".")[2])
    return float(0.5 * 10.0**-decimals + _SLACK)
