"""Conversations for the tests of analysis: built by hand, or from the labelled ones on file."""

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from services.analysis.calls.domain import (
    Conversation,
    ItemStatus,
    Speaker,
    Turn,
    Word,
)
from tests.builders.analysis import a_conversation, a_turn, said
from tests.tree import DATA, HEARD, RECORDINGS

DIALOGUES = DATA / "dialogues"
SAMPLES = ("call1_booking", "call2_price_objection", "call4_wrong_number")


class Portion(enum.Enum):
    """What a labelled dialogue is for.

    The rules are tuned on the first half, measured on both, and judged once by what nobody had
    thought of when they were last changed.
    """

    TUNING = "tuning"
    HELD_OUT = "held_out"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A conversation and what people say it is.

    `checklist` has the items that are clear, `client_facts` is None where nobody said which there
    are, `agreements` holds words of what was settled.
    """

    name: str
    portion: Portion
    conversation: Conversation
    labels: Mapping[str, str | frozenset[str]]
    checklist: Mapping[str, ItemStatus]
    client_facts: frozenset[str] | None
    agreements: tuple[str, ...]


def dialogues(*files: str) -> list[Labelled]:
    """Return the labelled dialogues of some files of `tests/data/dialogues`, by their stems."""
    return [_read(entry) for file in files for entry in _entries(file)]


def _entries(file: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = yaml.safe_load(
        (DIALOGUES / f"{file}.yaml").read_text(encoding="utf-8")
    )
    return entries


def _read(entry: Mapping[str, Any]) -> Labelled:
    text = "".join(entry["turns"])
    language = "ru" if any("а" <= letter <= "я" for letter in text.lower()) else "en"
    return _labelled(entry["name"], said(*entry["turns"], language=language), entry)


def recording(name: str) -> Labelled:
    """Return a sample recording's reference text."""
    entry = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
    turns = [
        a_turn(i, t["speaker"][0].upper(), t["start"], t["end"], t["text"])
        for i, t in enumerate(entry["turns"])
    ]
    return _labelled(name, a_conversation(turns), entry["labels"])


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardCall:
    """What was said in a recording, and what the speech model heard in it."""

    name: str
    read: Conversation
    heard: Conversation


def heard_calls() -> list[HeardCall]:
    """Return the recordings that `benchmarks/heard.py` wrote down."""
    return [_heard(path) for path in sorted(HEARD.glob("*.json"))]


def _heard(path: Path) -> HeardCall:
    entry = json.loads(path.read_text(encoding="utf-8"))
    read = [
        a_turn(i, t["speaker"][0].upper(), t["start"], t["end"], t["text"])
        for i, t in enumerate(entry["read"])
    ]
    heard = [_heard_turn(i, t) for i, t in enumerate(entry["heard"])]
    return HeardCall(
        name=path.stem,
        read=a_conversation(read, language=entry["language"]),
        heard=a_conversation(heard, language=entry["language"]),
    )


def _heard_turn(index: int, turn: Mapping[str, Any]) -> Turn:
    words = tuple(
        Word(text=text, start_seconds=start, end_seconds=end, probability=probability)
        for text, start, end, probability in turn["words"]
    )
    return Turn(
        index=index,
        speaker=Speaker(turn["speaker"]),
        start_seconds=words[0].start_seconds,
        end_seconds=words[-1].end_seconds,
        text="".join(word.text for word in words).strip(),
        words=words,
    )


def _labelled(name: str, conversation: Conversation, labels: Mapping[str, Any]) -> Labelled:
    fields = ("call_type", "outcome", "sentiment")
    return Labelled(
        name=name,
        portion=Portion(labels.get("portion") or _portion_of(name)),
        conversation=conversation,
        labels={
            **{field: labels[field] for field in fields},
            "objections": frozenset(labels["objections"]),
        },
        checklist={
            item: ItemStatus(status) for item, status in labels.get("checklist", {}).items()
        },
        client_facts=frozenset(facts) if (facts := labels.get("client_facts")) else None,
        agreements=tuple(labels.get("agreements", ())),
    )


def _portion_of(name: str) -> Portion:
    """Halve dialogues by a hash of their names, so that nobody chooses which are measured."""
    even = hashlib.sha256(name.encode()).digest()[0] % 2 == 0
    return Portion.HELD_OUT if even else Portion.TUNING
