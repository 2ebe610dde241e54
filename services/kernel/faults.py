"""What pydantic finds, in sentences for people."""

import re
from collections.abc import Mapping
from datetime import timedelta
from math import isfinite
from typing import Any

from pydantic import BaseModel

_WORDS = (
    (re.compile(r"^Value error, "), ""),
    (re.compile(r"^Field required$"), "is missing, set it"),
    (re.compile(r"^Extra inputs are not permitted$"), "is unknown here, remove it"),
    (re.compile(r"^(Input|String|List|Tuple|Dictionary|Set) should "), "must "),
    (re.compile(r", unable to parse .*"), ""),
    (re.compile(r"greater than or equal to"), "at least"),
    (re.compile(r"less than or equal to"), "at most"),
    (re.compile(r"greater than"), "more than"),
)


def fault_sentence(message: str) -> str:
    """Return what is wrong, of the message of an error of pydantic's."""
    for pattern, words in _WORDS:
        message = pattern.sub(words, message)
    return message


def impossible(value: Any, name: str = "") -> str:
    """Return which number or duration in a setting can never be meant: a negative one, or none at all; empty if none."""
    match value:
        case BaseModel():
            found = [impossible(getattr(value, each), each) for each in type(value).model_fields]
            return next(filter(None, found), "")
        case Mapping() | str() | bytes():
            return ""
        case tuple() | list():
            return next(filter(None, (impossible(each, name) for each in value)), "")
        case timedelta() if value < timedelta(0):
            return _named(name, "must not be negative")
        case int() | float() if not isfinite(value):
            return _named(name, "must be a number")
        case int() | float() if value < 0:
            return _named(name, "must not be negative")
    return ""


def _named(name: str, what: str) -> str:
    return f"{name.upper()} {what}" if name else what
