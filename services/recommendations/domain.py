"""What calls are rolled up from, and what a range of them adds up to. Nothing here does I/O."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NewType

from services.kernel.errors import UpstreamUnavailable
from services.status.domain import DateRange, Owner

CallId = NewType("CallId", str)

MAX_FOCUS = 3


class ReportingUnavailable(UpstreamUnavailable):
    """The reporting database does not answer, or not as it should; another try may help."""


class FindingStatus(enum.Enum):
    """How far the employee got with one item of the checklist."""

    COMPLETED = "COMPLETED"
    ATTEMPTED = "ATTEMPTED"
    NOT_REACHED = "NOT_REACHED"
    NOT_APPLICABLE = "NOT_APPLICABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the analysis found about one item of the checklist; `quote` is empty where nothing was said."""

    item: str
    skill: str
    status: FindingStatus
    weight: float
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing to do better after a call. `priority` 1 comes first; `quote` may be empty."""

    skill: str
    priority: int
    text: str
    why: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysedCall:
    """The facts of one analysis that are rolled up and reported.

    `employee` is empty where unknown. `score` is 0..100, None where no item of the checklist applied; the shares are
    0..1, None where they cannot be measured. `judge` and `playbook` say by whom and by what it was judged.
    """

    call_id: CallId
    day: date
    employee: str
    call_type: str
    outcome: str
    sentiment: str
    score: float | None
    summary: str
    objections: tuple[str, ...]
    operator_talk_share: float | None
    silence_share: float | None
    judge: str
    playbook: str
    findings: tuple[Finding, ...]
    advice: tuple[Advice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as its source listed it; `direction` is `incoming`, `outgoing` or `unknown`."""

    call_id: CallId
    day: date
    started_at: datetime
    direction: str
    duration_seconds: float | None
    employee: str
    contact: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was said in a call: a line `speaker: words` for each turn."""

    call_id: CallId
    language: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedCall:
    """All that the reporting database is told of a call.

    `attempt` is that of the item: with its execution it orders the writes of one call.
    """

    attempt: int
    call: Call
    transcript: Transcript
    analysis: AnalysedCall


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCount:
    """How many calls carry a label."""

    label: str
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeReport:
    """The calls of one employee and the mean of their scores."""

    employee: str
    calls: int
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Words of a call."""

    call_id: CallId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """Advice that was given for `calls` calls, with words of some of them."""

    text: str
    why: str
    priority: int
    calls: int
    quotes: tuple[Quote, ...]


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
    recommendations: tuple[Recommendation, ...] = ()

    @property
    def share(self) -> float:
        """Completed items / applicable items, 0..1."""
        return self.completed / self.applicable


@dataclass(frozen=True, slots=True, kw_only=True)
class RollUp:
    """What the calls of a range add up to."""

    calls: int
    score: float | None
    call_types: tuple[LabelCount, ...]
    outcomes: tuple[LabelCount, ...]
    sentiments: tuple[LabelCount, ...]
    employees: tuple[EmployeeReport, ...]
    skills: tuple[SkillReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenReport:
    """What a run leaves of exactly its range: its figures then, and the skills to work on first."""

    calls: int
    score: float | None
    focus: tuple[str, ...]
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeReport:
    """The roll-up of a range as of now, and the report of its last run, if there was one."""

    owner: Owner
    range: DateRange
    minimum_calls: int
    roll_up: RollUp
    written: WrittenReport | None


def conclude(roll_up: RollUp, at: datetime) -> WrittenReport:
    """Return the report a run leaves of what its range adds up to."""
    return WrittenReport(
        calls=roll_up.calls, score=roll_up.score, focus=focus(roll_up.skills), written_at=at
    )


def focus(skills: Iterable[SkillReport]) -> tuple[str, ...]:
    """Return the skills everybody should work on first: those that failed in most calls, of which there are enough."""
    failing = [s for s in skills if s.employee is None and s.enough and s.failing_calls]
    failing.sort(key=lambda s: (-s.failing_calls, s.skill))
    return tuple(s.skill for s in failing[:MAX_FOCUS])
