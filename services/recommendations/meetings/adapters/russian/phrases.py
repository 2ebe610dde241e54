"""A Russian sentence word by word, and which of its words go with a verb that gives something to do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pymorphy3.analyzer import Parse

from services.recommendations.meetings.adapters.russian.words import (
    ASK_VERBS,
    CONCRETE,
    CUTS,
    FILLERS,
    LET,
    LINKS,
    MUST,
    NEW_CLAUSE,
    OF_THE_MEETING,
    OUGHT,
    PRONOUNS,
)
from services.recommendations.meetings.adapters.sentences import Force, Sentence, Who

EVEN = 0.5
FAR_FETCHED = 0.05
"""A reading of a word that is no likelier than this is not meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedWord:
    """A word of a sentence with its readings; `clause` counts the marks before it, `name` is whom it names, if anybody."""

    index: int
    low: str
    text: str
    start: int
    stop: int
    clause: int
    readings: tuple[Parse, ...]
    name: str
    family: str = ""
    """Whose name it goes on, as a patronymic does."""

    def form(self, *grammemes: str) -> Parse | None:
        """Return the likeliest reading of such a form, if it is no far-fetched one; of equal ones that of the usual verb."""
        tag = set(grammemes)
        found = [r for r in self.readings if r.score > FAR_FETCHED and tag in r.tag]
        return max(found, key=_usual, default=None)

    def names(self, case: str) -> bool:
        """Tell whether the word names somebody in such a case, also where it rather means a thing, as `Света`."""
        usual = (r for r in self.readings if "Name" in r.tag or r.score > FAR_FETCHED)
        return bool(self.name) and any(case in r.tag for r in usual)

    def sure(self, *grammemes: str) -> Parse | None:
        """Return the reading of such a form, if the word is rather that than another part of speech: not `смету`."""
        found = self.form(*grammemes)
        if found is None:
            return None
        likely = sum(r.score for r in self.readings if r.tag.POS == found.tag.POS)
        return found if likely > EVEN else None


def _usual(reading: Parse) -> tuple[float, bool, int]:
    """Weigh a reading: `открою` is of `открыть` rather than of `откроить`."""
    verb = reading.normal_form
    return reading.score, verb in CONCRETE or verb in OF_THE_MEETING, -len(verb)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A verb that gives something to do; `used` are the words that the title does without."""

    at: ParsedWord
    who: Who
    force: Force
    verb: str
    name: str = ""
    also: tuple[str, ...] = ()
    """Who else is to do the same."""
    used: tuple[int, ...] = ()


def phrase(words: Sequence[ParsedWord], trigger: Trigger, sentence: Sentence) -> list[ParsedWord]:
    """Return the words around a verb that go with it: up to what another verb, or a reason, begins."""
    at = next(n for n, word in enumerate(words) if word.index == trigger.at.index)
    first = max((n + 1 for n in range(at) if _finite(words[n], trigger)), default=0)
    stop = len(words)
    for n in range(at + 1, len(words)):
        begins = words[n].clause > words[n - 1].clause
        if begins and words[n].low in LINKS and trigger.verb in ASK_VERBS:
            break  # `узнай, когда он приедет`: that is what is to be done
        if begins and (words[n].low in CUTS or words[n].low in NEW_CLAUSE) and n > at:
            stop = n
            break
        if _finite(words[n], trigger):
            stop = next((m for m in range(n, at, -1) if _begins_part(words, m)), at + 1)
            break
    kept = [
        word
        for word in words[first:stop]
        if not _left_out(word, trigger, sentence) and not _called(word, words)
    ]
    return [word for n, word in enumerate(kept) if not _is_when(kept, n)]


def _is_when(kept: Sequence[ParsedWord], n: int) -> bool:
    """Tell whether a word only says when, as in `после уроков`."""
    return kept[n].low == "после" or (n > 0 and kept[n - 1].low == "после")


def _called(word: ParsedWord, words: Sequence[ParsedWord]) -> bool:
    """Tell whether somebody is called, as in `подготовь отчёт, Борис`."""
    whole = bool(word.name or word.family)
    return whole and all(
        other.name or other.family for other in words if other.clause == word.clause
    )


def _begins_part(words: Sequence[ParsedWord], n: int) -> bool:
    return words[n].clause > words[n - 1].clause or words[n].low in ("и", "а", "но")


def _finite(word: ParsedWord, trigger: Trigger) -> bool:
    """Tell whether a word is a verb that has somebody do something, and not part of what is to be done."""
    if word.index in trigger.used or word.low in LET or word.low in FILLERS:
        return False
    likely: float = sum(r.score for r in word.readings if r.tag.POS == "VERB")
    return likely > EVEN


def _left_out(word: ParsedWord, trigger: Trigger, sentence: Sentence) -> bool:
    if word.index == trigger.at.index or word.index in trigger.used or sentence.dated(word.start):
        return True
    if word.low in PRONOUNS or word.low in MUST or word.low in OUGHT:
        return True
    if (word.name or word.family) in (trigger.name or "-", *trigger.also):
        return True
    return word.low in FILLERS and (word.index < trigger.at.index or word.low not in ("и", "а"))


def spelled(kept: Sequence[ParsedWord], trigger: Trigger, sentence: Sentence) -> Iterator[str]:
    """Yield the words as they are written, with the commas between neighbours."""
    last = trigger.at
    for word in kept:
        if last.index + 1 == word.index:
            between = sentence.text[last.stop : word.start].strip()
            if between in (",", ":"):
                yield between
        first = word.start == 0 and not word.name and not word.text[1:].isupper()
        yield word.low if first else word.text
        last = word
