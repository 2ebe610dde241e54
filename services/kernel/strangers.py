"""What strangers wrote, as it can be kept: texts, numbers, JSON of engines, models, CRMs and people. Pure functions."""

import json
import math
import re

_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
_HALVES = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?(\d{1,400}([.,]\d{0,400})?|[.,]\d{1,400})([eE][+-]?\d{1,3})?")
_MOST_DIGITS = 30


def storable(text: str) -> str:
    """Return a text as Postgres can keep it and a screen show it.

    NUL and other control characters go, but for tabs and ends of lines, and so do marks that turn
    the direction of all that follows. Halves of surrogate pairs that stand alone become U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    if _HALVES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _UNFIT.sub("", text)


def number(value: object) -> float | None:
    """Return a finite number, also from a text such as `"1.5"` or `"1,5"`; None where it is none."""
    if isinstance(value, str):
        text = value.strip()
        value = float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def count(value: object) -> int | None:
    """Return a number of things, a fraction rounded up; None where it is none."""
    found = number(value)
    return None if found is None or found < 0 else math.ceil(found)


def probability(value: object) -> float | None:
    """Return a probability held within 0 and 1, a logarithm of one (base e) taken for what it is; None where it is none."""
    found = number(value)
    if found is None or found > _MOST_SURE:
        return None
    return math.exp(found) if found < -_ROUNDING else min(1.0, max(0.0, found))


_MOST_SURE = 1.01
_ROUNDING = 1e-4
"""What is less far below 0 is a 0 that was rounded; what is farther is a logarithm."""


def read_json(text: str | bytes) -> object:
    """Return what a JSON text holds, its texts `storable`; raises ValueError, whatever is wrong with it.

    A mark of the order of bytes before it does not matter, nor do NaN and infinities, which `number` refuses, or
    numbers of any length.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    try:
        return storable_parts(json.loads(text.removeprefix("\ufeff"), parse_int=_integer))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def storable_parts(value: object) -> object:
    """Return what a JSON text held with its texts `storable`."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [storable_parts(each) for each in value]
    if isinstance(value, dict):
        return {storable(key): storable_parts(each) for key, each in value.items()}
    return value


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)
