"""Whether what is told of a quote is what the quote denies: `we will not sign` is no reason to tell of signing. Pure."""

from services.llm.spoken.words import SpokenWord, WordKind, spoken_words

REACH = 2
"""So many words after a negation are denied, as far as its clause goes."""
STEM = 5
_POLITE = ("забу", "мог", "смож", "хоч", "хот", "forget", "hesitate", "mind")
"""What is denied only in its words, as `не забудь купить` and `не могли бы вы`."""


def denies(quote: str, told: str) -> bool:
    """Tell whether a quote denies something that is told of it without a denial."""
    denied, _ = _sorted(spoken_words(quote))
    still_denied, said = _sorted(spoken_words(told))
    return bool(denied & said) and not denied & still_denied


def _sorted(words: list[SpokenWord]) -> tuple[set[str], set[str]]:
    """Return the beginnings of the words of a text that are denied, and of the others."""
    denied: set[int] = set()
    for n, word in enumerate(words):
        if word.kind is not WordKind.NEGATION:
            continue
        after = [m for m in range(n + 1, len(words)) if words[m].clause == word.clause][:REACH]
        if after and not words[after[0]].key.startswith(_POLITE):
            denied.update(after)
    telling = [
        (n, word.key[:STEM])
        for n, word in enumerate(words)
        if word.kind is WordKind.PLAIN and len(word.key) >= STEM - 1
    ]
    return {stem for n, stem in telling if n in denied}, {
        stem for n, stem in telling if n not in denied
    }
