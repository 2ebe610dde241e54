"""The figures of a roll-up as rows with names: a narrative is written from them, and its numbers are checked against them.

Pure functions. Rows are bounded: a client of many skills and people has those that matter most.
"""

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.recommendations.ranges.domain import (
    LabelCount,
    RollUp,
    ScoreReport,
    SkillReport,
    focus,
)

MAX_LABELS = 12
MAX_PEOPLE = 20
MAX_SKILLS = 30


class Unit(enum.Enum):
    """What a figure is measured in: scores 0..100, shares in percent."""

    COUNT = "calls or items"
    SCORE = "score"
    SHARE = "%"
    SCORE_CHANGE = "points of score"
    SHARE_CHANGE = "percentage points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of a row."""

    name: str
    unit: Unit
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The figures of one thing."""

    of: str
    figures: tuple[Figure, ...]
    enough: bool = True


def rows(roll_up: RollUp) -> list[Row]:
    """Return all calls, their labels, the people and the skills; then the people at the skills to work on first."""
    people = [each for each in roll_up.employees if each.employee][:MAX_PEOPLE]
    named = {each.employee for each in people}
    everybody = [skill for skill in roll_up.skills if skill.employee is None][:MAX_SKILLS]
    first = focus(roll_up.skills)
    own = [
        skill
        for skill in roll_up.skills
        if skill.employee in named and skill.skill in first and skill.enough
    ][: MAX_PEOPLE * len(first)]
    return [
        Row(
            of="all calls",
            figures=tuple(_scores(roll_up.scores)),
            enough=roll_up.scores.enough,
        ),
        *_labels("type", roll_up.call_types),
        *_labels("outcome", roll_up.outcomes),
        *_labels("sentiment", roll_up.sentiments),
        *(
            Row(
                of=f"employee {each.employee}",
                figures=tuple(_scores(each.scores)) if each.scores.enough else (),
                enough=each.scores.enough,
            )
            for each in people
        ),
        *(_skill(f"skill {skill.skill}", skill) for skill in everybody),
        *(_skill(f"skill {skill.skill} of employee {skill.employee}", skill) for skill in own),
    ]


def names(roll_up: RollUp) -> frozenset[str]:
    """Return the names of labels, employees and skills in the rows."""
    counts = (*roll_up.call_types, *roll_up.outcomes, *roll_up.sentiments)
    return frozenset(
        {count.label for count in counts}
        | {each.employee for each in roll_up.employees}
        | {skill.skill for skill in roll_up.skills}
    )


def _labels(kind: str, counts: Sequence[LabelCount]) -> Iterator[Row]:
    for count in counts[:MAX_LABELS]:
        yield Row(of=f"{kind} {count.label}", figures=(_count("calls", count.calls),))


def _scores(scores: ScoreReport) -> Iterable[Figure]:
    yield _count("calls", scores.calls)
    yield _count("calls without a score", scores.unscored_calls)
    yield _count("calls in the range before", scores.previous_calls)
    if scores.score is not None and scores.median_score is not None:
        yield Figure(name="mean score", unit=Unit.SCORE, value=scores.score)
        yield Figure(name="median score", unit=Unit.SCORE, value=scores.median_score)
    if scores.score is not None and scores.score_delta is not None:
        before = scores.score - scores.score_delta
        yield Figure(name="mean score in the range before", unit=Unit.SCORE, value=before)
        yield Figure(name="change", unit=Unit.SCORE_CHANGE, value=scores.score_delta)


def _skill(of: str, skill: SkillReport) -> Row:
    figures = [
        _count("calls", skill.calls),
        _count("calls where it failed", skill.failing_calls),
        _count("items", skill.applicable),
        _count("items done", skill.completed),
        Figure(name="share done", unit=Unit.SHARE, value=100 * skill.share),
    ]
    if skill.share_delta is not None:
        before = skill.share - skill.share_delta
        figures += [
            Figure(name="share done in the range before", unit=Unit.SHARE, value=100 * before),
            Figure(name="change", unit=Unit.SHARE_CHANGE, value=100 * skill.share_delta),
        ]
    return Row(of=of, figures=tuple(figures), enough=skill.enough)


def _count(name: str, count: int) -> Figure:
    return Figure(name=name, unit=Unit.COUNT, value=count)
