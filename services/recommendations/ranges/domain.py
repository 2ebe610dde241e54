"""What the calls of a range add up to, and the report that a run leaves of it. Nothing here does I/O."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.recommendations.calls.domain import CallId
from services.status.domain import DateRange, Owner

MAX_FOCUS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCount:
    """How many calls carry a label."""

    label: str
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReport:
    """Calls and what they scored, beside the range before; the proto says what each figure means."""

    calls: int
    unscored_calls: int
    score: float | None
    median_score: float | None
    enough: bool
    previous_calls: int
    score_delta: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeReport:
    """The calls of one employee."""

    employee: str
    scores: ScoreReport


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQuote:
    """Words of a call, and the second they begin at, None where that is not known."""

    call_id: CallId
    text: str
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillRecommendation:
    """Advice that was given for `calls` calls, with words of some of them."""

    text: str
    why: str
    priority: int
    calls: int
    quotes: tuple[CallQuote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillReport:
    """One skill of one employee, or with `employee` None of everybody; the proto says what each figure means."""

    employee: str | None
    skill: str
    calls: int
    applicable: int
    completed: int
    score: float | None
    failing_calls: int
    enough: bool
    previous_calls: int
    share_delta: float | None
    score_delta: float | None
    recommendations: tuple[SkillRecommendation, ...] = ()

    @property
    def share(self) -> float:
        """Completed items / applicable items, 0..1."""
        return self.completed / self.applicable


@dataclass(frozen=True, slots=True, kw_only=True)
class DayScores:
    """The calls of one day, of one employee or with `employee` None of everybody."""

    day: date
    employee: str | None
    calls: int
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReport:
    """One item of the checklist, over everybody; the proto says what each figure means."""

    item: str
    skill: str
    calls: int
    completed: int
    attempted: int
    untold_calls: int
    enough: bool

    @property
    def share(self) -> float | None:
        """The part of the calls in which it was completed, 0..1; None where it could be told in none."""
        return self.completed / self.calls if self.calls else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RollUp:
    """What the calls of a range add up to."""

    scores: ScoreReport
    call_types: tuple[LabelCount, ...]
    outcomes: tuple[LabelCount, ...]
    sentiments: tuple[LabelCount, ...]
    employees: tuple[EmployeeReport, ...]
    skills: tuple[SkillReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrative:
    """The figures of a range in words, and what to do first; the proto says who `author` is and what `note` says."""

    text: str
    actions: tuple[str, ...]
    author: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenReport:
    """What a run leaves of exactly its range: its figures then, the skills to work on first, all that in words."""

    calls: int
    score: float | None
    focus: tuple[str, ...]
    narrative: Narrative | None
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeReport:
    """What a range adds up to as of now, and the report of its last run, if there was one."""

    owner: Owner
    range: DateRange
    minimum_calls: int
    roll_up: RollUp
    days: tuple[DayScores, ...]
    items: tuple[ItemReport, ...]
    written: WrittenReport | None


def conclude(roll_up: RollUp, narrative: Narrative, at: datetime) -> WrittenReport:
    """Return the report a run leaves of what its range adds up to."""
    return WrittenReport(
        calls=roll_up.scores.calls,
        score=roll_up.scores.score,
        focus=focus(roll_up.skills),
        narrative=narrative,
        written_at=at,
    )


def previous(days: DateRange) -> DateRange | None:
    """Return the range of equal length right before another, which its figures are compared with.

    Returns None where that would be before the calendar begins.
    """
    length = days.end - days.start + timedelta(1)
    try:
        return DateRange(start=days.start - length, end=days.start - timedelta(1))
    except OverflowError:
        return None


def focus(skills: Iterable[SkillReport]) -> tuple[str, ...]:
    """Return the skills everybody should work on first: those that failed in most calls, of which there are enough."""
    failing = [s for s in skills if s.employee is None and s.enough and s.failing_calls]
    failing.sort(key=lambda s: (-s.failing_calls, s.skill))
    return tuple(s.skill for s in failing[:MAX_FOCUS])
