"""Meetings with the tasks and decisions that a careful secretary would write down, and how well found ones agree with them."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from rapidfuzz import fuzz

from services.recommendations.meetings.domain import (
    MeetingTask,
    MeetingTranscript,
)
from tests.builders.meetings import a_meeting, turns_of
from tests.tree import DATA

FOLDER = DATA / "meetings"
ALIKE = 60
"""Titles that are so alike, of 100, are of one task: word order and endings do not matter."""
SAME_LINE = 85
"""Words that are so alike, of 100, are of one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A meeting, its tasks, and its decisions; None where nobody wrote down which there were."""

    name: str
    meeting: MeetingTranscript
    tasks: tuple[dict[str, Any], ...]
    decisions: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicMeeting:
    """A meeting of a public corpus, which has no labels, and what the corpus says of it in short."""

    name: str
    meeting: MeetingTranscript
    summary: str


@dataclass(slots=True)
class Score:
    """How many tasks were expected, found, and found rightly; and what of those agreed, out of how many."""

    expected: int = 0
    found: int = 0
    right: int = 0
    assignees: int = 0
    dues: int = 0
    priorities: int = 0
    faults: list[str] = field(default_factory=list, repr=False)

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.expected if self.expected else 1.0

    @property
    def f1(self) -> float:
        both = self.expected + self.found
        return 2 * self.right / both if both else 1.0


def samples(name: str) -> list[Sample]:
    """Read a file of meetings."""
    given = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return [
        Sample(
            name=each["name"],
            meeting=a_meeting(each["text"], each["language"]),
            tasks=tuple(each["tasks"]),
            decisions=tuple(each["decisions"]) if "decisions" in each else None,
        )
        for each in given
    ]


def halves(name: str) -> tuple[list[Sample], list[Sample]]:
    """Halve a file of meetings by a hash of their names: whose mistakes may be read, and those left unseen."""
    seen: list[Sample] = []
    unseen: list[Sample] = []
    for sample in samples(name):
        even = hashlib.sha256(sample.name.encode()).digest()[0] % 2 == 0
        (unseen if even else seen).append(sample)
    return seen, unseen


def public_meetings(folder: Path) -> Iterator[PublicMeeting]:
    """Read a folder of meetings as JSON: `turns` of `speaker` and `text`, `summaries` of `query` and `answer`."""
    for path in sorted(folder.glob("*.json")):
        given = json.loads(path.read_text(encoding="utf-8"))
        yield PublicMeeting(
            name=path.stem,
            meeting=turns_of(((each["speaker"], each["text"]) for each in given["turns"]), "en"),
            summary=" ".join(each["answer"] for each in given.get("summaries", ())),
        )


def score(sample: Sample, found: Sequence[MeetingTask], into: Score) -> None:
    """Add how well the tasks found in a sample agree with those that are expected."""
    left = list(found)
    into.expected += len(sample.tasks)
    into.found += len(found)
    for expected in sample.tasks:
        nearest = max(left, key=lambda task: _likeness(task, expected), default=None)
        if nearest is None or _likeness(nearest, expected) < ALIKE:
            into.faults.append(f"{sample.name}: missing {expected['title']!r}")
            continue
        left.remove(nearest)
        into.right += 1
        got = {
            "assignee": nearest.assignee,
            "due": nearest.due,
            "priority": nearest.priority.value,
        }
        wanted = {**expected, "assignee": expected["assignee"] or ""}
        into.assignees += got["assignee"] == wanted["assignee"]
        into.dues += got["due"] == wanted["due"]
        into.priorities += got["priority"] == wanted["priority"]
        into.faults += [
            f"{sample.name}: {nearest.title!r} has {key} {value}, not {wanted[key]}"
            for key, value in got.items()
            if value != wanted[key]
        ]
    into.faults += [f"{sample.name}: too much {task.title!r} ({task.quote!r})" for task in left]


def score_decisions(sample: Sample, quotes: Sequence[str], into: Score) -> None:
    """Add how well the quotes of decisions agree with the lines that decisions were made in."""
    if sample.decisions is None:
        return
    left = list(quotes)
    into.expected += len(sample.decisions)
    into.found += len(quotes)
    for line in sample.decisions:
        of_line = [quote for quote in left if _same_line(quote, line)]
        if of_line:
            into.right += 1
            left.remove(of_line[0])
        else:
            into.faults.append(f"{sample.name}: missing decision {line!r}")
    into.faults += [f"{sample.name}: too much decision {quote!r}" for quote in left]


def _same_line(quote: str, line: str) -> bool:
    return fuzz.partial_ratio(quote.lower(), line.lower()) >= SAME_LINE


def _likeness(task: MeetingTask, expected: dict[str, Any]) -> float:
    # Of several people with one title each has a task: that of the right one is nearer.
    elsewhere = (task.assignee or None) != (expected["assignee"] or None)
    return (
        max(
            fuzz.token_sort_ratio(task.title.lower(), expected["title"].lower()),
            0.95 * fuzz.partial_ratio(task.title.lower(), expected["title"].lower()),
        )
        - elsewhere
    )
