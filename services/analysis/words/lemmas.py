"""From text to words a phrase can match: lemmas for Russian, stems for English."""

import functools
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pymorphy3
import razdel
import snowballstemmer

from services.analysis.words.keys import (
    GENITIVE,
    INFINITIVE,
    NAME,
    NUMBER,
    PERHAPS_NAME,
    PROMISE,
    VERB,
    Key,
    fold,
)

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+|[.:]\d+)*")
_CLAUSE_END = re.compile(r"[,;:.!?…—–]")
_NEGATIONS = frozenset(("не", "ни", "без", "not", "never", "without", "cannot"))
_NOT_NUMBERS = frozenset(("сколько", "столько", "несколько", "один", "первый", "второй"))
_ENGLISH_NUMBERS = frozenset(
    (
        *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
        *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
        *("nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty"),
        *("ninety", "hundred", "thousand"),
    )
)
_ENGLISH_PROMISES = frozenset(("i'll", "we'll"))
_TORN_LETTERS = 6
_WITHOUT_APOSTROPHE = frozenset(
    (
        *(
            "dont",
            "doesnt",
            "didnt",
            "isnt",
            "arent",
            "wasnt",
            "werent",
            "havent",
            "hasnt",
            "hadnt",
        ),
        *("cant", "couldnt", "wouldnt", "shouldnt", "wont"),
    )
)
"""As recognisers and people in a hurry write `don't`."""
_CACHED_WORDS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LemmatisedWord:
    """A word of a sentence: its keys, where it stands in the sentence, and in which clause.

    `form` is the word itself, folded. `negates` tells of a word that denies what follows it, `lacks` of one that denies the Russian
    genitive before it, as in `жалоб нет`.
    """

    keys: frozenset[Key]
    form: str
    start: int
    stop: int
    clause: int
    negates: bool
    lacks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LemmatisedSentence:
    """A sentence: its words, and the keys of them all."""

    text: str
    words: tuple[LemmatisedWord, ...]
    keys: frozenset[Key]


class Lemmatiser:
    """Knows the forms of Russian and English words; the script of a word tells its language.

    Loads its dictionary in 0.1 to 0.2 s, then reads about 10,000 new words a second; words met
    before cost a look-up.
    """

    def __init__(self) -> None:
        self._russian = pymorphy3.MorphAnalyzer(lang="ru")
        self._english = snowballstemmer.stemmer("english")
        self._stemming = threading.Lock()
        self.known = functools.lru_cache(maxsize=_CACHED_WORDS)(self._russian.word_is_known)
        self.keys = functools.lru_cache(maxsize=_CACHED_WORDS)(self._keys)

    def sentences(self, text: str) -> Iterator[LemmatisedSentence]:
        """Split what was said in one go."""
        for part in razdel.sentenize(text):
            words = tuple(self._words(part.text))
            keys = frozenset().union(*(word.keys for word in words))
            yield LemmatisedSentence(text=part.text, words=words, keys=keys)

    def _words(self, text: str) -> Iterator[LemmatisedWord]:
        clause = stop = 0
        for start, end, form in self._whole(text):
            clause += bool(_CLAUSE_END.search(text, stop, start))
            stop = end
            keys = self.keys(form)
            yield LemmatisedWord(
                keys=keys,
                form=form,
                start=start,
                stop=stop,
                clause=clause,
                negates=not _NEGATIONS.isdisjoint(keys),
                lacks="=нет" in keys,
            )

    def _whole(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield where each word begins and ends, and its folded form, with words together that were torn: `сви дания`."""
        found = [(m.start(), m.end(), fold(m.group())) for m in _WORD.finditer(text)]
        position = 0
        while position < len(found):
            start, end, form = found[position]
            position += 1
            if position < len(found):
                begin, stop, rest = found[position]
                if text[end:begin] == " " and self._torn(form, rest):
                    end, form = stop, form + rest
                    position += 1
            yield start, end, form

    def _torn(self, first: str, second: str) -> bool:
        """Tell whether two forms, of which the dictionary lacks one, are one that it has."""
        return (
            len(first) + len(second) >= _TORN_LETTERS
            and first.isalpha()
            and second.isalpha()
            and not (first + second).isascii()
            and not (self.known(first) and self.known(second))
            and self.known(first + second)
        )

    def _keys(self, form: str) -> frozenset[Key]:
        """Return what a folded form answers to: itself, its lemmas, what kind it is.

        All readings count, since the first is often wrong without context: `стоит` is of
        `стоить` and of `стоять`.
        """
        keys = {f"={form}"}
        if any(letter.isdigit() for letter in form) or all(
            part in _ENGLISH_NUMBERS for part in form.split("-")
        ):
            keys.add(NUMBER)
        if form.endswith("n't") or form in _WITHOUT_APOSTROPHE:
            verb = form.removesuffix("t").removesuffix("'").removesuffix("n")
            return frozenset(Key(k) for k in (*keys, verb, "not"))
        if form in _ENGLISH_PROMISES:
            keys.add(PROMISE)
        if form.isascii():
            # Calls are judged in threads, and a stemmer keeps the word it is at in itself.
            with self._stemming:
                keys.add(self._english.stemWord(form.partition("'")[0]))
        else:
            keys |= self._russian_keys(form)
        return frozenset(Key(key) for key in keys)

    def _russian_keys(self, form: str) -> set[str]:
        readings = self._russian.parse(form)
        first = readings[0].tag
        known = self.known(form)
        keys = {fold(reading.normal_form) for reading in readings}
        kinds = {
            NAME: "Name" in first,
            PERHAPS_NAME: known and any("Name" in r.tag for r in readings),
            NUMBER: keys.isdisjoint(_NOT_NUMBERS)
            and any("NUMR" in r.tag or "Anum" in r.tag for r in readings),
            GENITIVE: {"NOUN", "gent"} in first,
            INFINITIVE: any("INFN" in r.tag for r in readings),
            VERB: known and ("VERB" in first or "INFN" in first),
            PROMISE: any({"1per", "futr"} in r.tag for r in readings),
        }
        return keys | {kind for kind, holds in kinds.items() if holds}
