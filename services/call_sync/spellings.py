"""How vendors and people write lengths, times, links and whole numbers: the one place that reads them. Pure functions.

Each returns None where nothing is given, and raises Unreadable where something is that cannot be read.
"""

import contextlib
import html
import math
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import unquote

_EXACT_FLOAT = 2**53
"""From here on a float no longer tells one whole number from the next."""
_MAX_DIGITS = 19
_MAX_SHOWN = 60
_DAY_SECONDS = 86_400
_LONGEST_CALL_SECONDS = 4 * 3600
"""A bare number beyond it is in milliseconds: hardly any call is so long, and every fifteenth second is so many."""
_LONGEST_LINK = 8000
_YEARS = range(1970, 2200)
_SECONDS_END, _NANOSECONDS_END = 1e11, 1e20
"""A time beyond the first (the year 5138 in seconds) is in milliseconds, one 1,000 times as far in microseconds."""

_NUMBER = r"\d+(?:[.,]\d+)?"
_UNITS = {
    r"ms|msec\w*|millis\w*|мс|мсек\w*|миллис\w*": 0.001,
    r"h|hrs?|hours?|ч|час\w*": 3600.0,
    r"m|mins?|minutes?|м|мин\w*|['′]": 60.0,
    r"s|secs?|seconds?|с|сек\w*|[\"″]": 1.0,
}
_PART = re.compile(
    rf"\s*({_NUMBER})\s*(?:{'|'.join(f'({unit})' for unit in _UNITS)})(?![^\W\d_])\.?,?"
)
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):([0-5]?\d(?:[.,]\d+)?)")
_DAY_FIRST = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y, %H:%M:%S", "%d.%m.%Y, %H:%M")
_LEAST_TIME = len("2026-01-31T1")

_BLANK = "\ufeff\u200b\u200c\u200d\u2060\u00ad"
_NOTHING = frozenset({"", "-", "—", "none", "null", "nil", "n/a", "no", "нет", "[]", "{}"})
_URL = re.compile(r"(?:https?:|(?<![\w:]))//[^\s\"<>«»“”\\^`{|}]+", re.IGNORECASE)
_BARE = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d{1,5})?/[^\s\"<>]+")
_SOUND = re.compile(
    r"\.(?:mp3|wav|ogg|oga|opus|m4a|mp4|aac|amr|flac|wma|webm|gsm)(?:\?\S*)?$", re.IGNORECASE
)
_AROUND = ".,;:!?'*"
_PAIRS = {")": "(", "]": "["}


class Unreadable(ValueError):
    """Something is given that cannot be read; the text says what, for people."""


def whole(value: object) -> int | None:
    """Return a number such as an id exactly, however many digits it has."""
    if _is_nothing(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_FLOAT:
        return int(value)
    if isinstance(value, str) and value.strip().isdecimal() and len(value.strip()) <= _MAX_DIGITS:
        return int(value)
    raise Unreadable(f"{shown(value)} is no whole number")


def seconds(value: object, *, surely: bool = False) -> float | None:
    """Return a length: seconds, `1:25`, `00:01:25`, `85 сек`, `1 мин 25 сек`, `PT1M25S`, or a bare number of milliseconds.

    A bare number is in seconds `surely` where whoever gave it says so.
    """
    if _is_nothing(value):
        return None
    found = _length(value, surely=surely)
    if found is None or not 0 <= found <= _DAY_SECONDS:
        raise Unreadable(f"{shown(value)} is no length of a call")
    return found


def moment(value: object, zone: tzinfo) -> datetime | None:
    """Return a time: since 1970 in seconds or smaller, ISO 8601, `31.01.2026 14:05`, or as mail has it.

    One without an offset is in `zone`.
    """
    if isinstance(value, dict):  # as PHP writes a time that nobody formatted
        value = value.get("date")
    if _is_nothing(value):
        return None
    with contextlib.suppress(OverflowError, ValueError, OSError):
        number = _number(value)
        found = _since_1970(number) if number is not None else _written(value, zone)
        if found and found.year in _YEARS:
            return found.astimezone(UTC)
    raise Unreadable(f"{shown(value)} is no time")


def link(value: object) -> str | None:
    """Return the address of a recording out of what people and programs put around it.

    One that begins with `//` or `/` is to be read from where it stood: its scheme and host are those of that page.
    """
    if isinstance(value, list | tuple) and value:
        value = value[0]
    if _is_nothing(value):
        return None
    if not isinstance(value, str):
        raise Unreadable("its link is no text")
    found = _address(_plain(html.unescape(value)))
    if found is None or len(found) > _LONGEST_LINK or not found.isprintable():
        raise Unreadable("its link is no address like https://host/path")
    return found


def shown(value: object) -> str:
    """Return what is given, quoted and cut short, as a message may have it."""
    text = " ".join(line(str(value)).split())
    return f"{text[:_MAX_SHOWN]!r}{'…' if len(text) > _MAX_SHOWN else ''}"


def line(text: str) -> str:
    """Return a text without control characters and halves of surrogate pairs, which no database holds."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)


def _is_nothing(value: object) -> bool:
    """Whether nothing is given, in any of the ways in which PHP and people say so."""
    if isinstance(value, str):
        return _plain(value).lower() in _NOTHING
    return value is None or value is False or value in ([], {})


def _plain(text: str) -> str:
    return line(text).strip().strip(_BLANK).strip()


def _number(value: Any) -> float | None:
    """Return a bare number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        value = _plain(value).replace(",", ".")
        if not re.fullmatch(r"[+-]?\d+(\.\d*)?", value):
            return None
    number = float(value)
    return number if math.isfinite(number) else None


def _length(value: object, *, surely: bool) -> float | None:
    with contextlib.suppress(OverflowError):
        number = _number(value)
        if number is not None:
            bare = number > _LONGEST_CALL_SECONDS and not surely
            return number / 1000 if bare else number
    if not isinstance(value, str):
        return None
    text = _plain(value).lower()
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, rest = clock.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(rest.replace(",", "."))
    return _sum_of_units(text.removeprefix("pt"))


def _sum_of_units(text: str) -> float | None:
    total, end = 0.0, 0
    while end < len(text):
        part = _PART.match(text, end)
        if part is None:
            return None
        number, *units = part.groups()
        factor = next(f for f, unit in zip(_UNITS.values(), units, strict=True) if unit)
        total += float(number.replace(",", ".")) * factor
        end = part.end()
    return total if end else None


def _since_1970(number: float) -> datetime | None:
    if not 0 < number < _NANOSECONDS_END:
        return None
    while number > _SECONDS_END:
        number /= 1000
    return datetime.fromtimestamp(number, UTC)


def _written(value: Any, zone: tzinfo) -> datetime | None:
    text = _plain(value) if isinstance(value, str) else ""
    if len(text) < _LEAST_TIME:  # a day alone is no time
        return None
    ways: list[Callable[[str], datetime]] = [
        datetime.fromisoformat,
        *(partial(_day_first, pattern) for pattern in _DAY_FIRST),
        parsedate_to_datetime,
    ]
    for read in ways:
        with contextlib.suppress(ValueError):
            found = read(text)
            return found if found.tzinfo else found.replace(tzinfo=zone)
    return None


def _day_first(pattern: str, text: str) -> datetime:
    return datetime.strptime(text, pattern)  # noqa: DTZ007 - its zone follows


def _address(text: str) -> str | None:
    text = text.replace("\\/", "/").strip("<>\"'“”«» ")
    if re.match(r"https?%3a", text, re.IGNORECASE):
        text = unquote(text)
    if text.startswith("/") and not text.startswith("//") and " " not in text:
        return text
    if re.match(r"(https?:)?//", text, re.IGNORECASE) and _SOUND.search(text):
        text = re.sub(r"\s+", "%20", text)  # a blank inside the name of a file
    found = _URL.search(text)
    if found is None:
        bare = _BARE.fullmatch(text)
        return f"//{text}" if bare else None
    address = _without_what_follows(found.group())
    scheme, slashes, rest = address.partition("//")
    return f"{scheme.lower()}{slashes}{rest}" if rest.strip("/") else None


def _without_what_follows(address: str) -> str:
    """Return an address without the marks of the sentence or brackets that it stands in."""
    while address:
        last = address[-1]
        if last in _AROUND or (
            last in _PAIRS and address.count(last) > address.count(_PAIRS[last])
        ):
            address = address[:-1]
        else:
            break
    return address
