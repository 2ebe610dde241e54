"""Whether quoted words occur in what was said: the cheapest check for invention. Pure."""

import re
from collections.abc import Iterable

from rapidfuzz import fuzz

MIN_SIMILARITY = 0.8
MIN_FUZZY_CHARACTERS = 12

_NOT_WORD = re.compile(r"[\W_]+")


def occurs(quote: str, text: str) -> bool:
    """Tell whether the quoted words are in a text, case and punctuation aside.

    A quote of at least `MIN_FUZZY_CHARACTERS` may differ by a fifth, as when a model mends a
    misheard word; a shorter one must be there word by word.
    """
    return _occurs(_normalised(quote), _normalised(text))


class QuotableTexts:
    """The texts that quotes are looked for in, made ready once for many quotes."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = tuple(texts)
        self._said = [_normalised(text) for text in self._texts]

    def has(self, words: str) -> bool:
        """Tell whether the words occur in one of the texts."""
        looked_for = _normalised(words)
        return any(_occurs(looked_for, said) for said in self._said)

    def has_quote(self, quote: str) -> bool:
        """Tell whether a quote stands in one of the texts letter by letter, or occurs in it."""
        return any(quote in text for text in self._texts) or self.has(quote)


def _occurs(words: str, said: str) -> bool:
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
