"""What one sentence of a meeting says is to be done, and by whom."""

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

from services.llm.due_dates import NamedDay

LONGEST_TITLE = 80
_TAG = re.compile(
    r",\s*(?:ок|окей|хорошо|ладно|да|ok|okay|all right|please|will you)\?$", re.IGNORECASE
)
_URGENCY = re.compile(
    r",?\s*\b(?:как можно (?:скорее|быстрее)|срочно|по возможности|as soon as possible|asap|urgently|right away)\b",
    re.IGNORECASE,
)


class Who(enum.Enum):
    """Whom a sentence gives something to do."""

    SPEAKER = "speaker"
    ADDRESSEE = "addressee"
    NAMED = "named"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceTask:
    """Something to do by one sentence: `verb` in its plain form, and `objects`, the words of what it is done with.

    `name` is who is meant where the sentence says so. `vague` verbs, as in `I'll take it`, mean what was said before.
    """

    who: Who
    name: str
    verb: str
    title: str
    objects: frozenset[str]
    vague: bool
    due: NamedDay | None

    @property
    def bare(self) -> bool:
        """Whether it says nothing without what was said before."""
        return not self.objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence, the days that it names, and the speakers of its meeting, who may be named in it."""

    text: str
    dates: tuple[NamedDay, ...]
    speakers: tuple[str, ...]

    @property
    def asks(self) -> bool:
        """Whether it is a question, and not a request that ends with `ок?`."""
        text = self.text.rstrip("\"'»” ")
        return text.endswith("?") and _TAG.search(text) is None

    def due(self, start: int, stop: int) -> NamedDay | None:
        """Return the first day that is named between two positions."""
        return next((due for due in self.dates if start <= due.start < stop), None)

    def dated(self, position: int) -> bool:
        """Tell whether a position is inside the name of a day."""
        return any(due.start <= position < due.stop for due in self.dates)


def title_of(verb: str, words: Iterable[str]) -> str:
    """Return a title of bearable length, as in `Подготовить отчёт`."""
    text = _URGENCY.sub("", " ".join((verb, *words)).replace(" ,", ",")).strip()
    if len(text) > LONGEST_TITLE:
        text = text[: LONGEST_TITLE + 1].rpartition(" ")[0]
    text = text.rstrip(" ,;:-–—")
    return text[:1].upper() + text[1:]


def words(text: str) -> frozenset[str]:
    """Return the words of a list that is written as a text."""
    return frozenset(text.split())
