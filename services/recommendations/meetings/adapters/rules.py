"""Finds the tasks of a meeting by rules: who says what is to be done, who takes it on, and what belongs together."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import razdel

from services.llm.due_dates import find_dates
from services.recommendations.meetings.adapters.english.tasks import EnglishTasks
from services.recommendations.meetings.adapters.russian.tasks import RussianTasks
from services.recommendations.meetings.adapters.sentences import Sentence, SentenceTask, Who
from services.recommendations.meetings.domain import (
    MeetingTask,
    MeetingTranscript,
    alike,
    priority_of,
)

RECENT_TURNS = 3
"""An answer to a request comes within so many turns."""
SHORT_WORDS = 4
"""A sentence of so many words may be about the task before it, as in `Until Friday.`"""
LONGEST_QUOTE = 500
LONGEST_CONTEXT = 60
"""Characters under which a sentence needs the one before it to be understood."""
PAIR = 2

_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_HOW_URGENT = re.compile(
    r"^(?:это|it(?:['’]s| is)|th(?:is|at)(?:['’]s| is)) (?:(?:очень|совсем|very|really) )?(?:не |not )?(?:срочно|критично|горит|urgent|critical)\b",
    re.IGNORECASE,
)
"""A sentence that begins so is about the task before it, however long it is."""
_YES = re.compile(
    r"^(?:да|хорошо|ок|окей|ладно|принято|договорились|конечно|понял|поняла|без проблем|давайте? я|беру|сделаю"
    r"|yes|ok|okay|sure|got it|will do|on it|no problem|of course|done|agreed|yep|yeah)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """A task as far as it is known: the turn that it came up in, and what it is about."""

    task: MeetingTask
    turn: int
    todo: SentenceTask
    asked: bool


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
        speakers = meeting.speakers
        reading = _Reading(meeting, speakers)
        for turn, spoken in enumerate(meeting.turns):
            addressee, before = "", ""
            for words in razdel.sentenize(spoken.text):
                sentence = Sentence(
                    text=words.text,
                    dates=tuple(find_dates(words.text, meeting.day)),
                    speakers=speakers,
                )
                grammar = self._russian if _CYRILLIC.search(sentence.text) else self._english
                called, todo = grammar.read(sentence)
                addressee = called or addressee
                reading.take(turn, sentence, todo, addressee, before)
                before = sentence.text
        return [each.task for each in reading.found]


class _Reading:
    """What was found so far, turn by turn."""

    def __init__(self, meeting: MeetingTranscript, speakers: tuple[str, ...]) -> None:
        self._meeting = meeting
        self._speakers = speakers
        self.found: list[_Open] = []

    def take(
        self, turn: int, sentence: Sentence, todo: list[SentenceTask], addressee: str, before: str
    ) -> None:
        """Take what a sentence says is to be done, and what it says of what was said before."""
        here = len(self.found)
        for each in todo:
            if not self._answers(turn, sentence, each):
                self._add(turn, sentence, each, addressee, before, here)
        if not todo:
            self._goes_on(turn, sentence)

    def _add(
        self,
        turn: int,
        sentence: Sentence,
        todo: SentenceTask,
        addressee: str,
        before: str,
        here: int,
    ) -> None:
        if todo.bare:
            if todo.due and len(self.found) > here and self.found[-1].task.due is None:
                self._change(len(self.found) - 1, sentence, todo.due.day)
            return
        due = todo.due.day if todo.due else None
        context = (
            f"{before} {sentence.text}"
            if before and len(sentence.text) < LONGEST_CONTEXT
            else sentence.text
        )
        self.found.append(
            _Open(
                task=MeetingTask(
                    title=todo.title,
                    description=context[-LONGEST_QUOTE:],
                    assignee=self._assignee(turn, todo, addressee),
                    due=due,
                    priority=priority_of(sentence.text, due, self._meeting.day),
                    quote=_cut(sentence.text),
                ),
                turn=turn,
                todo=todo,
                asked=todo.who in (Who.ADDRESSEE, Who.NOBODY),
            )
        )

    def _assignee(self, turn: int, todo: SentenceTask, addressee: str) -> str:
        """Return who is to do it: by name, by who speaks, or by whom they speak to."""
        speaker = self._meeting.turns[turn].speaker
        if todo.who is Who.NAMED:
            return todo.name
        if todo.who is Who.SPEAKER:
            return speaker
        if todo.who is Who.NOBODY:
            return ""
        others = [name for name in self._speakers if name != speaker]
        if not addressee and speaker and len(others) == PAIR - 1:
            return others[0]
        return addressee

    def _answers(self, turn: int, sentence: Sentence, todo: SentenceTask) -> bool:
        """Take a promise as the answer to a request just made; tell whether it is one."""
        speaker = self._meeting.turns[turn].speaker
        name = {Who.SPEAKER: speaker, Who.NAMED: todo.name}.get(todo.who)
        if name is None:
            return False
        for index in self._recent(turn):
            open_ = self.found[index]
            fits = open_.task.assignee in ("", name)
            others = open_.turn != turn or todo.who is Who.NAMED
            agreed = todo.vague and bool(_YES.match(sentence.text))
            dated = todo.bare and todo.due is not None
            next_ = turn - open_.turn == 1
            same = (next_ and (agreed or dated)) or _same(open_, todo)
            if fits and others and same and (open_.asked or todo.who is Who.NAMED):
                due = todo.due.day if todo.due else None
                self._change(index, sentence, due, name)
                return True
        return False

    def _goes_on(self, turn: int, sentence: Sentence) -> None:
        """Take a short sentence with a day, a word of urgency or a yes for the task before it."""
        words = _WORD.findall(sentence.text)
        recent = list(self._recent(turn))
        if not recent or sentence.asks:
            return
        index = recent[0]
        named = sum(
            len(_WORD.findall(sentence.text[due.start : due.stop])) for due in sentence.dates
        )
        if len(words) - named > SHORT_WORDS and not _HOW_URGENT.match(sentence.text):
            return
        open_ = self.found[index]
        speaker = self._meeting.turns[turn].speaker
        yes = bool(_YES.match(sentence.text)) and open_.asked and open_.turn != turn
        taken = speaker if yes and not open_.task.assignee and _takes(open_, sentence) else ""
        due = sentence.dates[0].day if sentence.dates and open_.task.due is None else None
        self._change(index, sentence, due, taken)

    def _change(self, index: int, sentence: Sentence, due: date | None, assignee: str = "") -> None:
        open_ = self.found[index]
        day = self._meeting.day
        task = replace(
            open_.task, due=due or open_.task.due, assignee=open_.task.assignee or assignee
        )
        text = f"{task.quote} {sentence.text}"
        self.found[index] = replace(
            open_, task=replace(task, priority=priority_of(text, task.due, day))
        )

    def _recent(self, turn: int) -> Iterator[int]:
        for index in reversed(range(len(self.found))):
            if turn - self.found[index].turn > RECENT_TURNS:
                return
            yield index


def _cut(text: str) -> str:
    """Return the beginning of a text, in whole words: half a word is none that was said."""
    return text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE].rsplit(" ", 1)[0]


def _takes(open_: _Open, sentence: Sentence) -> bool:
    """Tell whether a yes takes a task on: it answers a request to whoever is meant, or says so itself."""
    return open_.todo.who is Who.ADDRESSEE or bool(
        re.match(r"(?:давайте? я|беру|сделаю|will do|on it)\b", sentence.text, re.IGNORECASE)
    )


def _same(open_: _Open, todo: SentenceTask) -> bool:
    """Tell whether a promise is about an open task: by its verb or a vague one, and by its things or none at all."""
    if alike(open_.todo.title, todo.title) and not todo.bare:
        return True
    verb = todo.vague or todo.verb == open_.todo.verb
    return verb and (todo.bare or bool(todo.objects & open_.todo.objects))
