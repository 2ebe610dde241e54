"""Scores of a call, computed from the statuses a judge gave and the weights of the playbook."""

from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from services.analysis.calls.domain import CheckedItem, ItemStatus, Scores, SkillWeight
from services.analysis.playbooks.domain import Playbook


def score(checklist: Sequence[CheckedItem], playbook: Playbook) -> Scores:
    """Return 100 * sum(weight * value) / sum(weight) over the items that apply and can be told, and per skill.

    Completed counts 1, attempted 0.5, not reached 0. An item the judge left out does not apply.
    """
    counts = weights(checklist, playbook)
    applicable = [c for c in checklist if c.status is not ItemStatus.NOT_APPLICABLE]
    parts = [
        (counts[checked.item].skill, counts[checked.item].weight, value)
        for checked in checklist
        if (value := _value(checked.status)) is not None
    ]
    skills = dict.fromkeys(skill for skill, _, _ in parts)
    by_skill = {
        skill: mean
        for skill in skills
        if (mean := _mean((w, v) for s, w, v in parts if s == skill)) is not None
    }
    return Scores(
        checklist=_mean((w, v) for _, w, v in parts),
        by_skill=by_skill,
        applicable_items=len(applicable),
        told_items=len(parts),
        told_share=sum(weight for _, weight, _ in parts)
        / sum(counts[checked.item].weight for checked in applicable)
        if applicable
        else None,
    )


def weights(checklist: Iterable[CheckedItem], playbook: Playbook) -> Mapping[str, SkillWeight]:
    """Return what each item of a judged checklist counts for by its playbook."""
    judged = {checked.item for checked in checklist}
    return {
        item.name: SkillWeight(skill=item.skill, weight=item.weight)
        for item in playbook.checklist
        if item.name in judged
    }


def _value(status: ItemStatus) -> float | None:
    match status:
        case ItemStatus.COMPLETED:
            return 1.0
        case ItemStatus.ATTEMPTED:
            return 0.5
        case ItemStatus.NOT_REACHED:
            return 0.0
        case ItemStatus.NOT_APPLICABLE | ItemStatus.CANNOT_BE_TOLD:
            return None
    assert_never(status)


def _mean(parts: Iterable[tuple[float, float]]) -> float | None:
    weighted = list(parts)
    total = sum(weight for weight, _ in weighted)
    return 100 * sum(weight * value for weight, value in weighted) / total if total else None
