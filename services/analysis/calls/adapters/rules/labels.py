"""Which labels of a playbook a conversation gets, by the weight of the signals that are heard."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.analysis.calls.adapters.rules.cues import Listener
from services.analysis.calls.domain import Evidence
from services.analysis.playbooks.domain import Choice, Label, Playbook

REQUEST_FACTOR = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A label, the weight that speaks for it, and what was heard of its heaviest signal."""

    label: Label
    weight: float = 0.0
    quotes: tuple[Evidence, ...] = ()


def _weigh(label: Label, listener: Listener, doubled: frozenset[int] = frozenset()) -> Verdict:
    weight, most = 0.0, 0.0
    quotes: tuple[Evidence, ...] = ()
    for signal in label.signals:
        heard = listener.hear(signal)
        if not heard:
            continue
        factor = REQUEST_FACTOR if any(quote.turn in doubled for quote in heard) else 1.0
        weight += factor * signal.weight
        if factor * signal.weight > most:
            most, quotes = factor * signal.weight, heard
    return Verdict(label=label, weight=weight, quotes=quotes)


def choose_together(
    playbook: Playbook, listener: Listener, request: frozenset[int]
) -> tuple[Verdict, Verdict]:
    """Return the type and the outcome that weigh most together.

    How a call ends tells what it was about: what was moved can only have been a visit.
    """
    outcomes = verdicts(playbook.outcomes, listener)
    pairs = (
        (call_type, heaviest(outcomes, call_type.label.name))
        for call_type in verdicts(playbook.call_types, listener, request)
    )
    return max(pairs, key=lambda pair: pair[0].weight + pair[1].weight)


def verdicts(
    choice: Choice, listener: Listener, doubled: frozenset[int] = frozenset()
) -> tuple[Verdict, ...]:
    """Return the labels that enough speaks for, in their order, and last the fallback.

    What is heard in the turns `doubled` counts `REQUEST_FACTOR` times.
    """
    fallback = next(label for label in choice.labels if label.name == choice.fallback)
    return (
        *(
            verdict
            for label in choice.labels
            if (verdict := _weigh(label, listener, doubled)).weight >= label.at_least
        ),
        Verdict(label=fallback),
    )


def heaviest(given: Sequence[Verdict], call_type: str) -> Verdict:
    """Return the heaviest verdict that is possible in a type, the fallback where none is."""
    possible = (v for v in given if not v.label.types or call_type in v.label.types)
    return max(possible, key=lambda verdict: verdict.weight, default=given[-1])


def heard_labels(
    labels: Sequence[Label], listener: Listener, call_type: str
) -> tuple[Verdict, ...]:
    """Return the labels that enough speaks for, any number of them, each with a quote."""
    return tuple(
        verdict
        for label in labels
        if not label.types or call_type in label.types
        if (verdict := _weigh(label, listener)).weight >= label.at_least
    )
