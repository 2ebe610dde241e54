"""Turns that speak to the machine: no task is found in them; and tasks in plain sentences. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from services.llm.free_text import plain_sentences
from services.llm.injection import addressing_turns
from services.llm.untrusted import plain_name
from services.recommendations.meetings.domain import MeetingTask, MeetingTranscript, MeetingTurn


def withhold(meeting: MeetingTranscript) -> tuple[MeetingTranscript, tuple[str, ...]]:
    """Return a meeting without the words of turns that speak to a machine, and a sentence for each of those."""
    withheld = addressing_turns([(turn.speaker, turn.text) for turn in meeting.turns])
    if not withheld:
        return meeting, ()
    turns = tuple(
        MeetingTurn(speaker=turn.speaker, text="") if index in withheld else turn
        for index, turn in enumerate(meeting.turns)
    )
    flags = (
        f"turn {index}: it speaks to a machine, no task rests on it" for index in sorted(withheld)
    )
    return replace(meeting, turns=turns), tuple(flags)


def plain_tasks(
    tasks: Sequence[MeetingTask], *, trusted: bool
) -> tuple[tuple[MeetingTask, ...], tuple[str, ...]]:
    """Return tasks in plain sentences, and a flag for each that something was removed from.

    Where nothing is left of a text it is the quote, as all are where the finder is not `trusted` with words,
    since somebody tried to command it.
    """
    plain: list[MeetingTask] = []
    flags: list[str] = []
    for index, task in enumerate(tasks):
        quote = plain_sentences(task.quote).text
        title = plain_sentences(task.title if trusted else quote)
        description = plain_sentences(task.description if trusted else quote)
        if removed := dict.fromkeys((*title.removed, *description.removed)):
            flags.append(f"tasks.{index}: {', '.join(removed)} removed from its texts")
        plain.append(
            replace(
                task,
                title=title.text or quote,
                description=description.text or quote,
                assignee=plain_name(task.assignee),
            )
        )
    return tuple(plain), tuple(flags)
