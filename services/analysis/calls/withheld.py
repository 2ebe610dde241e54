"""Turns that speak to the machine: no judge reads them, and nothing rests on them. Pure."""

from dataclasses import replace

from services.analysis.calls.domain import (
    CheckedItem,
    Conversation,
    ItemStatus,
    Judgement,
    Speaker,
)
from services.analysis.playbooks.domain import Playbook
from services.llm.injection import addressing_turns


def withhold(conversation: Conversation) -> tuple[Conversation, frozenset[int]]:
    """Return a conversation as it is judged, without the words of turns that speak to a machine, and which those are."""
    spoken = [(turn.speaker.value, turn.text) for turn in conversation.turns]
    withheld = addressing_turns(spoken)
    if not withheld:
        return conversation, withheld
    turns = tuple(
        replace(turn, text="", words=()) if turn.index in withheld else turn
        for turn in conversation.turns
    )
    return replace(conversation, turns=turns), withheld


def withheld_flags(conversation: Conversation, withheld: frozenset[int]) -> tuple[str, ...]:
    """Return one sentence for each turn that was withheld, and one for the words of the judge that were."""
    if not withheld:
        return ()
    turns = (
        f"turn {index} ({conversation.turns[index].speaker.value}): it speaks to a machine, nothing rests on it"
        for index in sorted(withheld)
    )
    return (*turns, "texts: those of the playbook, since somebody spoke to the machine")


def unswayed(
    judgement: Judgement, conversation: Conversation, playbook: Playbook, withheld: frozenset[int]
) -> tuple[Judgement, tuple[str, ...]]:
    """Return a judgement of a call in which somebody spoke to the machine, as far as it may hold, and what does not.

    A type or a sentiment that no words show is the fallback of its choice. Nobody is blamed for words
    that were withheld: what the operator did not do may have been done in them, so that it cannot be
    told.
    """
    if not withheld:
        return judgement, ()
    shown = replace(
        judgement,
        call_type=judgement.call_type
        if judgement.call_type_quote
        else playbook.call_types.fallback,
        sentiment=judgement.sentiment
        if judgement.sentiment_quote
        else playbook.sentiments.fallback,
    )
    flags = [
        f"{field}: {now} instead of {given}, no words show it"
        for field, given, now in (
            ("call_type", judgement.call_type, shown.call_type),
            ("sentiment", judgement.sentiment, shown.sentiment),
        )
        if given != now
    ]
    by_client = all(conversation.turns[each].speaker is Speaker.CLIENT for each in withheld)
    applies = {item.name: item.applies for item in playbook.checklist}

    def seen(checked: CheckedItem) -> CheckedItem:
        if not applies[checked.item].holds(
            shown.call_type, shown.outcome, objected=bool(shown.objections)
        ):
            return CheckedItem(item=checked.item, status=ItemStatus.NOT_APPLICABLE)
        if checked.status is ItemStatus.NOT_REACHED and not by_client:
            return CheckedItem(item=checked.item, status=ItemStatus.CANNOT_BE_TOLD)
        return checked

    return replace(shown, checklist=tuple(map(seen, shown.checklist))), tuple(flags)
