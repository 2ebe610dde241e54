"""Meetings with the tasks that a careful secretary would write down, and how well found tasks agree with them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from rapidfuzz import fuzz

from services.recommendations.meetings.domain import (
    MeetingTask,
    MeetingTranscript,
)
from tests.builders.meetings import a_meeting
from tests.tree import DATA

FOLDER = DATA / "meetings"
ALIKE = 60
"""Titles that are so alike, of 100, are of one task: word order and endings do not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A meeting and its tasks."""

    name: str
    meeting: MeetingTranscript
    tasks: tuple[dict[str, Any], ...]


@dataclass(slots=True)
class Score:
    """How many tasks were expected, found, and found rightly; and what of those agreed, out of how many."""

    expected: int = 0
    found: int = 0
    right: int = 0
    assignees: int = 0
    dues: int = 0
    priorities: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.expected if self.expected else 1.0


def samples(name: str) -> list[Sample]:
    """Read a file of meetings."""
    given = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return [
        Sample(
            name=each["name"],
            meeting=a_meeting(each["text"], each["language"]),
            tasks=tuple(each["tasks"]),
        )
        for each in given
    ]


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
        into.assignees += got["assignee"] == expected["assignee"]
        into.dues += got["due"] == expected["due"]
        into.priorities += got["priority"] == expected["priority"]
        into.faults += [
            f"{sample.name}: {nearest.title!r} has {key} {value}, not {expected[key]}"
            for key, value in got.items()
            if value != expected[key]
        ]
    into.faults += [f"{sample.name}: too much {task.title!r} ({task.quote!r})" for task in left]


def _likeness(task: MeetingTask, expected: dict[str, Any]) -> float:
    return max(
        fuzz.token_sort_ratio(task.title.lower(), expected["title"].lower()),
        0.95 * fuzz.partial_ratio(task.title.lower(), expected["title"].lower()),
    )
