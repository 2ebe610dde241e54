"""Whether a judgement keeps to the labels of its playbook."""

from services.analysis.calls.domain import Judgement
from services.analysis.playbooks.domain import Playbook, names_of


def undeclared(judgement: Judgement, playbook: Playbook) -> tuple[str, ...]:
    """Return one sentence for every label of a judgement its playbook does not declare."""
    used = {
        "call_type": ({judgement.call_type}, names_of(playbook.call_types.labels)),
        "outcome": ({judgement.outcome}, names_of(playbook.outcomes.labels)),
        "sentiment": ({judgement.sentiment}, names_of(playbook.sentiments.labels)),
        "objections": ({o.kind for o in judgement.objections}, names_of(playbook.objections)),
        "checklist": ({c.item for c in judgement.checklist}, names_of(playbook.checklist)),
        "client_facts": ({f.kind for f in judgement.client_facts}, names_of(playbook.client_facts)),
        "recommendations": (
            {r.skill for r in judgement.recommendations},
            {item.skill for item in playbook.checklist},
        ),
    }
    return tuple(
        f"{field}: {name!r} is not in playbook {playbook.name}: use one of {sorted(declared)}"
        for field, (names, declared) in used.items()
        for name in sorted(names - declared)
    )
