"""Queries for words, as Postgres writes them, taken apart. Pure functions."""

import re
from collections.abc import Iterator

_PART = re.compile(r"'(?:[^'\\]|''|\\.)*'(?::[*A-D]+)?|<\d+>|<->|[!&|()]")
_FOLLOWS = re.compile(r"<(?:\d+|->)")


def phrases_in(query: str) -> list[list[str]]:
    """Return the words and phrases of a query that may be in what it finds, as they are written there.

    A phrase is its words with what stands between them, as in `["'запис'", "<2>", "'при'"]`; what is not to be in a text
    is left out.
    """
    phrases: list[list[str]] = []
    linked = False
    for part in _wanted(_PART.findall(query)):
        if _FOLLOWS.match(part):
            phrases[-1].append(part)
            linked = True
        elif part.startswith("'"):
            if linked:
                phrases[-1].append(part)
            else:
                phrases.append([part])
            linked = False
    return phrases


def any_phrase(phrases: list[list[str]]) -> str:
    """Return a query for any of the phrases."""
    return " | ".join(f"({' '.join(phrase)})" for phrase in phrases)


def any_word(phrases: list[list[str]]) -> str:
    """Return a query for any word of the phrases."""
    return " | ".join(
        sorted({part for phrase in phrases for part in phrase if part.startswith("'")})
    )


def _wanted(parts: list[str]) -> Iterator[str]:
    """Yield the parts that no `!` stands before; one before a parenthesis is for all within."""
    rest = iter(parts)
    for part in rest:
        if part != "!":
            yield part
            continue
        depth = 0
        for unwanted in rest:
            depth += (unwanted == "(") - (unwanted == ")")
            if depth == 0 and unwanted != "!":
                break
