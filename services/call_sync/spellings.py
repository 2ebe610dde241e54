"""How vendors and people write lengths, times, links and whole numbers: the one place that reads them. Pure functions.

Each returns None where nothing is given, and raises Unreadable where something is that cannot be read.
"""

import contextlib
import html
import math
import re
import unicodedata
from collections import Counter
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

_EXACT_FLOAT = 2**53
"""From here on a float no longer tells one whole number from the next."""
_MAX_DIGITS = 19
_MAX_SHOWN = 60
_DAY_SECONDS = 86_400
_LONGEST_CALL_SECONDS = 4 * 3600
"""A bare number beyond it is in milliseconds: hardly any call is so long, and every fifteenth second is so many."""
_LONGEST_LINK = 8000
_YEARS = range(1970, 2200)
_EXCEL_DAYS = range(36_526, 73_051)
"""A number from 2000 to 2099 as Excel counts days; as seconds it would be of the first day of 1970."""
_SECONDS_END, _NANOSECONDS_END = 1e11, 1e20
"""A time beyond the first (the year 5138 in seconds) is in milliseconds, one 1,000 times as far in microseconds."""

_NUMBER = r"\d+(?:[.,]\d+)?"
_UNITS = {
    r"ms|msec%|millis%|мс|мсек%|миллис%": 0.001,
    r"h|hrs?|hours?|ч|час%|год%": 3600.0,
    r"m|mins?|minutes?|м|мин%|хв%|['′](?!')": 60.0,
    r"s|secs?|sek%|seconds?|c|с|сек%|''|[\"″]": 1.0,
}
"""Units in Latin and Cyrillic, some of which look alike; `%` stands for the rest of a word."""
_PART = re.compile(
    rf"\s*({_NUMBER})\s*(?:{'|'.join(f'({unit})' for unit in _UNITS)})(?![^\W\d_])\.?,?".replace(
        "%", r"[^\W\d_]*"
    )
)
_NO_DAYS = re.compile(r"0+(?:\s*(?:days?|d|дн[^\W\d_]*),?\s+|\.)(?=\d+:)|p(?:0+d)?t")
"""What stands before hours, minutes and seconds in the lengths of programs."""
_CLOCK = re.compile(
    r"(?:(\d{1,3}):)?(\d{1,4}):([0-5]?\d(?:[.,]\d+)?)(?:\s*(?:мин|min|сек|sec)\.?)?"
)
_WRITTEN = re.compile(
    r"(?:(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
    r"|(?P<day_>\d{1,2})[-.](?P<month_>\d{1,2})[-.](?P<year_>\d{4}))"
    r"(?:,?\s+(?:в\s+)?|,|t)(?P<hour>\d{1,2}):(?P<rest>\d{2}(?::\d{2}(?:[.,]\d+)?)?)"
    r"\s*(?P<zone>utc|gmt|z|[+-]?\d{2}:?\d{2})?(?:\[[\w/+-]+\])?",
    re.IGNORECASE,
)
"""A day and a time of day, the year or the day first; a zone whose sign was lost on the way is east of Greenwich."""
_LEAST_TIME = len("2026-01-31T1")

_BLANK = "\ufeff\u200b\u200c\u200d\u2060\u00ad"
_NOTHING = frozenset({"", "-", "—", "none", "null", "nil", "n/a", "no", "нет", "[]", "{}"})
_URL = re.compile(r"(?:https?:|(?<![\w:]))//[^\s\"<>«»“”\\^`{|}]+", re.IGNORECASE)
_BARE = re.compile(r"(?:(?:[\w-]+\.)+[^\W\d_]{2,}|\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?/[^\s\"<>]+")
_SOUND = re.compile(
    r"\.(?:mp3|wav|ogg|oga|opus|m4a|mp4|aac|amr|flac|wma|webm|gsm)(?:\?\S*)?$", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:amp;)*(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)
"""What HTML writes for a character, also twice over; without its `;` it would be a parameter such as `&timestamp=`."""
_ESCAPED = re.compile(r"\\u00([2-7][0-9a-f])", re.IGNORECASE)
"""A character of ASCII as JSON may write it."""
_SECOND_LINK = re.compile(r"[,;](?=https?://)", re.IGNORECASE)
_LINKS = ("href", "url", "link")
_AROUND = ".,;:!?'*…"
_PAIRS = {")": "(", "]": "["}


class Unreadable(ValueError):
    """Something is given that cannot be read; the text says what, for people."""


def whole(value: object) -> int | None:
    """Return a number such as an id exactly, however many digits it has."""
    if is_nothing(value):
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
    if is_nothing(value):
        return None
    found = _length(value, surely=surely)
    if found is None or not 0 <= found <= _DAY_SECONDS:
        raise Unreadable(f"{shown(value)} is no length of a call")
    return found


def moment(value: object, zone: tzinfo) -> datetime | None:
    """Return a time: since 1970 in seconds or smaller, ISO 8601, `31.01.2026 14:05`, as mail or as Excel has it.

    One without an offset is in `zone`.
    """
    if is_nothing(value):
        return None
    with contextlib.suppress(OverflowError, LookupError, ValueError, OSError):
        if isinstance(value, dict):  # as PHP writes a time that nobody formatted
            value, zone = _of_php(value, zone)
        number = _number(value)
        if number is None:
            found = _written(value, zone)
        elif int(number) in _EXCEL_DAYS:
            began = datetime(1899, 12, 30, tzinfo=zone)
            found = began + timedelta(seconds=round(number * _DAY_SECONDS))
        else:
            found = _since_1970(number)
        if found and found.year in _YEARS:
            return found.astimezone(UTC)
    raise Unreadable(f"{shown(value)} is no time")


def link(value: object) -> str | None:
    """Return the address of a recording out of what people and programs put around it.

    One that begins with `//` or `/` is to be read from where it stood: its scheme and host are those of that page.
    """
    for _ in range(2):  # a list of objects, too
        if isinstance(value, list | tuple) and value:
            value = value[0]
        elif isinstance(value, dict):
            value = next((value[name] for name in _LINKS if name in value), value)
    if is_nothing(value):
        return None
    if not isinstance(value, str):
        raise Unreadable("its link is no text")
    text = _ENTITY.sub(lambda found: html.unescape(f"&{found[1]};"), value)
    found = _address(_plain(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)))
    if found is None or len(found) > _LONGEST_LINK or not found.isprintable():
        raise Unreadable("its link is no address like https://host/path")
    return found


def is_nothing(value: object) -> bool:
    """Whether nothing is given, in any of the ways in which PHP and people say so."""
    if isinstance(value, str):
        return _plain(value).lower() in _NOTHING
    return value is None or value is False or value in ([], {})


def shown(value: object) -> str:
    """Return what is given, quoted and cut short, as a message may have it."""
    text = " ".join(line(str(value)).split())
    return f"{text[:_MAX_SHOWN]!r}{'…' if len(text) > _MAX_SHOWN else ''}"


def line(text: str) -> str:
    """Return a text without control characters and halves of surrogate pairs, which no database holds."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)


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
    text = _NO_DAYS.sub("", _plain(value).lower(), count=1)
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, rest = clock.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(rest.replace(",", "."))
    return _sum_of_units(text)


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


def _of_php(value: dict[str, Any], zone: tzinfo) -> tuple[Any, tzinfo]:
    """Return a time and its zone, which is an offset or a name."""
    said, at = value.get("timezone"), value.get("date")
    if isinstance(said, str) and said[:1] in ("+", "-"):
        return f"{at}{said}", zone
    return at, ZoneInfo(said) if isinstance(said, str) and said else zone


def _written(value: Any, zone: tzinfo) -> datetime | None:
    text = _plain(value) if isinstance(value, str) else ""
    if len(text) < _LEAST_TIME:  # a day alone is no time
        return None
    for read in (datetime.fromisoformat, _in_figures, parsedate_to_datetime):
        with contextlib.suppress(ValueError):
            found = read(text)
            return found if found.tzinfo else found.replace(tzinfo=zone)
    return None


def _in_figures(text: str) -> datetime:
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day = (found[name] or found[f"{name}_"] for name in ("year", "month", "day"))
    at = datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}T{found['hour']:0>2}:{found['rest']}")
    said = (found["zone"] or "").lower()
    if not said:
        return at
    offset = "+00:00" if said.isalpha() else said if said[0] in "+-" else f"+{said}"
    return at.replace(tzinfo=datetime.fromisoformat(f"2000-01-01T00:00{offset}").tzinfo)


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
    """Return an address without what stands behind it: marks of the sentence, the bracket it stands in, another one."""
    opened: Counter[str] = Counter()
    for at, character in enumerate(address):
        if (begin := _PAIRS.get(character)) and not opened[begin]:
            address = address[:at]
            break
        opened[begin or character] += -1 if begin else 1
    return _SECOND_LINK.split(address)[0].rstrip(_AROUND)
