"""What became of the items of a playbook's checklist, and whether that can be told."""

from services.analysis.calls.adapters.rules.cues import CueFinder, within
from services.analysis.calls.adapters.rules.opening import opening_turns
from services.analysis.calls.domain import (
    CheckedItem,
    Conversation,
    Direction,
    ItemStatus,
    Speaker,
    Word,
)
from services.analysis.playbooks.domain import By, ChecklistItem, Cue, Where

UNSURE_SHARE = 0.1
"""The share of unsure words above which a longer part of a call was not heard well."""
LAST_WORDS = 6
"""So many words at the end may hold a farewell."""


def check(
    item: ChecklistItem,
    conversation: Conversation,
    finder: CueFinder,
    *,
    applicable: bool,
    objected: int | None,
) -> CheckedItem:
    """Return what became of an item; `objected` is the turn of the first objection, if any.

    What was not found is only said not to be done where the words of that part of the call are
    sure, and where it is known who said them.
    """
    if not applicable:
        return CheckedItem(item=item.name, status=ItemStatus.NOT_APPLICABLE)
    after = objected if item.applies.with_objection else None
    found = {step: finder.find(step, after) for step in item.steps}
    missing = [step for step, quotes in found.items() if not quotes]
    reached = [quotes for quotes in found.values() if quotes]
    if not missing:
        status = ItemStatus.COMPLETED
    elif any(
        not _can_be_told(step, conversation, finder, after)
        or (item.applies.outcomes and _ends_unsure(step, conversation, finder))
        for step in missing
    ):
        return CheckedItem(item=item.name, status=ItemStatus.CANNOT_BE_TOLD)
    else:
        status = ItemStatus.ATTEMPTED if reached else ItemStatus.NOT_REACHED
    return CheckedItem(item=item.name, status=status, quote=reached[-1][0] if reached else None)


def _can_be_told(
    step: Cue, conversation: Conversation, finder: CueFinder, after: int | None
) -> bool:
    """Tell whether a step that was not found was not taken."""
    either = step.model_copy(update={"by": By.ANYONE})
    if conversation.speakers_guessed and finder.find(either, after):
        return False
    if step.where is Where.OPENING and _begins_late(conversation):
        return False
    words = _words(step, conversation, after)
    unsure = sum(finder.is_unsure(word) for word in words)
    if step.where in (Where.OPENING, Where.CLOSING):
        return not unsure
    return unsure <= UNSURE_SHARE * len(words)


def _ends_unsure(step: Cue, conversation: Conversation, finder: CueFinder) -> bool:
    """Tell whether a last word is unsure, among which is what an outcome asks for, as to repeat day and time."""
    closing = step.model_copy(update={"where": Where.CLOSING})
    return any(finder.is_unsure(word) for word in _words(closing, conversation, None))


def _begins_late(conversation: Conversation) -> bool:
    """Tell whether who answered the phone is first heard after the caller: their first words are lost."""
    first = conversation.turns[0]
    incoming = conversation.call.direction is Direction.INCOMING
    return incoming and first.speaker is Speaker.CLIENT and bool(first.words)


def _words(step: Cue, conversation: Conversation, after: int | None) -> list[Word]:
    """Return the words of the operator among which a step would be, those whose probability is known."""
    if step.where is Where.OPENING:
        turns = [conversation.turns[index] for index in opening_turns(conversation.turns)]
    else:
        turns = [
            turn
            for turn in conversation.turns
            if turn.speaker is not Speaker.CLIENT
            and within(step.where, turn.index, len(conversation.turns), after)
        ]
    words = [word for turn in turns for word in turn.words if word.probability]
    return words[-LAST_WORDS:] if step.where is Where.CLOSING else words
