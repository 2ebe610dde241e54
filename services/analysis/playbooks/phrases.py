"""The little language in which a playbook says what words to look for.

A phrase is a row of terms in spoken order, at most `MAX_SKIPPED` other words between two of them,
all in one sentence. A term is one word or several parted by `|`, of which any will do:

- `записаться` any form of the word (Russian: by lemma, English: by stem);
- `=записала` this form alone;
- `@day` any word of the playbook's vocabulary list `day`;
- `@number` a number, in digits or in words; `@name` a Russian first name.

A phrase does not match where it is negated, that is where a negation stands among its words or
shortly before them, or `нет` shortly after a genitive at their end, unless the phrase has a term
for the negation itself: `не подойти`, `время нет`.
"""

import re

from services.analysis.words.keys import NAME, NUMBER, Key, fold

Phrase = tuple[tuple[Key, ...], ...]

MAX_SKIPPED = 3
BUILT_IN = frozenset((NUMBER, NAME))

_KEY = re.compile(r"[@=]?[\w'-]+")


def parse_phrase(text: str) -> Phrase:
    """Return the terms of a phrase, each the keys that satisfy it.

    Raises ValueError that says which part is wrong.
    """
    terms = tuple(tuple(Key(key) for key in term.split("|")) for term in fold(text).split())
    if not terms:
        raise ValueError("a phrase needs a word: write one, or remove the phrase")
    for key in (key for term in terms for key in term):
        if not _KEY.fullmatch(key):
            raise ValueError(
                f"{key!r} in {text!r} is not a term: write a word, =word for one form, @list for "
                "a list of the vocabulary, @number or @name"
            )
    return terms
