"""Which words a recogniser may have misheard, and which was said where it wrote one that there is not: `слиника`."""

import functools
import re

from rapidfuzz import fuzz, process

from services.analysis.calls.domain import Word
from services.analysis.playbooks.phrases import LEAST_MISHEARD_LETTERS
from services.analysis.words.keys import fold
from services.analysis.words.lemmas import Lemmatiser

MIN_SIMILARITY = 80
"""Of `rapidfuzz.fuzz.ratio`, 0 to 100."""
UNSURE = 0.5
"""The probability under which a word may be another."""
UNSURE_UNKNOWN = 0.7
"""The same for a Russian word that the dictionary lacks."""
_NOT_LETTER = re.compile(r"[\W_]+")
_CACHED_FORMS = 50_000


@functools.lru_cache(maxsize=_CACHED_FORMS)
def misheard(form: str, words: frozenset[str], lemmatiser: Lemmatiser) -> tuple[str, ...]:
    """Return those of some words that a form may have been, none for a form that is a word itself."""
    if len(form) < LEAST_MISHEARD_LETTERS or (not form.isascii() and lemmatiser.known(form)):
        return ()
    found = process.extract(form, words, scorer=fuzz.ratio, score_cutoff=MIN_SIMILARITY)
    return tuple(sorted(word for word, _, _ in found))


def unsure(word: Word, lemmatiser: Lemmatiser) -> bool:
    """Tell whether a word may have been another, by its probability; one of a model that gives none is taken as sure."""
    if not UNSURE <= word.probability < UNSURE_UNKNOWN:
        return 0 < word.probability < UNSURE
    form = _NOT_LETTER.sub("", fold(word.text))
    return form.isalpha() and not form.isascii() and not lemmatiser.known(form)
