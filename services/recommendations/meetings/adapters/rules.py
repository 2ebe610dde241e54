"""Finds the tasks of a meeting by rules, Russian and English."""

import asyncio
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

import razdel

from services.llm.due_dates import find_dates
from services.recommendations.meetings.adapters.english.tasks import EnglishTasks
from services.recommendations.meetings.adapters.open_tasks import Quote
from services.recommendations.meetings.adapters.russian.tasks import RussianTasks
from services.recommendations.meetings.adapters.sentences import (
    Force,
    Sentence,
    SentenceTask,
    Thing,
    fluent,
)
from services.recommendations.meetings.adapters.task_reader import TaskReader
from services.recommendations.meetings.domain import MeetingTask, MeetingTranscript

FEW_CAPITALS = 0.01
RECENT_THINGS = 12
"""So many things that were talked of are remembered."""

_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_NOBODY = re.compile(r"^\s*\?+\s*[:.]\s*")
"""How a text marks who is not known."""
_LONGEST_SENTENCE = re.compile(r"(?:\S+\s+){0,79}\S+")
"""Speech without marks has sentences of any length; what is looked for in one takes longer than its length says."""
_PIECES = re.compile(
    r"(?<=\w)\s+(?=(?:okay|ok|right|anyway|no actually|oh|so|и ещё|и еще|ещё|еще|ну хорошо|ладно|так|дальше|нет подожди"
    r"|потом|это срочно)\s)"
)
"""Where a sentence may begin in speech that has no marks."""


class RulesTasks:
    """Implements TaskFinder, deterministic and without any outside call."""

    def __init__(self) -> None:
        self._russian = RussianTasks()
        self._english = EnglishTasks()

    def name(self, meeting: MeetingTranscript) -> str:
        """Name the finder."""
        return "rules-ru" if meeting.language == "ru" else "rules-en"

    async def find_tasks(self, meeting: MeetingTranscript) -> list[MeetingTask]:
        """Find the tasks in a thread, so that the event loop goes on meanwhile."""
        return await asyncio.to_thread(self.find_now, meeting)

    def find_now(self, meeting: MeetingTranscript) -> list[MeetingTask]:
        """Find the tasks; equal input gives equal tasks."""
        reading = TaskReader(meeting)
        unmarked = _is_unmarked(meeting)
        talked_of: deque[tuple[int, Thing]] = deque(maxlen=RECENT_THINGS)
        count = 0
        for turn, spoken in enumerate(meeting.turns):
            for start, said in _sentences(spoken.text, unmarked=unmarked):
                text = fluent(said)
                sentence = Sentence(
                    text=text,
                    dates=tuple(find_dates(text, meeting.day)),
                    speakers=meeting.speakers,
                    unmarked=unmarked,
                )
                grammar = self._russian if _CYRILLIC.search(text) else self._english
                called, todo = grammar.read(sentence)
                things = [(count, thing) for thing in grammar.things(sentence)]
                meant = [*((n, thing) for n, thing in things if thing.person), *talked_of]
                reading.take(
                    Quote(turn=turn, start=start, text=said),
                    sentence,
                    called,
                    [_explained(grammar, each, meant, count) for each in todo],
                )
                talked_of.extendleft(reversed(things))
                count += 1
        return reading.tasks()


def _explained(
    grammar: RussianTasks | EnglishTasks,
    todo: SentenceTask,
    meant: Iterable[tuple[int, Thing]],
    sentence: int,
) -> SentenceTask:
    """Say in a title what its pronoun means: what was last talked of that it can mean, with the same verb if there is."""
    if not todo.points_at or todo.force is Force.ASSIGNED:
        return todo
    fitting = [(n, thing) for n, thing in meant if grammar.may_mean(todo, thing)]
    of_verb = [thing for _, thing in fitting if thing.of and todo.verb.startswith(thing.of)]
    near = [thing for n, thing in fitting if sentence - n <= grammar.reach]
    for thing in (of_verb or near)[:1]:
        return replace(todo, title=grammar.points(todo, thing), pointed=True)
    return todo


def _is_unmarked(meeting: MeetingTranscript) -> bool:
    """Tell whether a meeting was recognised without capitals and marks."""
    text = "".join(_NOBODY.sub("", turn.text) for turn in meeting.turns)
    letters = sum(letter.isalpha() for letter in text)
    capitals = sum(letter.isupper() for letter in text)
    return letters > 0 and capitals / letters < FEW_CAPITALS


def _sentences(text: str, *, unmarked: bool) -> Iterator[tuple[int, str]]:
    """Yield the sentences of a turn, each with the character that it begins at; a longer one in pieces."""
    first = found.end() if (found := _NOBODY.match(text)) else 0
    for words in razdel.sentenize(text[first:]):
        for part in _LONGEST_SENTENCE.finditer(words.text):
            start = first + words.start + part.start()
            if not unmarked:
                yield start, part.group()
                continue
            for piece in _PIECES.split(part.group()):
                begin = text.index(piece, start)
                if piece.strip():
                    yield begin, piece
                start = begin + len(piece)
