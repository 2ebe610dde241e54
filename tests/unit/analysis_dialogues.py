"""Conversations for the tests of analysis: built by hand, or from the labelled ones on file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

import services.analysis
from services.analysis.domain import (
    CallFacts,
    CallId,
    Conversation,
    Direction,
    Speaker,
    Turn,
)
from services.analysis.playbook import Playbook
from services.analysis.playbook_yaml import load_playbooks
from services.status.domain import Owner

PLAYBOOKS = Path(services.analysis.__path__[0]) / "playbooks"
LABELLED = Path(__file__).with_name("analysis_dialogues.yaml")
RECORDINGS = Path(__file__).parents[2] / "deploy" / "samples"
SAMPLES = ("call1_booking", "call2_price_objection", "call4_wrong_number")

_SPEAKERS = {"O": Speaker.OPERATOR, "C": Speaker.CLIENT, "?": Speaker.UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A conversation and what people say it is."""

    name: str
    conversation: Conversation
    labels: Mapping[str, str | frozenset[str]]


def clinic() -> Playbook:
    return load_playbooks(PLAYBOOKS)["clinic"]


def a_turn(index: int, who: str, start: float, end: float, text: str) -> Turn:
    return Turn(
        index=index, speaker=_SPEAKERS[who], start_seconds=start, end_seconds=end, text=text
    )


def a_conversation(turns: Sequence[Turn], *, overlap_reliable: bool = True) -> Conversation:
    call = CallFacts(
        call_id=CallId("c1"),
        owner=Owner("client:clinic"),
        employee="Анна",
        day=date(2026, 1, 15),
        started_at=datetime(2026, 1, 15, 9, 30, tzinfo=UTC),
        duration_seconds=60.0,
        direction=Direction.INCOMING,
    )
    return Conversation(call=call, turns=tuple(turns), overlap_reliable=overlap_reliable)


def said(*lines: str) -> Conversation:
    """Build a conversation of lines such as `O: Добрый день.`, four seconds each, a second apart."""
    return a_conversation(
        [a_turn(i, line[0], 5.0 * i, 5.0 * i + 4, line[3:]) for i, line in enumerate(lines)]
    )


def dialogues(group: str) -> list[Labelled]:
    """Return the labelled dialogues of `written` or `recognised`."""
    entries = yaml.safe_load(LABELLED.read_text(encoding="utf-8"))[group]
    return [_labelled(e["name"], said(*e["turns"]), e) for e in entries]


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
        conversation=conversation,
        labels={
            **{field: labels[field] for field in fields},
            "objections": frozenset(labels["objections"]),
        },
    )
