"""Reads filters in the bracket form of PHP: `filter[id][]=1&filter[id][]=2`, `filter[updated_at][from]=3`."""

import re
from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import QueryParams


class BadQuery(ValueError):
    """A parameter cannot be read; the text names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An inclusive span of seconds since 1970; None is open."""

    start: int | None = None
    end: int | None = None

    def holds(self, at: datetime) -> bool:
        second = int(at.timestamp())
        return (self.start is None or second >= self.start) and (
            self.end is None or second <= self.end
        )


def values(query: QueryParams, name: str) -> list[str]:
    """Return what is given as `name`, `name[]`, `name[0]`, or as a list with commas."""
    named = re.compile(re.escape(name) + r"(\[\d*\])?")
    given = [value for key, value in query.multi_items() if named.fullmatch(key)]
    return [part for value in given for part in value.split(",") if part]


def numbers(query: QueryParams, name: str) -> list[int]:
    return [_number(name, value) for value in values(query, name)]


def number(query: QueryParams, name: str, default: int) -> int:
    value = query.get(name)
    return default if value is None else _number(name, value)


def span(query: QueryParams, name: str, *, comma_only: bool = False) -> Span:
    """Return what is given as `name[from]` and `name[to]`, as `from,to` or as one second.

    With `comma_only` the first form is ignored.
    """
    if pair := query.get(name):
        first, comma, last = pair.partition(",")
        start = _number(name, first)
        return Span(start=start, end=_number(name, last) if comma else start)
    if comma_only:
        return Span()
    return Span(start=_bound(query, f"{name}[from]"), end=_bound(query, f"{name}[to]"))


def _bound(query: QueryParams, name: str) -> int | None:
    value = query.get(name)
    return None if value is None else _number(name, value)


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise BadQuery(name) from None
