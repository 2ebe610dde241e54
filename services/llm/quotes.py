"""Where quoted words stand in what was said, if they do: the check for invention. Pure.

A quote has to be there word by word. Case, punctuation, `ё` and hesitation may differ, and of three words and more a few
may be misheard ones that whoever quotes has mended. Negations, numbers, days and what compares must be the same, and a
quote may leave out no negation that governs it: such a quote says the opposite, and is refused.
"""

import functools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from services.llm.spoken.words import SpokenWord, WordKind, spoken_words

MIN_SIMILARITY = 80
"""Of 100, from which on a word is a misheard other."""
MIN_MISHEARD_LETTERS = 4
NEGATION_REACH = 8
"""A negation governs so many words of its clause on either side."""

_DENIED_THINGS = frozenset(
    (
        *("смысла", "возможности", "времени", "желания", "нужды", "необходимости", "надобности"),
        *("причин", "причины", "сил", "денег", "way", "point", "chance", "need", "reason", "time"),
        *("use", "intention", "money", "plan", "plans", "wish"),
    )
)
"""What `нет` and `no` deny when they stand before it, with all that follows: `нет смысла ехать`, `no way`."""
_ANSWERS = frozenset(("нет", "неа", "no", "nope"))
_LEADING = frozenset(
    """
    минус после до перед следующий следующую следующее следующая следующего следующей следующие
    прошлый прошлую прошлое прошлая прошлого прошлой каждый каждую каждое
    minus next last previous every each after before until
    """.split()
)
"""Words that make another of the number or day behind them."""
_SUBORDINATE = frozenset(("что", "чтобы", "чтоб", "будто", "that", "whether"))
_PREFIXES = frozenset(
    """
    без бес в во воз вы до за из ис на над не недо о об обо от ото пере по под при про раз рас с со у
    anti de dis dys im in ir il mis non out over pre re un under
    """.split()
) | {""}
_CLAUSE_END = ".!?…,;:\n"
_APOSTROPHES = "'’"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Characters of a text, from `start` to `stop`."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundQuote:
    """Where a quote stands: the index of its text, the characters, and the words as they stand there."""

    index: int
    span: Span
    text: str


class QuotableTexts:
    """The texts that quotes are looked for in, made ready once for many quotes."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = [_Quotable(text) for text in texts]

    def find(self, quote: str, indexes: Sequence[int] | None = None) -> FoundQuote | None:
        """Return where a quote stands, in the first of the texts that has it; `indexes` orders or limits them.

        A text that has it letter by letter comes before one that has it otherwise.
        """
        wanted = _Wanted(quote)
        order = range(len(self._texts)) if indexes is None else indexes
        for index in order:
            if span := self._texts[index].find_verbatim(wanted):
                return self._found(index, span)
        shared = Counter(
            index for word in wanted.words for index in self._holders.get(word.key, ())
        )
        alike = (index for index in order if shared[index] >= wanted.fewest)
        for index in alike:
            if span := self._texts[index].find_alike(wanted):
                return self._found(index, span)
        return None

    @functools.cached_property
    def _holders(self) -> Mapping[str, list[int]]:
        """Return which texts hold a word."""
        holders = defaultdict[str, list[int]](list)
        for index, text in enumerate(self._texts):
            for key in {word.key for word in text.words}:
                holders[key].append(index)
        return holders

    def _found(self, index: int, span: Span) -> FoundQuote:
        text = self._texts[index].text[span.start : span.stop]
        return FoundQuote(index=index, span=span, text=text)


def find_quote(quote: str, text: str) -> Span | None:
    """Return where a quote stands in a text; None where it does not."""
    found = QuotableTexts([text]).find(quote)
    return found.span if found else None


def whole_quote(text: str, span: Span) -> Span:
    """Return a part of a text, which has a word, with the negations that govern it."""
    said = _Quotable(text)
    first, last = said.governed(*said.words_at(span))
    return said.characters(first, last, span)


class _Wanted:
    """A quote that is looked for."""

    def __init__(self, quote: str) -> None:
        self.text = quote.strip()

    @functools.cached_property
    def words(self) -> list[SpokenWord]:
        words = spoken_words(self.text)
        return [words[position] for position in _compared(words)]

    @functools.cached_property
    def fewest(self) -> int:
        """So many of its words have to be those that were said."""
        return len(self.words) // 2 + 1


class _Quotable:
    """A text that quotes are looked for in."""

    def __init__(self, text: str) -> None:
        self.text = text

    @functools.cached_property
    def words(self) -> list[SpokenWord]:
        return spoken_words(self.text)

    @functools.cached_property
    def _places(self) -> list[int]:
        return _compared(self.words)

    def find_verbatim(self, wanted: _Wanted) -> Span | None:
        """Return where a quote stands letter by letter and whole."""
        for span in _verbatim(wanted.text, self.text):
            first, last = self.words_at(span)
            if first <= last and (accepted := self._accepted(first, last, span)):
                return accepted
        return None

    def find_alike(self, wanted: _Wanted) -> Span | None:
        """Return where a quote stands with other marks, or with words that were misheard."""
        words = wanted.words
        for place in range(len(self._places) - len(words) + 1):
            places = self._places[place : place + len(words)]
            if _reads_like(words, [self.words[position] for position in places], wanted.fewest):
                accepted = self._accepted(places[0], places[-1], None)
                if accepted is not None:
                    return accepted
        return None

    def words_at(self, span: Span) -> tuple[int, int]:
        """Return the positions of the first and last word of some characters; the last is less where there is none."""
        inside = [
            position
            for position, word in enumerate(self.words)
            if word.start < span.stop and span.start < word.stop
        ]
        return (inside[0], inside[-1]) if inside else (0, -1)

    def characters(self, first: int, last: int, span: Span | None) -> Span:
        """Return the characters of words, and of a span that they are in."""
        start, stop = self.words[first].start, self.words[last].stop
        if span is None:
            return Span(start=start, stop=stop)
        return Span(start=min(start, span.start), stop=max(stop, span.stop))

    def _accepted(self, first: int, last: int, span: Span | None) -> Span | None:
        """Return the characters of words, with an answer that belongs to them; None where a negation is left out."""
        words = self.words
        while first and self._belongs(first - 1, first):
            first -= 1
        while last + 1 < len(words) and self._belongs(last + 1, last):
            last += 1
        around = self.governed(first, last)
        if around != (first, last):
            if not self._asked(around):
                return None
            first, last = around
        return self.characters(first, last, span)

    def _belongs(self, position: int, beside: int) -> bool:
        """Tell whether a word beside a quote is part of what it says: `no`, a figure of a time, the `next` of a day."""
        word, other = self.words[position], self.words[beside]
        if word.sentence != other.sentence:
            return False
        if position < beside and word.key in _LEADING and word.clause == other.clause:
            return other.kind in (WordKind.NUMBER, WordKind.DAY)
        if word.key in _ANSWERS:
            after = self.words[position + 1 : position + 2]
            alone = not after or after[0].clause != word.clause
            return position < beside or alone or (word.clause == other.clause and word.key == "нет")
        numbers = word.kind is other.kind is WordKind.NUMBER
        return numbers and word.clause == other.clause

    def _answers(self, position: int) -> bool:
        """Tell whether a word is a `no` by itself, and no part of what follows it, as in `no way`."""
        words = self.words
        begins = not position or words[position - 1].clause != words[position].clause
        after = words[position + 1].key if position + 1 < len(words) else ""
        return begins and words[position].key in _ANSWERS and after not in _DENIED_THINGS

    def governed(self, first: int, last: int) -> tuple[int, int]:
        """Return the positions of words with the negations that govern them."""
        while True:
            wider = min(self._before(first), first), max(self._after(last), last)
            if wider == (first, last):
                return wider
            first, last = wider

    def _before(self, first: int) -> int:
        words = self.words
        clause = words[first].clause
        start = first
        for position in range(first - 1, max(-1, first - 1 - NEGATION_REACH), -1):
            if words[position].clause != clause:
                break
            if words[position].kind is WordKind.NEGATION and not self._answers(position):
                return position
            start = position
        if words[start].key not in _SUBORDINATE or not start:
            return first
        for position in range(start - 1, max(-1, start - 1 - NEGATION_REACH), -1):
            if words[position].clause != words[start - 1].clause or (
                words[position].sentence != words[start].sentence
            ):
                break
            if words[position].kind is WordKind.NEGATION:
                return position
        return first

    def _after(self, last: int) -> int:
        words = self.words
        for position in range(last + 1, min(len(words), last + 1 + NEGATION_REACH)):
            if words[position].clause != words[last].clause:
                break
            if words[position].kind is WordKind.NEGATION:
                return position
        return last

    def _asked(self, around: tuple[int, int]) -> bool:
        """Tell whether the words are of a clause that asks, where a negation denies nothing: not of `…, ok?`."""
        end = self.words[around[1]].stop
        return next((mark for mark in self.text[end:] if mark in _CLAUSE_END), "") == "?"


def _verbatim(quote: str, text: str) -> Iterator[Span]:
    """Yield the places where a text has a quote letter by letter, in whole words."""
    start = text.find(quote) if quote else -1
    while start >= 0:
        stop = start + len(quote)
        if not (_inside_word(text, start) or _inside_word(text, stop)):
            yield Span(start=start, stop=stop)
        start = text.find(quote, start + 1)


def _inside_word(text: str, position: int) -> bool:
    """Tell whether a position cuts a word, such as `can't` before or behind its apostrophe."""
    before, after = text[:position].rstrip(_APOSTROPHES), text[position:].lstrip(_APOSTROPHES)
    return before[-1:].isalnum() and after[:1].isalnum()


def _compared(words: Sequence[SpokenWord]) -> list[int]:
    """Return the positions of words that are no hesitation, nor a plain one that is said again at once."""
    kept: list[int] = []
    for position, word in enumerate(words):
        again = bool(kept) and word.kind is WordKind.PLAIN and word.key == words[kept[-1]].key
        if word.kind is not WordKind.HESITATION and not again:
            kept.append(position)
    return kept


def _reads_like(quoted: Sequence[SpokenWord], said: Sequence[SpokenWord], fewest: int) -> bool:
    """Tell whether words are those quoted, apart from some that were misheard; so many are the same."""
    others = [pair for pair in zip(quoted, said, strict=True) if pair[0].key != pair[1].key]
    if len(quoted) - len(others) < fewest:
        return False
    return all(_alike(*pair) for pair in others)


def _alike(one: SpokenWord, other: SpokenWord) -> bool:
    """Tell whether one plain word may be the other misheard; words that differ by a prefix are two words."""
    plain = one.kind is other.kind is WordKind.PLAIN
    if not plain or min(len(one.key), len(other.key)) < MIN_MISHEARD_LETTERS:
        return False
    return _similar(one.key, other.key)


@functools.lru_cache(maxsize=50_000)
def _similar(one: str, other: str) -> bool:
    if fuzz.ratio(one, other) < MIN_SIMILARITY:
        return False
    shared = 0
    while shared < min(len(one), len(other)) and one[-1 - shared] == other[-1 - shared]:
        shared += 1
    prefixes = {one[: len(one) - shared], other[: len(other) - shared]}
    return not prefixes <= _PREFIXES
