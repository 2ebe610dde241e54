"""Which labels of a playbook a conversation gets, by the weight of the signals that are found in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.analysis.calls.adapters.rules.cues import CueFinder
from services.analysis.calls.domain import Evidence
from services.analysis.playbooks.domain import Act, By, Choice, Label, Playbook

REQUEST_FACTOR = 2.0
LATER_FACTOR = 0.5

Acts = Mapping[Act, Evidence]
"""The acts of a conversation and the words that show them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeighedLabel:
    """A label, the weight of the signals found for it, and quotes of the heaviest of them."""

    label: Label
    weight: float = 0.0
    quotes: tuple[Evidence, ...] = ()


def _weigh(
    label: Label, finder: CueFinder, acts: Acts, doubled: frozenset[int] = frozenset()
) -> WeighedLabel:
    weight, most = 0.0, 0.0
    quotes: tuple[Evidence, ...] = ()
    for act, act_weight in label.acts.items():
        if act in acts:
            weight += act_weight
            if act_weight > most:
                most, quotes = act_weight, (acts[act],)
    for signal in label.signals:
        found = finder.find(signal)
        if not found:
            continue
        factor = 1.0
        if doubled and any(quote.turn in doubled for quote in found):
            factor = REQUEST_FACTOR
        elif doubled and signal.by is By.CLIENT:
            factor = LATER_FACTOR
        weight += factor * signal.weight
        if factor * signal.weight > most:
            most, quotes = factor * signal.weight, found
    return WeighedLabel(label=label, weight=weight, quotes=quotes)


def choose_together(
    playbook: Playbook, finder: CueFinder, acts: Acts, request: frozenset[int]
) -> tuple[WeighedLabel, WeighedLabel]:
    """Return the type and the outcome that weigh most together.

    How a call ends tells what it was about: what was moved can only have been a visit.
    """
    outcomes = weighed_labels(playbook.outcomes, finder, acts)
    pairs = (
        (call_type, heaviest(outcomes, call_type.label.name))
        for call_type in weighed_labels(playbook.call_types, finder, acts, request)
    )
    return max(pairs, key=lambda pair: pair[0].weight + pair[1].weight)


def weighed_labels(
    choice: Choice, finder: CueFinder, acts: Acts, doubled: frozenset[int] = frozenset()
) -> tuple[WeighedLabel, ...]:
    """Return the labels that weigh enough, in their order, and last the fallback.

    What is found in the turns `doubled` counts `REQUEST_FACTOR` times.
    """
    fallback = next(label for label in choice.labels if label.name == choice.fallback)
    return (
        *(
            weighed
            for label in choice.labels
            if (weighed := _weigh(label, finder, acts, doubled)).weight >= label.at_least
        ),
        WeighedLabel(label=fallback),
    )


def heaviest(given: Sequence[WeighedLabel], call_type: str) -> WeighedLabel:
    """Return the heaviest label that is possible in a call type, the fallback where none is."""
    possible = (each for each in given if not each.label.types or call_type in each.label.types)
    return max(possible, key=lambda weighed: weighed.weight, default=given[-1])


def found_labels(
    labels: Sequence[Label], finder: CueFinder, acts: Acts, call_type: str
) -> tuple[WeighedLabel, ...]:
    """Return all labels that weigh enough, each with a quote."""
    return tuple(
        weighed
        for label in labels
        if not label.types or call_type in label.types
        if (weighed := _weigh(label, finder, acts)).weight >= label.at_least
    )
