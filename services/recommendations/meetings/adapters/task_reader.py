"""Reads a meeting sentence by sentence: who gives somebody something to do, and what is answered to that."""

import re
from collections.abc import Iterator, Sequence

from services.llm.quotes import Span, whole_quote
from services.llm.transcripts import seconds_at
from services.recommendations.meetings.adapters import replies
from services.recommendations.meetings.adapters.open_tasks import OpenTask, Quote
from services.recommendations.meetings.adapters.sentences import (
    CORRECTS,
    Force,
    Sentence,
    SentenceTask,
    Who,
    stems_of,
)
from services.recommendations.meetings.domain import MeetingTask, MeetingTranscript, priority_of

RECENT_TURNS = 5
"""What is said of a task comes within so many turns."""
NEAR_TURNS = 2
"""An answer comes within so many."""
SHORT_WORDS = 5
"""A sentence of so many words may be about the task before it, as in `Until Friday.`"""
LONGEST_CANCEL = 10
"""Words in which somebody takes back what was said last without naming it."""
LONGEST_QUOTE = 500
AROUND = 150
"""Characters on either side of a quote in which a negation may govern it."""
LONGEST_CONTEXT = 60
"""Characters under which a sentence needs the one before it to be understood."""
FRAMED_SENTENCES = 14
"""How many sentences after `the next meeting is ...` tell what is to be done before it."""

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_HOW_URGENT = re.compile(
    r"^(?:это|it(?:['’]s| is)|th(?:is|at)(?:['’]s| is)) (?:(?:очень|совсем|very|really) )?(?:не |not )?(?:срочно|критично"
    r"|горит|важно|urgent|critical|important)\b",
    re.IGNORECASE,
)
"""A sentence that begins so is about the task before it, however long it is."""
_ABOUT_IT = re.compile(
    r"^(?:they|it|this|that|those|это|он|она|оно|они|их|его|её)\b", re.IGNORECASE
)
_MOVES = re.compile(
    r"\b(?:давай(?:те)?|лучше|только|могу|смогу|сделаю|перенес\w+|сдвин\w+|can do|could do|let['’]s|make it|how about|only"
    r"|instead|rather)\b",
    re.IGNORECASE,
)
"""Who says so does not refuse, but names another day."""
_CHANGES = re.compile(rf"{CORRECTS.pattern}|\b(?:not|не)\b", re.IGNORECASE)


class TaskReader:
    """What was found so far, sentence by sentence."""

    def __init__(self, meeting: MeetingTranscript) -> None:
        self._meeting = meeting
        self._found: list[OpenTask] = []
        self._called: list[str] = []
        self._turn = -1
        self._before = ""
        self._framed = 0
        self._asked = -1
        """The turn of the last question that was about something else."""

    def tasks(self) -> list[MeetingTask]:
        """Return the tasks for which enough was said."""
        return [self._task(each) for each in self._found if each.holds(self._meeting.day)]

    def _task(self, open_: OpenTask) -> MeetingTask:
        quote = open_.quote
        turn = self._meeting.turns[quote.turn]
        start, text = _whole(turn.text, quote)
        return MeetingTask(
            title=open_.todo.title,
            description=open_.context[-LONGEST_QUOTE:],
            assignee=open_.assignee,
            due=open_.due,
            priority=priority_of(" ".join(open_.words), open_.due, self._meeting.day),
            quote=_cut(text),
            quote_speaker=turn.speaker,
            quote_start_seconds=seconds_at(turn.starts, start),
        )

    def take(
        self, quote: Quote, sentence: Sentence, called: Sequence[str], todo: Sequence[SentenceTask]
    ) -> None:
        """Take what a sentence says is to be done, and what it says of what was said before."""
        turn = quote.turn
        if turn != self._turn:
            self._called, self._before, self._turn = [], "", turn
        others = [name for name in called if name != self._speaker]
        self._called = others or self._called
        self._framed = FRAMED_SENTENCES if replies.FRAME.search(sentence.text) else self._framed - 1
        if not self._hands_over(sentence, others, todo):
            replied = self._replies(sentence, todo)
            here = len(self._found)
            for each in todo:
                if not self._answers(sentence, each):
                    self._add(quote, sentence, each, here)
            if not todo and not replied:
                self._goes_on(sentence)
            if sentence.asks and len(self._found) == here and not sentence.dates:
                self._asked = turn
        self._before = quote.text

    @property
    def _speaker(self) -> str:
        return self._meeting.turns[self._turn].speaker

    def _add(self, quote: Quote, sentence: Sentence, todo: SentenceTask, here: int) -> None:
        """Open a task; one that says nothing by itself may still tell by which day the one before it in the sentence is."""
        told = todo.pointed or todo.points_at.strip()
        if todo.bare and not (told and todo.concrete):
            if todo.due and len(self._found) > here and self._found[-1].due is None:
                self._found[-1].due = todo.due.day
            return
        short = self._before and len(quote.text) < LONGEST_CONTEXT
        for assignee in self._assignees(todo):
            self._found.append(
                OpenTask(
                    todo=todo,
                    quote=quote,
                    context=f"{self._before} {quote.text}" if short else quote.text,
                    asker=self._speaker,
                    assignee=assignee,
                    due=todo.due.day if todo.due else None,
                    turn=quote.turn,
                    framed=self._framed > 0,
                    asks=sentence.asks,
                    called=bool(self._called) and todo.who is Who.ADDRESSEE,
                    words=[sentence.text],
                )
            )

    def _assignees(self, todo: SentenceTask) -> list[str]:
        """Return who is to do it: by name, by who speaks, or by whom they speak to."""
        if todo.who is Who.NOBODY:
            return [""]
        if todo.who is not Who.ADDRESSEE:
            return [todo.name or self._speaker]
        if self._called:
            return list(self._called)
        others = [name for name in self._meeting.speakers if name != self._speaker]
        return others if self._speaker and len(others) == 1 else [""]

    def _hands_over(
        self, sentence: Sentence, called: Sequence[str], todo: Sequence[SentenceTask]
    ) -> bool:
        """Take `Борис, тогда ты` for the task before it; tell whether it is one."""
        let = replies.LET_THEM.search(sentence.text)
        vague = bool(todo) and all(each.vague for each in todo)
        says_more = any(not each.bare and each.force is not Force.ASSIGNED for each in todo)
        if says_more and not (let and vague):
            return False
        names = list(called) or [each.name for each in todo if each.name]
        if let and not names:
            word = next(filter(None, let.groups())).lower()
            names = [name for name in self._meeting.speakers if word in name.lower().split()]
        asked = vague and all(each.bare and each.who is Who.ADDRESSEE for each in todo)
        told = bool(let or asked or replies.YOU_THEN.search(sentence.text.rstrip(".!? ")))
        open_ = next(self._recent(refused=True), None)
        if open_ and todo and not vague and not let:
            of_verb = all(open_.has_verb_of(each) for each in todo)
            noun = all(each.force is Force.ASSIGNED for each in todo)
            given = all(each.who is Who.ADDRESSEE for each in todo)
            told = (told and noun and (open_.waits or open_.refused)) or (of_verb and given)
        if not names or not told or open_ is None:
            return False
        if (
            not open_.waits
            and not open_.refused
            and self._speaker not in (open_.assignee, open_.asker)
        ):
            return False
        if open_.taken and self._speaker != open_.assignee and not let:
            return False
        open_.assignee, open_.refused = names[0], False
        open_.accepted = not sentence.asks
        open_.taken = open_.taken or not sentence.asks
        open_.turn = self._turn
        open_.words.append(sentence.text)
        return True

    def _replies(self, sentence: Sentence, todo: Sequence[SentenceTask]) -> bool:
        """Take a yes, a no, or a never mind for the task it is about; tell whether it was one."""
        if replies.CANCELS.search(sentence.text) and self._cancels(sentence):
            return True
        if any(not each.bare for each in todo):
            return False
        takes = replies.TAKES.search(sentence.text) is not None
        recent = self._recent(refused=takes)
        open_ = next((o for o in recent if o.turn != self._turn or not self._speaker), None)
        if open_ is None:
            return False
        concerned = open_.assignee in ("", self._speaker) or not self._speaker
        near = self._turn - open_.turn <= NEAR_TURNS
        answers = near and (self._speaker != open_.asker or not self._speaker)
        if replies.REFUSES.search(sentence.text) and (answers or concerned):
            return self._refuses(sentence, open_)
        moment = open_.todo.force is Force.ASKED and open_.due is None and not sentence.dates
        if answers and moment and replies.DONE.search(sentence.text):
            open_.dropped = self._turn - open_.turn == 1
            return open_.dropped
        if takes and concerned and (open_.waits or open_.refused) and not sentence.asks:
            open_.take(self._speaker, sentence, due=sentence.due(0, len(sentence.text)))
            return True
        if not open_.waits or sentence.asks:
            return False
        if answers and replies.YES.search(sentence.text):
            self._agrees(sentence, open_, concerned=concerned)
        return False

    def _refuses(self, sentence: Sentence, open_: OpenTask) -> bool:
        """Have somebody refuse what they were to do, or what was offered; tell whether they may."""
        if self._speaker:
            mine = open_.assignee == self._speaker
        else:
            mine = bool(open_.assignee) and not open_.taken
        moves = bool(sentence.dates) and _MOVES.search(sentence.text) is not None
        may = mine or open_.todo.force is Force.OFFERED or open_.todo.who is Who.ADDRESSEE
        if may and not moves:
            open_.refused = open_.waits or mine
            return True
        return False

    def _agrees(self, sentence: Sentence, open_: OpenTask, *, concerned: bool) -> None:
        """Take a yes: to an offer that of anybody, to a request that of whoever is meant.

        Meant is who is asked, or who had just spoken when somebody told them to do it.
        """
        if open_.todo.force is Force.OFFERED:
            open_.accepted = True
            open_.taken = replies.WELCOMES.search(sentence.text) is not None
        elif concerned and open_.todo.who is not Who.NOBODY and not open_.todo.general:
            open_.accepted = True
            before = self._meeting.turns[open_.quote.turn - 1] if open_.quote.turn else None
            if open_.asks or (before and before.speaker == self._speaker):
                open_.assignee = open_.assignee or self._speaker

    def _cancels(self, sentence: Sentence) -> bool:
        """Drop what is not to be done after all: what the words name, or else the last; tell whether there was any."""
        words = _WORD.findall(sentence.text)
        said = stems_of(word.lower() for word in words)
        named = [each for each in self._found if said & stems_of(each.todo.objects)]
        if named:
            for each in self._group(named[-1]):
                each.dropped = True
            return True
        open_ = next(self._recent(), None)
        near = open_ is not None and self._asked <= open_.turn >= self._turn - NEAR_TURNS
        if open_ and near and len(words) <= LONGEST_CANCEL:
            open_.dropped = True
            return True
        return False

    def _answers(self, sentence: Sentence, todo: SentenceTask) -> bool:
        """Take a promise as the answer to a request just made; tell whether it is one."""
        if todo.who is Who.NOBODY and todo.bare and not todo.general:
            return self._taken_by_us(sentence, todo)
        if todo.force is Force.ASKED and todo.bare:
            return any(open_.has_verb_of(todo) for open_ in self._recent())
        if todo.force not in (Force.PROMISED, Force.OFFERED):
            return False
        name = self._speaker if todo.who is Who.SPEAKER else todo.name
        recent = self._recent(refused=todo.bare)
        fitting = [open_ for open_ in recent if self._fits(name, todo, open_)]
        of_verb = [open_ for open_ in fitting if open_.has_verb_of(todo)]
        for open_ in (of_verb or fitting)[:1]:
            open_.take(name, sentence, due=todo.due)
            return True
        return False

    def _fits(self, name: str, todo: SentenceTask, open_: OpenTask) -> bool:
        """Tell whether a promise of somebody may be about an open task."""
        own = open_.assignee == name
        if not own and open_.assignee and name:
            return False
        if not own and name and open_.turn == self._turn and todo.who is not Who.NAMED:
            return False
        since = self._turn - open_.turn
        near = since <= NEAR_TURNS
        if near and todo.bare and open_.has_verb_of(todo):
            return True
        if near and open_.waits and open_.todo.verb == todo.verb:
            return True
        if open_.is_alike(todo):
            return True
        if not todo.bare or not (own or open_.waits):
            return False
        if own or not name:
            return since == 1 or (since <= NEAR_TURNS and todo.vague)
        return since <= NEAR_TURNS and (todo.vague or todo.due is not None)

    def _taken_by_us(self, sentence: Sentence, todo: SentenceTask) -> bool:
        """Take `сделаем` for the yes of whoever was asked; tell whether it is one."""
        open_ = next(self._recent(), None)
        if open_ is None or self._turn - open_.turn != 1 or not open_.waits:
            return False
        if open_.assignee not in ("", self._speaker):
            return False
        open_.take(self._speaker, sentence, due=todo.due)
        return True

    def _goes_on(self, sentence: Sentence) -> None:
        """Take a short sentence with a day or a word of urgency for the task before it."""
        open_ = next(self._recent(), None)
        if open_ is None:
            return
        due = sentence.due(0, len(sentence.text))
        next_ = self._turn - open_.turn <= 1
        changes = next_ and _CHANGES.search(sentence.text) is not None
        own = self._speaker == open_.assignee and bool(self._speaker)
        # Whoever was asked answers with a day, if only as a question: `Tomorrow lunchtime?`
        answers = bool(next_ and due and open_.asks and open_.waits and not open_.assignee)
        if self._speaker and not (own or changes or answers or self._speaker == open_.asker):
            return
        days = (sentence.text[due.start : due.stop] for due in sentence.dates)
        words = len(_WORD.findall(sentence.text)) - sum(len(_WORD.findall(day)) for day in days)
        about = _HOW_URGENT.match(sentence.text) or (
            sentence.dates and _ABOUT_IT.match(sentence.text)
        )
        if words > SHORT_WORDS and not about:
            return
        if answers and self._speaker != open_.asker:
            open_.assignee, open_.accepted = self._speaker, True
        for each in self._group(open_):
            if due and (each.due is None or changes or own or answers):
                each.due = due.day
            each.words.append(sentence.text)

    def _group(self, open_: OpenTask) -> list[OpenTask]:
        """Return the tasks of several people that were given in one breath."""
        return [
            each
            for each in self._found
            if each.quote == open_.quote and each.todo.title == open_.todo.title
        ]

    def _recent(self, *, refused: bool = False) -> Iterator[OpenTask]:
        for open_ in reversed(self._found):
            if self._turn - open_.turn > RECENT_TURNS:
                return
            if not open_.dropped and (refused or not open_.refused):
                yield open_


def _whole(text: str, quote: Quote) -> tuple[int, str]:
    """Return a sentence with the negations that govern it, of speech without marks that was cut at words."""
    first = text.rfind(" ", 0, max(0, quote.start - AROUND)) + 1
    stop = quote.start + len(quote.text)
    around = (
        text[first : stop + AROUND].rsplit(" ", 1)[0] if stop + AROUND < len(text) else text[first:]
    )
    whole = whole_quote(around, Span(start=quote.start - first, stop=stop - first))
    return first + whole.start, around[whole.start : whole.stop]


def _cut(text: str) -> str:
    """Return the beginning of a text, in whole words: half a word is none that was said."""
    return text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE].rsplit(" ", 1)[0]
