"""Finds the tasks of a meeting by a language model, whose quotes, people and days are checked."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from services.llm.budget import OwnBudget
from services.llm.domain import Message, ModelUnavailable
from services.llm.due_dates import find_dates
from services.llm.ports import LanguageModel
from services.llm.quotes import QuotableTexts
from services.llm.shapes import AnswerShape, Due
from services.llm.transcripts import MEETING_IS_DATA, chunks, meeting_line, transcript_messages
from services.recommendations.meetings.domain import (
    MOST_TASKS,
    MeetingTask,
    MeetingTranscript,
    Priority,
)

_PROMPT = """\
You write down what is to be done after a meeting, for the people who were there. It stands between <transcript> and \
</transcript>, a turn a line: who speaks, the words. {untrusted}

Answer with one JSON object:
- tasks: at most {tasks} things that somebody took upon themselves, or was given and did not refuse, to do after the \
meeting. One task once, however often it comes up, as it was left at last: what was taken back is none, and what was moved \
has its last day. Rather leave one out than list what is none. None are: instructions of the moment ("press the middle"), \
what is done in the meeting ("I'll just put the cable in", "let's move to the next slide"), what a product must be or do ("we \
have to make a profit of fifty million"), offers and questions that nobody answers, what was done before, refused ("no, I \
can't"), or only thought of. Tasks are "Luis to draft the contract by Friday", "you will work on the design", "today I'm \
gonna finish the import screen". Each with
  - title: what, in a few words that begin with the verb;
  - description: what exactly, in one or two sentences;
  - assignee: who is to do it, by the name that the transcript has, or null where it cannot be told, as where nobody was \
named or the speaker is somebody;
  - due: the day by which, as YYYY-MM-DD, or null. The meeting was on {weekday}, {day}: count words such as "tomorrow" or \
"on Friday" from it;
  - priority: high, medium or low, by what was said of its urgency and by the day;
  - quote: the words it comes from, copied letter by letter from one turn, at most a sentence, with the "not" that belongs to \
them. What has no such words is no task.
No links, no markup. Write title and description in the language with the ISO 639-1 code {language}."""

Title = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(min_length=1, max_length=1000)]
Quote = Annotated[str, Field(min_length=1, max_length=500)]


class ToldTask(AnswerShape):
    """A task as the model tells it."""

    title: Title
    description: Text
    assignee: Annotated[str | None, Field(max_length=100)] = None
    due: Due = None
    priority: Literal["high", "medium", "low"]
    quote: Quote


class ToldTasks(AnswerShape):
    """All that is to be done."""

    tasks: Annotated[list[ToldTask], Field(max_length=MOST_TASKS)]


class ModelTasks:
    """Implements TaskFinder; a longer meeting is read in parts of at most `part_characters`.

    `cost_cap` is what one meeting may cost, in the currency of the model's prices, and `timeout` how long it may take.
    """

    def __init__(
        self,
        model: LanguageModel,
        *,
        part_characters: int,
        cost_cap: float | None,
        timeout: timedelta,
    ) -> None:
        self._model = model
        self._part_characters = part_characters
        self._cost_cap = cost_cap
        self._timeout = timeout.total_seconds()

    def name(self, meeting: MeetingTranscript) -> str:
        del meeting
        return self._model.name

    async def find_tasks(self, meeting: MeetingTranscript) -> list[MeetingTask]:
        budget = OwnBudget(self._cost_cap)
        lines = [meeting_line(turn.speaker, turn.text) for turn in meeting.turns]
        told: list[ToldTask] = []
        try:
            async with asyncio.timeout(self._timeout):
                for part in chunks(lines, self._part_characters):
                    answer = await budget.ask(self._model, _messages(meeting, part), ToldTasks)
                    told += answer.tasks
        except TimeoutError as error:
            raise ModelUnavailable(
                f"model {self._model.name} did not end within {self._timeout:.0f} s"
            ) from error
        # A long meeting takes a good part of a second: too long for an event loop.
        return await asyncio.to_thread(_checked, told, meeting)


def _checked(told: Sequence[ToldTask], meeting: MeetingTranscript) -> list[MeetingTask]:
    said = QuotableTexts(turn.text for turn in meeting.turns)
    return [_task_of(each, meeting, said) for each in told]


def _task_of(told: ToldTask, meeting: MeetingTranscript, said: QuotableTexts) -> MeetingTask:
    """Return a task as far as it holds: the day is one that the quote names, or else one to come; its assignee is known."""
    dates = find_dates(told.quote, meeting.day)
    due = dates[0].day if dates else told.due
    if due is not None and due < meeting.day:
        due = None
    return MeetingTask(
        title=told.title.strip(),
        description=told.description.strip(),
        assignee=_known(told.assignee or "", meeting, said),
        due=due,
        priority=Priority(told.priority),
        quote=told.quote,
    )


def _known(name: str, meeting: MeetingTranscript, said: QuotableTexts) -> str:
    """Return a name as its speaker has it, or as somebody said it; empty for one that never came up."""
    for speaker in meeting.speakers:
        if name.casefold() == speaker.casefold():
            return speaker
    return name if said.find(name) else ""


def _messages(meeting: MeetingTranscript, lines: Sequence[str]) -> list[Message]:
    system = _PROMPT.format(
        untrusted=MEETING_IS_DATA,
        tasks=MOST_TASKS,
        weekday=f"{meeting.day:%A}",
        day=meeting.day.isoformat(),
        language=meeting.language,
    )
    return transcript_messages(system, lines)
