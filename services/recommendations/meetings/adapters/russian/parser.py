"""The words of a Russian sentence with their readings, and whom they name."""

import re
from collections.abc import Sequence
from dataclasses import replace

from services.recommendations.meetings.adapters.russian.people import RussianPeople
from services.recommendations.meetings.adapters.russian.phrases import ParsedWord
from services.recommendations.meetings.adapters.sentences import Sentence

BREAK = re.compile(r"[,;:.!?()…—–]|\s-\s")
"""Between two clauses."""
_WORD = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")


class RussianParser:
    """Reads sentences word by word."""

    def __init__(self) -> None:
        self._people = RussianPeople()

    def words(self, sentence: Sentence) -> list[ParsedWord]:
        """Return the words of a sentence in their order."""
        words: list[ParsedWord] = []
        clause = stop = 0
        for index, match in enumerate(_WORD.finditer(sentence.text)):
            clause += bool(BREAK.search(sentence.text, stop, match.start()))
            stop = match.end()
            text = match.group()
            family = self._family(words, text, clause, sentence.speakers)
            name = self._people.find(text, sentence.speakers, unmarked=sentence.unmarked)
            words.append(
                ParsedWord(
                    index=index,
                    low=text.lower(),
                    text=text,
                    start=match.start(),
                    stop=stop,
                    clause=clause,
                    readings=self._people.readings(text),
                    name="" if family else name,
                    family=family,
                )
            )
        return words

    def _family(
        self, words: list[ParsedWord], text: str, clause: int, speakers: Sequence[str]
    ) -> str:
        """Return the name that a patronymic or family name goes on, empty for another word."""
        last = words[-1] if words else None
        if last is None or not (last.name or last.family) or last.clause != clause:
            return ""
        return self._whole(words, text, speakers) if self._people.is_family(text) else ""

    def _whole(self, words: list[ParsedWord], text: str, speakers: Sequence[str]) -> str:
        """Give the name before a patronymic or family name its whole length, unless a speaker is meant; return it."""
        first = next(n for n in reversed(range(len(words))) if words[n].name)
        name = words[first].name
        if name not in speakers:
            name = f"{name} {self._people.plain_family(text)}"
        words[first:] = [
            replace(word, name=name) if word.name else replace(word, family=name)
            for word in words[first:]
        ]
        return name
