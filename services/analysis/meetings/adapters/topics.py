"""What a meeting was about: the nouns and pairs of words that come up again and again, by several people."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pymorphy3 import MorphAnalyzer

from services.analysis.meetings.adapters.words import ENGLISH, RUSSIAN

SHORTEST_WORD = 4
PAIR_WEIGHT = 2.5
"""How many times as much a pair of words tells as a word that comes up as often."""
FEWEST_TURNS = 2
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:[-_'’][^\W\d_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenTurn:
    """What somebody says in one go."""

    speaker: str
    text: str


class Topics:
    """Knows which words are nouns: in Russian by its dictionary, in English all that are not said everywhere."""

    def __init__(self) -> None:
        self._morph = MorphAnalyzer(lang="ru")

    def of(self, turns: Sequence[SpokenTurn], most: int) -> list[str]:
        """Return what turns are about, at most so many, in the order in which it came up."""
        counts: Counter[str] = Counter()
        voices: defaultdict[str, set[str]] = defaultdict(set)
        in_turns: Counter[str] = Counter()
        names = {part.lower() for turn in turns for part in turn.speaker.split()}
        first: dict[str, int] = {}
        written: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for turn in turns:
            said = [each for each in self._phrases(turn.text) if names.isdisjoint(each[0].split())]
            for phrase, words in said:
                written[phrase][words] += 1
            found = [phrase for phrase, _ in said]
            counts.update(found)
            in_turns.update(set(found))
            for phrase in found:
                voices[phrase].add(turn.speaker)
                first.setdefault(phrase, len(first))
        weights = {
            phrase: count
            * (PAIR_WEIGHT if " " in phrase else 1.0)
            * (1 + 0.3 * (len(voices[phrase]) - 1))
            for phrase, count in counts.items()
            if in_turns[phrase] >= FEWEST_TURNS
        }
        chosen: list[str] = []
        for phrase in sorted(weights, key=lambda each: (-weights[each], first[each])):
            if len(chosen) == most:
                break
            parts = {part[:5] for part in phrase.split()}
            if all(parts.isdisjoint(part[:5] for part in other.split()) for other in chosen):
                chosen.append(phrase)
        return [
            written[phrase].most_common(1)[0][0] for phrase in sorted(chosen, key=first.__getitem__)
        ]

    def _phrases(self, text: str) -> Iterator[tuple[str, str]]:
        """Yield nouns, and pairs of an adjective or noun with a noun: by which they are counted, and as they are written."""
        before = written_before = ""
        stop = 0
        for match in _WORD.finditer(text):
            apart = bool(text[stop : match.start()].strip())
            first = not match.start() or text[: match.start()].rstrip()[-1:] in ".?!"
            stop = match.end()
            word = match.group().replace("_", "")
            russian = _CYRILLIC.search(word) is not None
            noun, pair = self._russian(word) if russian else self._english(word)
            written = noun if russian else word.lower() if first and word[1:].islower() else word
            if noun:
                yield noun, written
                if before and not apart and before != noun:
                    adjective = self._agreeing(before, noun) if russian else written_before
                    yield f"{before} {noun}", f"{adjective} {written}"
            before, written_before = pair, written or word.lower()

    def _english(self, word: str) -> tuple[str, str]:
        low = word.lower().removesuffix("'s").removesuffix("’s")
        if low in ENGLISH or len(low) < SHORTEST_WORD or "'" in low or "’" in low:
            return "", ""
        if low.endswith(("ly", "ing", "ed")):
            return "", low if low.endswith("ing") else ""
        plural = low.endswith("s") and not low.endswith(("ss", "us", "is"))
        return (low[:-1] if plural and low[:-1] not in ENGLISH else low), low

    def _russian(self, word: str) -> tuple[str, str]:
        reading = self._morph.parse(word.lower())[0]
        lemma = reading.normal_form
        if (
            len(lemma) < SHORTEST_WORD
            or lemma in RUSSIAN
            or "Name" in reading.tag
            or "Patr" in reading.tag
        ):
            return "", ""
        if reading.tag.POS == "NOUN":
            return lemma, ""
        return "", lemma if reading.tag.POS == "ADJF" and "Apro" not in reading.tag else ""

    def _agreeing(self, adjective: str, noun: str) -> str:
        of = self._morph.parse(noun)[0]
        found = self._morph.parse(adjective)[0].inflect(
            {"nomn", "sing", str(of.tag.gender)} if of.tag.gender else {"nomn", "plur"}
        )
        return found.word if found else adjective
