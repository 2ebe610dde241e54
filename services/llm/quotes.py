"""Whether quoted words occur in what was said: the cheapest check for invention. Pure."""

import re

from rapidfuzz import fuzz

MIN_SIMILARITY = 0.8
MIN_FUZZY_CHARACTERS = 12

_NOT_WORD = re.compile(r"[\W_]+")


def occurs(quote: str, text: str) -> bool:
    """Tell whether the quoted words are in a text, case and punctuation aside.

    A quote of at least `MIN_FUZZY_CHARACTERS` may differ by a fifth, as when a model mends a
    misheard word; a shorter one must be there word by word.
    """
    said = _normalised(text)
    words = _normalised(quote)
    if not words:
        return False
    if f" {words} " in f" {said} ":
        return True
    if min(len(words), len(said)) < MIN_FUZZY_CHARACTERS:
        return False
    # partial_ratio looks for the shorter text in the longer: only the quote may be the part.
    compare = fuzz.partial_ratio if len(words) <= len(said) else fuzz.ratio
    return compare(words, said) >= 100 * MIN_SIMILARITY


def _normalised(text: str) -> str:
    return _NOT_WORD.sub(" ", text.lower().replace("ё", "е")).strip()
