"""Which word was said where a recogniser wrote one that there is not: `слиника` for `клиника`."""

import functools

from rapidfuzz import fuzz, process

from services.analysis.playbooks.phrases import LEAST_MISHEARD_LETTERS
from services.analysis.words.lemmas import Lemmatiser

MIN_SIMILARITY = 80
"""Of `rapidfuzz.fuzz.ratio`, 0 to 100."""
_CACHED_FORMS = 50_000


@functools.lru_cache(maxsize=_CACHED_FORMS)
def misheard(form: str, words: frozenset[str], lemmatiser: Lemmatiser) -> tuple[str, ...]:
    """Return those of some words that a form may have been, none for a form that is a word itself."""
    if len(form) < LEAST_MISHEARD_LETTERS or (not form.isascii() and lemmatiser.known(form)):
        return ()
    found = process.extract(form, words, scorer=fuzz.ratio, score_cutoff=MIN_SIMILARITY)
    return tuple(sorted(word for word, _, _ in found))
