"""What is to be done after a meeting. Nothing here does I/O."""

import enum
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NewType

from rapidfuzz import fuzz

from services.kernel.errors import NotFound
from services.llm.quotes import QuotableTexts
from services.llm.spoken.denials import denies
from services.llm.transcripts import seconds_at
from services.status.domain import Owner, RunId

BotId = NewType("BotId", str)

MOST_TASKS = 50
SAME_TITLE = 85
"""Titles that are so alike, of 100, are of one task."""
SOON, LATE = 1, 21
"""Days to the due date within which a task is urgent, and after which it is not."""


class MeetingTasksNotFound(NotFound):
    """No tasks were looked for in the meeting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingTurn:
    """What somebody says in one go; `speaker` is empty where nobody knows who.

    `starts` are the characters at which its words begin, and when, in seconds; empty where nobody knows when.
    """

    speaker: str
    text: str
    starts: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingTranscript:
    """The transcript of a meeting and its day, from which dates are counted."""

    bot_id: BotId
    owner: Owner
    day: date
    language: str
    turns: tuple[MeetingTurn, ...]

    @property
    def speakers(self) -> tuple[str, ...]:
        """Return who spoke, in the order of their first words."""
        return tuple(dict.fromkeys(turn.speaker for turn in self.turns if turn.speaker))


class Priority(enum.Enum):
    """How urgent a task is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingTask:
    """Something that somebody, `assignee` if one is known, is to do.

    `quote` are the words it comes from, said by `quote_speaker` from `quote_start_seconds` on, as far as that is known.
    """

    title: str
    description: str
    assignee: str
    due: date | None
    priority: Priority
    quote: str
    quote_speaker: str = ""
    quote_start_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusions:
    """What the analysis of a meeting came to."""

    summary: str
    decisions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingTasks:
    """The tasks of a meeting beside its conclusions; `session_id` is the run that made them.

    `evidence_flags` names each turn that speaks to a machine, so that no task rests on it, and each task of
    whose texts something was removed.
    """

    bot_id: BotId
    owner: Owner
    session_id: RunId
    tasks: tuple[MeetingTask, ...]
    summary: str
    decisions: tuple[str, ...]
    judge: str
    created_at: datetime
    evidence_flags: tuple[str, ...] = ()


TOLD_TASKS = 10
_TOLD = {
    "ru": ("Задачи", " и ещё {}", "Задач не слышно."),
    "en": ("Tasks", " and {} more", "No task could be made out."),
}

_URGENT = re.compile(
    r"(?<!не )(?<!не очень )(?<!not )(?<!n't )\b(?:срочно|немедленно|как можно (?:скорее|быстрее)|критично|первым делом|в первую очередь"
    r"|горит|блокер\w*|важно|asap|urgent(?:ly)?|important|immediately|right away|critical|top priority|as soon as possible)\b",
    re.IGNORECASE,
)
_NOT_URGENT = re.compile(
    r"\b(?:не (?:очень )?срочно|не горит|когда будет время|по возможности|как-нибудь|когда-нибудь|низк\w+ приоритет\w*"
    r"|not urgent|no rush|no hurry|when you have time|whenever you|low priority|nice to have|at some point)\b",
    re.IGNORECASE,
)


_AT_ONCE = re.compile(
    r"(?<!не )(?<!не очень )(?<!not )\b(?:срочно|немедленно|как можно (?:скорее|быстрее)|первым делом|asap|urgently|as soon as possible)\b",
    re.IGNORECASE,
)


def is_urgent(text: str) -> bool:
    """Tell whether words say that something cannot wait."""
    return _AT_ONCE.search(text) is not None and _NOT_URGENT.search(text) is None


def priority_of(text: str, due: date | None, day: date) -> Priority:
    """Return how urgent a task is by the words around it, or by the days that are left."""
    if _NOT_URGENT.search(text):
        return Priority.LOW
    if _URGENT.search(text):
        return Priority.HIGH
    if due is None:
        return Priority.MEDIUM
    left = (due - day).days
    if left <= SOON:
        return Priority.HIGH
    return Priority.LOW if left > LATE else Priority.MEDIUM


def said_tasks(tasks: Iterable[MeetingTask], meeting: MeetingTranscript) -> tuple[MeetingTask, ...]:
    """Return the tasks whose quote somebody said and that it does not deny, each once, at most `MOST_TASKS`.

    The quotes are as they were said.
    """
    said = QuotableTexts(turn.text for turn in meeting.turns)
    kept: list[MeetingTask] = []
    for told in tasks:
        found = said.find(told.quote)
        if found is None or denies(found.text, told.title):
            continue
        turn = meeting.turns[found.index]
        task = replace(
            told,
            quote=found.text,
            quote_speaker=told.quote_speaker or turn.speaker,
            quote_start_seconds=told.quote_start_seconds
            if told.quote_speaker
            else seconds_at(turn.starts, found.span.start),
        )
        index = next((n for n, other in enumerate(kept) if same(other, task)), None)
        if index is not None:
            kept[index] = merged(kept[index], task)
        elif len(kept) < MOST_TASKS:
            kept.append(task)
        else:
            break
    return tuple(kept)


def with_tasks(summary: str, tasks: Sequence[MeetingTask], language: str) -> str:
    """Return a summary that ends with what is to be done, by whom and until when."""
    told, more, nothing = _TOLD.get(language, _TOLD["en"])
    if not tasks:
        return f"{summary} {nothing}"
    each = "; ".join(_told(task) for task in tasks[:TOLD_TASKS])
    left = len(tasks) - TOLD_TASKS
    return f"{summary} {told}: {each}{more.format(left) if left > 0 else ''}."


def _told(task: MeetingTask) -> str:
    due = f" ({task.due.isoformat()})" if task.due else ""
    return f"{task.assignee}: {task.title}{due}" if task.assignee else f"{task.title}{due}"


def same(one: MeetingTask, other: MeetingTask) -> bool:
    """Tell whether two tasks are one: alike, and not of two people."""
    if one.assignee and other.assignee and one.assignee != other.assignee:
        return False
    return alike(one.title, other.title)


def alike(one: str, other: str) -> bool:
    """Tell whether two titles mean one thing."""
    return fuzz.token_set_ratio(one.lower(), other.lower()) >= SAME_TITLE


def merged(first: MeetingTask, again: MeetingTask) -> MeetingTask:
    """Return a task with what was said of it later, where the first words left it open."""
    ranks: Sequence[Priority] = tuple(Priority)
    return replace(
        first,
        assignee=first.assignee or again.assignee,
        due=first.due or again.due,
        priority=min(first.priority, again.priority, key=ranks.index),
    )
