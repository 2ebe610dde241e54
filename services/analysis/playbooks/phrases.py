"""The little language in which a playbook says what words to look for.

A phrase is a row of terms in spoken order, at most `MAX_SKIPPED` other words between two of them,
all in one sentence. A term is one word or several parted by `|`, of which any will do:

- `записаться` any form of the word (Russian: by lemma, English: by stem);
- `=записала` this form alone;
- `~клиника` the word, also where a recogniser misheard it: `слиника`. For names of places and
  roles, of six letters and more;
- `@day` any word of the playbook's vocabulary list `day`;
- `@number` a number, in digits or in words; `@name` a Russian first name; `@infinitive` a Russian
  verb in the infinitive; `@promise` a verb by which somebody says what they will do: `проверю`, `I'll`;
- an act of the operator, found by how people talk rather than by words: `@own_name` who they say
  they are in their first words, and `@firm_name` where; `@offered_time` a day or an hour that they
  offer, and `@repeated_time` both, which were said before; `@need_question` a question that is
  neither of a time nor of a name nor an offer; `@argument` something they say in eight words or more.

A phrase that ends in `?` is found in a question or a request alone: `имя|телефон?`.

A phrase does not match where it is negated, that is where a negation stands among its words or
shortly before them, or `нет` shortly after a genitive at their end, unless the phrase has a term
for the negation itself: `не подойти`, `время нет`.
"""

import re

from services.analysis.words.keys import INFINITIVE, NAME, NUMBER, PROMISE, Key, fold

Phrase = tuple[tuple[Key, ...], ...]

MAX_SKIPPED = 3
LEAST_MISHEARD_LETTERS = 6
OWN_NAME = Key("@own_name")
FIRM_NAME = Key("@firm_name")
OFFERED_TIME = Key("@offered_time")
REPEATED_TIME = Key("@repeated_time")
NEED_QUESTION = Key("@need_question")
ARGUMENT = Key("@argument")
ACTS = frozenset((OWN_NAME, FIRM_NAME, OFFERED_TIME, REPEATED_TIME, NEED_QUESTION, ARGUMENT))
BUILT_IN = frozenset((NUMBER, NAME, INFINITIVE, PROMISE)) | ACTS

_KEY = re.compile(r"[@=~]?[\w'-]+")
_ASKED = "?"


def parse_phrase(text: str) -> Phrase:
    """Return the terms of a phrase, each the keys that satisfy it.

    Raises ValueError that says which part is wrong.
    """
    spoken = fold(text).rstrip().removesuffix(_ASKED)
    terms = tuple(tuple(Key(key) for key in term.split("|")) for term in spoken.split())
    if not terms:
        raise ValueError("a phrase needs a word: write one, or remove the phrase")
    for key in (key for term in terms for key in term):
        if not _KEY.fullmatch(key):
            raise ValueError(
                f"{key!r} in {text!r} is not a term: write a word, =word for one form, ~word for a "
                "word that may be misheard, @list for a list of the vocabulary, @number or @name"
            )
        if key.startswith("~") and len(key) <= LEAST_MISHEARD_LETTERS:
            raise ValueError(
                f"{key!r} in {text!r} is too short to be found misheard: write it without ~, or a "
                f"word of {LEAST_MISHEARD_LETTERS} letters and more"
            )
    return terms


def is_asked(text: str) -> bool:
    """Tell whether a phrase is found in questions and requests alone."""
    return text.rstrip().endswith(_ASKED)
