"""Finds the tasks of a meeting by rules: who says what is to be done, who takes it on, and what belongs together."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import razdel

from services.recommendations.meetings.adapters.english.tasks import EnglishTasks
from services.recommendations.meetings.adapters.russian.tasks import RussianTasks
from services.recommendations.meetings.adapters.sentences import Heard, Said, Who
from services.recommendations.meetings.domain import Meeting, MeetingTask, alike, priority_of
from services.recommendations.meetings.due_dates import find_dates

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
    heard: Heard
    asked: bool


class RulesTasks:
    """Implements TaskFinder, deterministic and without any outside call."""

    def __init__(self) -> None:
        self._russian = RussianTasks()
        self._english = EnglishTasks()

    def name(self, meeting: Meeting) -> str:
        """Name the judge."""
        return "rules-ru" if meeting.language == "ru" else "rules-en"

    async def find_tasks(self, meeting: Meeting) -> list[MeetingTask]:
        """Find the tasks in a thread, so that the event loop goes on meanwhile."""
        return await asyncio.to_thread(self.find_now, meeting)

    def find_now(self, meeting: Meeting) -> list[MeetingTask]:
        """Find the tasks; equal input gives equal tasks."""
        speakers = meeting.speakers
        reading = _Reading(meeting, speakers)
        for turn, spoken in enumerate(meeting.turns):
            addressee, before = "", ""
            for sentence in razdel.sentenize(spoken.text):
                said = Said(
                    text=sentence.text,
                    dates=tuple(find_dates(sentence.text, meeting.day)),
                    speakers=speakers,
                )
                grammar = self._russian if _CYRILLIC.search(said.text) else self._english
                called, heard = grammar.read(said)
                addressee = called or addressee
                reading.take(turn, said, heard, addressee, before)
                before = said.text
        return [each.task for each in reading.found]


class _Reading:
    """What was found so far, turn by turn."""

    def __init__(self, meeting: Meeting, speakers: tuple[str, ...]) -> None:
        self._meeting = meeting
        self._speakers = speakers
        self.found: list[_Open] = []

    def take(self, turn: int, said: Said, heard: list[Heard], addressee: str, before: str) -> None:
        """Take what a sentence says is to be done, and what it says of what was said before."""
        here = len(self.found)
        for each in heard:
            if not self._answers(turn, said, each):
                self._add(turn, said, each, addressee, before, here)
        if not heard:
            self._goes_on(turn, said)

    def _add(
        self, turn: int, said: Said, heard: Heard, addressee: str, before: str, here: int
    ) -> None:
        if heard.bare:
            if heard.due and len(self.found) > here and self.found[-1].task.due is None:
                self._change(len(self.found) - 1, said, heard.due.day)
            return
        due = heard.due.day if heard.due else None
        context = (
            f"{before} {said.text}" if before and len(said.text) < LONGEST_CONTEXT else said.text
        )
        self.found.append(
            _Open(
                task=MeetingTask(
                    title=heard.title,
                    description=context[-LONGEST_QUOTE:],
                    assignee=self._assignee(turn, heard, addressee),
                    due=due,
                    priority=priority_of(said.text, due, self._meeting.day),
                    quote=said.text[:LONGEST_QUOTE],
                ),
                turn=turn,
                heard=heard,
                asked=heard.who in (Who.ADDRESSEE, Who.NOBODY),
            )
        )

    def _assignee(self, turn: int, heard: Heard, addressee: str) -> str:
        """Return who is to do it: by name, by who speaks, or by whom they speak to."""
        speaker = self._meeting.turns[turn].speaker
        if heard.who is Who.NAMED:
            return heard.name
        if heard.who is Who.SPEAKER:
            return speaker
        if heard.who is Who.NOBODY:
            return ""
        others = [name for name in self._speakers if name != speaker]
        if not addressee and speaker and len(others) == PAIR - 1:
            return others[0]
        return addressee

    def _answers(self, turn: int, said: Said, heard: Heard) -> bool:
        """Take a promise for the answer to a request just made, if it is one."""
        speaker = self._meeting.turns[turn].speaker
        name = {Who.SPEAKER: speaker, Who.NAMED: heard.name}.get(heard.who)
        if name is None:
            return False
        for place in self._recent(turn):
            open_ = self.found[place]
            fits = open_.task.assignee in ("", name)
            others = open_.turn != turn or heard.who is Who.NAMED
            agreed = heard.vague and bool(_YES.match(said.text))
            dated = heard.bare and heard.due is not None
            next_ = turn - open_.turn == 1
            same = (next_ and (agreed or dated)) or _same(open_, heard)
            if fits and others and same and (open_.asked or heard.who is Who.NAMED):
                due = heard.due.day if heard.due else None
                self._change(place, said, due, name)
                return True
        return False

    def _goes_on(self, turn: int, said: Said) -> None:
        """Take a short sentence with a day, a word of urgency or a yes for the task before it."""
        words = _WORD.findall(said.text)
        recent = list(self._recent(turn))
        if not recent or said.asks:
            return
        place = recent[0]
        named = sum(len(_WORD.findall(said.text[due.start : due.stop])) for due in said.dates)
        if len(words) - named > SHORT_WORDS and not _HOW_URGENT.match(said.text):
            return
        open_ = self.found[place]
        speaker = self._meeting.turns[turn].speaker
        yes = bool(_YES.match(said.text)) and open_.asked and open_.turn != turn
        taken = speaker if yes and not open_.task.assignee and _takes(open_, said) else ""
        due = said.dates[0].day if said.dates and open_.task.due is None else None
        self._change(place, said, due, taken)

    def _change(self, place: int, said: Said, due: date | None, assignee: str = "") -> None:
        open_ = self.found[place]
        day = self._meeting.day
        task = replace(
            open_.task, due=due or open_.task.due, assignee=open_.task.assignee or assignee
        )
        text = f"{task.quote} {said.text}"
        self.found[place] = replace(
            open_, task=replace(task, priority=priority_of(text, task.due, day))
        )

    def _recent(self, turn: int) -> Iterator[int]:
        for place in reversed(range(len(self.found))):
            if turn - self.found[place].turn > RECENT_TURNS:
                return
            yield place


def _takes(open_: _Open, said: Said) -> bool:
    """Tell whether a yes takes a task on: to a request that named nobody."""
    return open_.heard.who is Who.ADDRESSEE or bool(
        re.match(r"(?:давайте? я|беру|сделаю|will do|on it)\b", said.text, re.IGNORECASE)
    )


def _same(open_: _Open, heard: Heard) -> bool:
    """Tell whether a promise is about an open task: its verb or a vague one, its things or none."""
    if alike(open_.heard.title, heard.title) and not heard.bare:
        return True
    verb = heard.vague or heard.verb == open_.heard.verb
    return verb and (heard.bare or bool(heard.objects & open_.heard.objects))
