"""What the operator is advised to do better, each with the words it is about."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from services.analysis.calls.adapters.rules.cues import CueFinder
from services.analysis.calls.domain import (
    CheckedItem,
    Evidence,
    ItemStatus,
    Recommendation,
    Speaker,
)
from services.analysis.playbooks.domain import ChecklistItem, Moment, Playbook

MAX_RECOMMENDATIONS = 3
_SAID_SOMETHING_WORDS = 3

Moments = Mapping[Moment, Evidence | None]
"""What was said at each moment that advice may be about; None where nothing was."""


def moments(
    finder: CueFinder,
    *,
    request: Evidence | None,
    objection: Evidence | None,
    outcome: Evidence | None,
) -> Moments:
    """Return the words of each moment: what was found, or else what the client first and last said."""
    operator = _sentences(finder, Speaker.CLIENT)
    client = _sentences(finder, Speaker.OPERATOR)
    return {
        Moment.OPENING: operator[0] if operator else None,
        Moment.REQUEST: request or (client[0] if client else None),
        Moment.OBJECTION: objection,
        Moment.OUTCOME: outcome or (client[-1] if client else None),
        Moment.CLOSING: operator[-1] if operator else None,
    }


def _sentences(finder: CueFinder, other: Speaker) -> Sequence[Evidence]:
    """Return what one side said, sentence by sentence; those that say something where there are any."""
    own = [(turn, sentence) for turn, sentence in finder.sentences if turn.speaker is not other]
    telling = [pair for pair in own if len(pair[1].words) >= _SAID_SOMETHING_WORDS]
    return [Evidence(turn=turn.index, text=sentence.text) for turn, sentence in telling or own]


def recommend(
    playbook: Playbook, language: str, checklist: Sequence[CheckedItem], said: Moments
) -> tuple[Recommendation, ...]:
    """Advise on what cost most of the score, one piece of advice per skill, none without words for it."""
    lost: list[tuple[float, ChecklistItem, Evidence]] = []
    for item, checked in zip(playbook.checklist, checklist, strict=True):
        match checked.status:
            case ItemStatus.NOT_REACHED:
                weight, quote = item.weight, said[item.advice.moment]
            case ItemStatus.ATTEMPTED:
                weight, quote = item.weight / 2, checked.quote
            case ItemStatus.COMPLETED | ItemStatus.NOT_APPLICABLE | ItemStatus.CANNOT_BE_TOLD:
                continue
            case _:
                assert_never(checked.status)
        if quote is not None:
            lost.append((weight, item, quote))
    lost.sort(key=lambda loss: -loss[0])
    by_skill: dict[str, tuple[ChecklistItem, Evidence]] = {}
    for _, item, quote in lost:
        by_skill.setdefault(item.skill, (item, quote))
    return tuple(
        Recommendation(
            skill=skill,
            priority=priority,
            text=item.advice.text[language],
            why=item.advice.why[language],
            quote=quote,
        )
        for priority, (skill, (item, quote)) in enumerate(
            list(by_skill.items())[:MAX_RECOMMENDATIONS], start=1
        )
    )
