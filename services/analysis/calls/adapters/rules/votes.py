"""The second vote on type, outcome and sentiment: what a classifier has learnt from labelled calls."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from services.analysis.calls.adapters.rules.cues import CueFinder, quote
from services.analysis.calls.adapters.rules.weighed_labels import Acts, WeighedLabel
from services.analysis.calls.domain import Conversation, Evidence, Speaker, Turn
from services.analysis.playbooks.domain import Act, Choice, Playbook
from services.analysis.words.grams import grams

Field = Literal["call_type", "outcome", "sentiment"]

FIRST_TURNS, LAST_TURNS = 2, 5
CERTAIN: Mapping[Field, float] = {"call_type": 0.2, "outcome": 0.3, "sentiment": 0.5}
UNCERTAIN = 0.1
"""What the rules' own label weighs beside a probability, and what it weighs as a fallback.

Chosen by cross-validation over the calls that no phrase was written for (docs/judgement.md).
"""
SETTLED = 0.3
"""What the rules' own outcome weighs more where they heard an offer and its acceptance."""
LEAST_SETTLED = 0.45
"""The probability from which a visit is settled of which the rules heard nothing."""
UNDOING = frozenset((Act.DECLINES, Act.PUTS_OFF, Act.CANCELLED, Act.FALLS_THROUGH))
"""Acts after which no probability settles a visit."""
TELLING: Mapping[Field, str] = {"call_type": "fc", "outcome": "le", "sentiment": "lc"}
"""The parts whose words are quoted for a label."""
PIECE_WORDS = 25
"""So many words of a sentence without marks are a piece that may be quoted."""


def features(conversation: Conversation, field: Field) -> frozenset[str]:
    """Return what a classifier weighs of a conversation: the features of its parts, each with the part's letter."""
    return _features(conversation.turns, field, _grams(conversation.turns))


def _grams(turns: Sequence[Turn]) -> Sequence[frozenset[str]]:
    return [frozenset(grams(turn.text)) for turn in turns]


def _features(
    turns: Sequence[Turn], field: Field, said: Sequence[frozenset[str]]
) -> frozenset[str]:
    return frozenset(
        f"{part}{gram}"
        for part, own in _parts(turns, field).items()
        for gram in frozenset[str]().union(*(said[turn.index] for turn in own))
    )


def _parts(turns: Sequence[Turn], field: Field) -> Mapping[str, Sequence[Turn]]:
    """Return the turns that tell a field: of the client (c), first (f) or last (l), and of the operator (o, e)."""
    client = [turn for turn in turns if turn.speaker is not Speaker.OPERATOR]
    operator = [turn for turn in turns if turn.speaker is not Speaker.CLIENT]
    match field:
        case "call_type":
            return {"f": client[:FIRST_TURNS], "c": client, "o": operator}
        case "outcome":
            last = turns[-LAST_TURNS:]
            return {
                "l": [turn for turn in last if turn.speaker is not Speaker.OPERATOR],
                "e": [turn for turn in last if turn.speaker is not Speaker.CLIENT],
                "c": client,
                "o": operator,
            }
        case "sentiment":
            return {"c": client, "l": client[-FIRST_TURNS:]}


class Votes:
    """What the classifier of a playbook says of one conversation; without one, what the rules say holds."""

    def __init__(
        self, conversation: Conversation, playbook: Playbook, finder: CueFinder, acts: Acts
    ) -> None:
        self._turns = conversation.turns
        self._said = _grams(conversation.turns)
        self._fields = playbook.classifier.fields if playbook.classifier else {}
        self._finder = finder
        self._acts = acts

    def pair(
        self, playbook: Playbook, call_type: WeighedLabel, outcome: WeighedLabel
    ) -> tuple[WeighedLabel, WeighedLabel]:
        """Return the type and the outcome that rules and classifier together find likeliest, of those that go together."""
        types = self._shares(playbook.call_types, "call_type", call_type)
        outcomes = self._lawful(
            playbook.outcomes, outcome, self._shares(playbook.outcomes, "outcome", outcome)
        )
        allowed = {label.name: label.types for label in playbook.outcomes.labels}
        best_type, best_outcome = max(
            ((a, b) for a in types for b in outcomes if not allowed[b] or a in allowed[b]),
            key=lambda pair: types[pair[0]] + outcomes[pair[1]],
            default=(call_type.label.name, outcome.label.name),
        )
        return (
            self._quoted(playbook.call_types, "call_type", call_type, best_type),
            self._quoted(playbook.outcomes, "outcome", outcome, best_outcome),
        )

    def one(self, choice: Choice, field: Field, by_rules: WeighedLabel) -> WeighedLabel:
        """Return the label of a field that rules and classifier together find likeliest."""
        shares = self._shares(choice, field, by_rules)
        return self._quoted(choice, field, by_rules, max(shares, key=lambda name: shares[name]))

    def _shares(self, choice: Choice, field: Field, by_rules: WeighedLabel) -> Mapping[str, float]:
        name = by_rules.label.name
        learnt = self._fields.get(field)
        if learnt is None:
            return {name: math.inf}
        shares = dict(learnt.probabilities(_features(self._turns, field, self._said)))
        shares[name] = shares.get(name, 0.0) + (
            UNCERTAIN if name == choice.fallback else CERTAIN[field]
        )
        return shares

    def _lawful(
        self, choice: Choice, by_rules: WeighedLabel, shares: Mapping[str, float]
    ) -> Mapping[str, float]:
        """Let an offer and its acceptance weigh more, and settle nothing that was undone or is only likely."""
        name = by_rules.label.name
        settled = {label.name for label in choice.labels if Act.SETTLED in label.acts}
        if Act.SETTLED in self._acts and name in settled:
            return {**shares, name: shares[name] + SETTLED}
        undone = not UNDOING.isdisjoint(self._acts)
        return {
            each: share
            for each, share in shares.items()
            if each == name or each not in settled or (share >= LEAST_SETTLED and not undone)
        }

    def _quoted(
        self, choice: Choice, field: Field, by_rules: WeighedLabel, name: str
    ) -> WeighedLabel:
        if name == by_rules.label.name:
            return by_rules
        label = next(each for each in choice.labels if each.name == name)
        told = self._telling(field, name)
        return WeighedLabel(label=label, quotes=(told,) if told else ())

    def _telling(self, field: Field, name: str) -> Evidence | None:
        """Return the words that speak most for a label, None where none does."""
        where = {
            part: frozenset(turn.index for turn in own)
            for part, own in _parts(self._turns, field).items()
            if part in TELLING[field]
        }
        learnt = self._fields[field]
        best, most = None, 0.0
        for turn, sentence in self._finder.sentences:
            letters = [part for part, indices in where.items() if turn.index in indices]
            for first in range(0, len(sentence.words), PIECE_WORDS):
                last = min(first + PIECE_WORDS, len(sentence.words)) - 1
                text = sentence.text[sentence.words[first].start : sentence.words[last].stop]
                support = learnt.support(_marked(letters, text), name)
                if support > most:
                    best, most = (
                        Evidence(turn=turn.index, text=quote(sentence, first, last)),
                        support,
                    )
        return best


def _marked(letters: Iterable[str], text: str) -> frozenset[str]:
    return frozenset(f"{letter}{gram}" for letter in letters for gram in grams(text))
