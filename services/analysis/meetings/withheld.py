"""Turns that speak to the machine: no judge reads them; and what a judge wrote, in plain sentences. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from services.analysis.meetings.domain import MeetingDecision, MeetingTranscript, MeetingTurn
from services.llm.free_text import plain_sentences
from services.llm.injection import addressing_turns

_DECIDED = {"ru": "Решено: {}", "en": "Decided: {}"}
_NOTHING_SAFE = {
    "ru": "Кто-то обратился к машине, которая пишет о встрече, поэтому пересказа нет.",
    "en": "Somebody spoke to the machine that writes of the meeting, so there is no summary.",
}


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
        f"turn {index}: it speaks to a machine, nothing rests on it" for index in sorted(withheld)
    )
    return replace(meeting, turns=turns), tuple(flags)


def plain_decisions(
    decisions: Sequence[MeetingDecision], *, trusted: bool
) -> tuple[tuple[MeetingDecision, ...], tuple[str, ...]]:
    """Return decisions in plain sentences, and a flag for each that something was removed from.

    Where nothing is left of one, or the judge is not `trusted` with words, it is its quote.
    """
    plain: list[MeetingDecision] = []
    flags: list[str] = []
    for index, decision in enumerate(decisions):
        told = plain_sentences(decision.text if trusted else decision.quote)
        if told.removed:
            flags.append(f"decisions.{index}: {', '.join(told.removed)} removed from its text")
        plain.append(replace(decision, text=told.text or plain_sentences(decision.quote).text))
    return tuple(plain), tuple(flags)


def plain_summary(
    summary: str, decisions: Sequence[MeetingDecision], language: str, *, trusted: bool
) -> tuple[str, tuple[str, ...]]:
    """Return a summary in plain sentences, and a flag where something was removed.

    Where nothing is left of it, or the judge is not `trusted` with words, it says what was decided.
    """
    told = plain_sentences(summary if trusted else "")
    flags = (f"summary: {', '.join(told.removed)} removed from its text",) if told.removed else ()
    if told.text:
        return told.text, flags
    words = _DECIDED if decisions else _NOTHING_SAFE
    decided = " ".join(decision.text for decision in decisions)
    return words.get(language, words["en"]).format(decided), flags
