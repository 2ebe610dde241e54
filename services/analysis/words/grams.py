"""The features of a text that a classifier weighs: pieces of words, words, and pairs of words."""

import re
from collections.abc import Iterator

from services.analysis.words.keys import fold

LETTERS = (3, 4)
"""How many letters a piece of a word has; its ends are blanks."""

_TOKEN = re.compile(r"[^\W_]+|\?")
_DIGITS = "#"


def grams(text: str) -> Iterator[str]:
    """Yield the features of a text, some of them several times: ` за`, `запи`, `=запишите`, `меня_к`.

    All numbers in digits are one word; of the marks only question marks count.
    """
    before = ""
    for token in _TOKEN.findall(fold(text)):
        word = _DIGITS if token.isdigit() else token
        padded = f" {word} "
        for letters in LETTERS:
            for start in range(len(padded) - letters + 1):
                yield padded[start : start + letters]
        yield f"={word}"
        yield f"{before}_{word}"
        before = word
