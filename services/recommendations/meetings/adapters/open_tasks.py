"""A task as far as it is known while a meeting is read, and whether enough was said to call it one. Pure."""

from dataclasses import dataclass, field
from datetime import date

from services.llm.due_dates import NamedDay
from services.recommendations.meetings.adapters.sentences import (
    Force,
    Sentence,
    SentenceTask,
    stems_of,
)
from services.recommendations.meetings.domain import alike, is_urgent

STEM = 4
"""So many letters tell a verb in its forms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A sentence as it stands in its turn, from the character `start` on."""

    turn: int
    start: int
    text: str


@dataclass(slots=True, kw_only=True)
class OpenTask:
    """A task as it was first said, and what was said of it meanwhile, last in `turn`.

    `asker` said it; `called` is true where who is to do it was called by name, `framed` where tasks were told off, `asks`
    where it was a question. Nobody has to agree to what they promised; all else is `accepted` by a yes, and `taken` by
    somebody who says that they will do it.
    """

    todo: SentenceTask
    quote: Quote
    context: str
    asker: str
    assignee: str
    due: date | None
    turn: int
    framed: bool
    asks: bool
    called: bool
    accepted: bool = False
    taken: bool = False
    refused: bool = False
    dropped: bool = False
    words: list[str] = field(default_factory=list)

    @property
    def waits(self) -> bool:
        """Whether somebody has to say that they will do it."""
        return self.todo.force is not Force.PROMISED and not self.taken

    def take(self, name: str, sentence: Sentence, due: NamedDay | None) -> None:
        """Have somebody take it on in a sentence, until a day if this names one."""
        self.assignee = self.assignee or name
        self.taken, self.accepted, self.refused = True, True, False
        if due:
            self.due = due.day
        self.words.append(sentence.text)

    def is_alike(self, todo: SentenceTask) -> bool:
        """Tell whether somebody says the same again: the verb or a vague one, with the things or with none at all."""
        if alike(self.todo.title, todo.title) and not todo.bare:
            return True
        verb = todo.vague or todo.verb == self.todo.verb
        things = stems_of(todo.objects) & stems_of(self.todo.objects)
        return verb and (todo.bare or bool(things))

    def has_verb_of(self, todo: SentenceTask) -> bool:
        """Tell whether the verbs are forms of one."""
        return self.todo.verb[:STEM] == todo.verb[:STEM]

    def holds(self, day: date) -> bool:
        """Tell whether it is a task by all that was said: a verb alone never makes one.

        Somebody must have said that they will do it, or have been told to; and either it leaves something behind, as
        `send` does, or other words put it after the meeting.
        """
        todo = self.todo
        if self.dropped or self.refused:
            return False
        if todo.force is Force.ASSIGNED:
            return True
        ahead = self.due is not None and self.due > day
        if todo.conduct and not todo.concrete:
            after = ahead or (todo.later and todo.force is Force.PROMISED)
            return after and not todo.general and (self.accepted or todo.force is not Force.NEEDED)
        later = ahead or todo.later or self.framed or is_urgent(self.quote.text)
        if self.taken:
            told = todo.force in (Force.ASKED, Force.NEEDED) and not todo.general
            return todo.concrete or later or told
        match todo.force:
            case Force.PROMISED:
                return todo.concrete or later
            case Force.ASKED:
                return self._asked(later=later)
            case Force.NEEDED:
                return todo.concrete and later
            case _:
                return self.accepted and (todo.concrete or later)

    def _asked(self, *, later: bool) -> bool:
        """Tell whether who was asked, and has not said that they will, is meant to do it."""
        concrete = self.todo.concrete
        if self.todo.general:
            return concrete and (later or self.due is not None or self.accepted)
        if self.asks:
            meant = self.called or (self.due is not None and bool(self.assignee))
            return (concrete or later) and (self.accepted or meant)
        known = bool(self.assignee) or self.due is not None
        return (concrete and (known or self.accepted)) or (later and self.accepted)
