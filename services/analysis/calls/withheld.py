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
) -> Judgement:
    """Return a judgement of a call in which somebody spoke to the machine, as far as it may hold.

    A label that no words show is the fallback of its choice. Nobody is blamed for words that were
    withheld: what the operator did not do may have been done in them, so that it cannot be told.
    """
    if not withheld:
        return judgement
    types, outcomes, sentiments = playbook.call_types, playbook.outcomes, playbook.sentiments
    judgement = replace(
        judgement,
        call_type=judgement.call_type if judgement.call_type_quote else types.fallback,
        outcome=judgement.outcome if judgement.outcome_quote else outcomes.fallback,
        sentiment=judgement.sentiment if judgement.sentiment_quote else sentiments.fallback,
    )
    by_client = all(conversation.turns[each].speaker is Speaker.CLIENT for each in withheld)
    items = {item.name: item for item in playbook.checklist}

    def status(checked: CheckedItem) -> ItemStatus:
        applies = items[checked.item].applies.holds(
            judgement.call_type, judgement.outcome, objected=bool(judgement.objections)
        )
        if not applies:
            return ItemStatus.NOT_APPLICABLE
        if checked.status is ItemStatus.NOT_REACHED and not by_client:
            return ItemStatus.CANNOT_BE_TOLD
        return checked.status

    return replace(
        judgement,
        checklist=tuple(replace(each, status=status(each)) for each in judgement.checklist),
    )
