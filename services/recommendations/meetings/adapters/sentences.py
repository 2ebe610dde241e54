"""What one sentence of a meeting says is to be done, and by whom."""

import enum
import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.llm.due_dates import NamedDay

LONGEST_TITLE = 80
STEM = 5
_TAG = re.compile(
    r",\s*(?:ок|окей|хорошо|ладно|да|ok|okay|all right|alright|right|yeah|yes|please|will you)\?$",
    re.IGNORECASE,
)
_URGENCY = re.compile(
    r",?\s*\b(?:как можно (?:скорее|быстрее)|срочно|по возможности|as soon as possible|asap|urgently|right away)\b",
    re.IGNORECASE,
)
_LOOSE = re.compile(r"^[,:]\s*(?=(?:по|в|на|с|у|и|а|честно|штук)\b)", re.IGNORECASE)
"""A comma after the verb, as in `отвезу, по дороге`."""
_FILLERS = re.compile(
    r"(?<![\w'’-])(?:u[hm]+|er+m?|m+|hm+|mm-?hm+|э+|эм+|м{2,}|э-э+|you know|i mean|как бы|так сказать|короче говоря)"
    r"(?![\w'’-])\s*[,.…]*\s*",
    re.IGNORECASE,
)
_TWICE = re.compile(r"\b([\w'’]+(?: [\w'’]+)?)(?:[\s,…-]+\1\b)+", re.IGNORECASE)
_CUT_OFF = re.compile(r"(?<![\w'’])([b-hj-z]|th|wh|wi|tha|sh|ca|di|re) (?=\1\w)", re.IGNORECASE)

CORRECTS = re.compile(
    r"\b(?:нет|вернее|точнее|хотя|лучше|ой|скорее|погоди(?:те)?|стоп|давай(?:те)?|перенес\w+|сдвин\w+|no|nope|wait|sorry|actually"
    r"|rather|better|instead|make (?:it|that)|let['’]s say|push(?:ed)?|move[ds]?)\b",
    re.IGNORECASE,
)
"""What comes before the day, or the person, that takes the place of another."""


class Who(enum.Enum):
    """Whom a sentence gives something to do."""

    SPEAKER = "speaker"
    ADDRESSEE = "addressee"
    NAMED = "named"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What was talked of, as a later `it` or `them` may mean; `forms` are its words by case or, of one form, by ``."""

    forms: Mapping[str, str]
    plural: bool
    gender: str = ""
    person: bool = False
    of: str = ""
    """The beginning of the verb that was said with it."""


class Force(enum.Enum):
    """How a sentence gives something to do, from which follows what else it takes to make a task of it."""

    ASSIGNED = "assigned"
    """It says itself that it is a task: `the action item is ...`, `с тебя отчёт`."""
    PROMISED = "promised"
    """Somebody says what they will do, or what somebody else will."""
    ASKED = "asked"
    """Somebody is told or asked to do it."""
    NEEDED = "needed"
    """It has to be done, by nobody in particular; or it is asked who will."""
    OFFERED = "offered"
    """Somebody could do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceTask:
    """Something to do by one sentence: `verb` in its plain form, and `objects`, the words of what it is done with.

    `name` is who is meant where the sentence says so. `vague` verbs, as in `I'll take it`, mean what was said before.
    `concrete` verbs leave something behind, as `send`; verbs of `conduct` are of the meeting itself. `later` is what
    other words than a day put after the meeting, `general` what may be said of anybody, as `you have to`.
    """

    who: Who
    force: Force
    name: str
    verb: str
    title: str
    objects: frozenset[str]
    vague: bool
    concrete: bool
    later: bool
    general: bool
    conduct: bool
    points_at: str
    """The pronoun that it is done with, as `it` or `её`; ` ` where there is no word at all."""
    due: NamedDay | None
    pointed: bool = False
    """Whether the title says what the pronoun means."""

    @property
    def bare(self) -> bool:
        """Whether it says nothing without what was said before."""
        return not self.objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence without its hesitations, the days that it names, and the speakers of its meeting, who may be named in it.

    `unmarked` is what was recognised without capitals and marks.
    """

    text: str
    dates: tuple[NamedDay, ...]
    speakers: tuple[str, ...]
    unmarked: bool = False

    @property
    def asks(self) -> bool:
        """Whether it is a question, and not a request that ends with `ок?`."""
        text = self.text.rstrip("\"'»” ")
        return text.endswith("?") and _TAG.search(text) is None

    def due(self, start: int, stop: int) -> NamedDay | None:
        """Return the first day that is named between two positions, or the one that it is corrected to."""
        found = [due for due in self.dates if start <= due.start < stop]
        for before, after in itertools.pairwise(found):
            if CORRECTS.search(self.text, before.stop, after.start) is None:
                return before
        return found[-1] if found else None

    def dated(self, position: int) -> bool:
        """Tell whether a position is inside the name of a day."""
        return any(due.start <= position < due.stop for due in self.dates)


def fluent(text: str) -> str:
    """Return what somebody says without fillers, cut-off beginnings of words and words that are said twice."""
    text = _FILLERS.sub("", text)
    text = _CUT_OFF.sub("", text)
    return " ".join(_TWICE.sub(r"\1", text).split())


def stems_of(words: Iterable[str]) -> set[str]:
    """Return the beginnings of words that are long enough to tell a thing in its forms."""
    return {word[:STEM] for word in words if len(word) >= STEM - 1}


def title_of(verb: str, words: Iterable[str]) -> str:
    """Return a title of bearable length, as in `Подготовить отчёт`."""
    rest = _LOOSE.sub("", " ".join(words))
    text = _URGENCY.sub("", f"{verb} {rest}".replace(" ,", ",")).strip()
    if len(text) > LONGEST_TITLE:
        text = text[: LONGEST_TITLE + 1].rpartition(" ")[0]
    text = text.rstrip(" ,;:-–—")
    return text[:1].upper() + text[1:]


def words(text: str) -> frozenset[str]:
    """Return the words of a list that is written as a text."""
    return frozenset(text.split())
