"""Conversations for the tests of analysis: built by hand, or from the labelled ones on file."""

import enum
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

import services.analysis
from services.analysis.calls.domain import (
    CallFacts,
    CallId,
    Conversation,
    Direction,
    ItemStatus,
    Speaker,
    Turn,
)
from services.analysis.playbooks.domain import Playbook
from services.analysis.playbooks.reader import load_playbooks
from services.status.domain import Owner
from tests.tree import DATA, RECORDINGS

PLAYBOOKS = Path(services.analysis.__path__[0]) / "playbooks"
DIALOGUES = DATA / "dialogues"
SAMPLES = ("call1_booking", "call2_price_objection", "call4_wrong_number")

_SPEAKERS = {"O": Speaker.OPERATOR, "C": Speaker.CLIENT, "?": Speaker.UNKNOWN}


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


def clinic() -> Playbook:
    return load_playbooks(PLAYBOOKS)["clinic"]


def sales() -> Playbook:
    return load_playbooks(PLAYBOOKS)["sales"]


def a_turn(index: int, who: str, start: float, end: float, text: str) -> Turn:
    return Turn(
        index=index, speaker=_SPEAKERS[who], start_seconds=start, end_seconds=end, text=text
    )


def a_conversation(
    turns: Sequence[Turn], *, overlap_reliable: bool = True, language: str = "ru"
) -> Conversation:
    call = CallFacts(
        call_id=CallId("c1"),
        owner=Owner("client:clinic"),
        employee="Анна",
        day=date(2026, 1, 15),
        started_at=datetime(2026, 1, 15, 9, 30, tzinfo=UTC),
        duration_seconds=60.0,
        direction=Direction.INCOMING,
    )
    return Conversation(
        call=call, language=language, turns=tuple(turns), overlap_reliable=overlap_reliable
    )


def said(*lines: str, language: str = "ru") -> Conversation:
    """Build a conversation of lines such as `O: Добрый день.`, four seconds each, a second apart."""
    return a_conversation(
        [a_turn(i, line[0], 5.0 * i, 5.0 * i + 4, line[3:]) for i, line in enumerate(lines)],
        overlap_reliable=not any(line.startswith("?") for line in lines),
        language=language,
    )


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
