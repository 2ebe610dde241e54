"""A summary of a call made of its labels, in the sentences of the playbook. Pure."""

from collections.abc import Iterable, Sequence

from services.analysis.calls.domain import Evidence
from services.analysis.playbooks.domain import Label, Playbook


def composed_summary(
    playbook: Playbook,
    language: str,
    *,
    call_type: str,
    quote: Evidence | None,
    objections: Sequence[str],
    outcome: str,
) -> str:
    """Return what the labels say, in a few sentences; `quote` tells the type of the call."""
    texts = playbook.summary
    about = _title(playbook.call_types.labels, call_type, language)
    parts = [texts.call_type[language].format(about)]
    if quote:
        parts.append(texts.quote[language].format(quote.text))
    if objections:
        kinds = ", ".join(_title(playbook.objections, each, language) for each in objections)
        parts.append(texts.objections[language].format(kinds))
    came_to = _title(playbook.outcomes.labels, outcome, language)
    parts.append(texts.outcome[language].format(came_to))
    return " ".join(parts)


def _title(labels: Iterable[Label], name: str, language: str) -> str:
    return next(label.title[language] for label in labels if label.name == name)
