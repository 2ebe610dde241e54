"""What calls are rolled up from, and what a range of them adds up to. Nothing here does I/O."""

import enum
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NewType
from uuid import UUID

from services.kernel.errors import NotFound, UpstreamUnavailable, WrongState
from services.status.domain import DateRange, Owner

CallId = NewType("CallId", str)
RecommendationId = NewType("RecommendationId", UUID)

MAX_FOCUS = 3


class ReportingUnavailable(UpstreamUnavailable):
    """The reporting database does not answer, or not as it should; another try may help."""


class RecommendationNotFound(NotFound):
    """The owner has no such recommendation, or it is borne out no more."""


class NotClosedByHand(WrongState):
    """There is no word of a person to take back."""


class FindingStatus(enum.Enum):
    """How far the employee got with one item of the checklist."""

    COMPLETED = "COMPLETED"
    ATTEMPTED = "ATTEMPTED"
    NOT_REACHED = "NOT_REACHED"
    NOT_APPLICABLE = "NOT_APPLICABLE"

    @property
    def earned(self) -> float:
        """The part of an item's weight that counts."""
        return _EARNED[self]


_EARNED = {
    FindingStatus.COMPLETED: 1.0,
    FindingStatus.ATTEMPTED: 0.5,
    FindingStatus.NOT_REACHED: 0.0,
    FindingStatus.NOT_APPLICABLE: 0.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the analysis found about one item of the checklist; `quote` is empty where nothing was said."""

    item: str
    skill: str
    status: FindingStatus
    weight: float
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillFinding:
    """The items of one skill that applied in a call: how many, their weight, and what of it was earned."""

    skill: str
    applicable: int
    completed: int
    attempted: int
    weight: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing to do better after a call. `priority` 1 comes first; `quote` may be empty."""

    skill: str
    priority: int
    text: str
    why: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """A reservation of the other side: its kind by the playbook, and the words, which may be empty."""

    kind: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What the two sides settled; `side` is `operator` or `client`, empty where nobody says who is to do it."""

    text: str
    side: str
    due_day: date | None
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSide:
    """How one side, `operator` or `client`, spoke; None is what cannot be measured in the call."""

    side: str
    speech_seconds: float
    words: int
    turns: int
    words_per_minute: float | None
    longest_monologue_seconds: float
    questions: int
    interruptions: int | None
    response_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMetrics:
    """How a call was spoken: shares are 0..1, None is what cannot be measured; `sides` is empty or two."""

    span_seconds: float
    silence_share: float | None
    overlap_seconds: float | None
    long_pauses: int
    longest_pause_seconds: float
    operator_talk_share: float | None
    sides: tuple[CallSide, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysedCall:
    """The facts of one analysis that are rolled up and reported.

    `employee` is empty where unknown. `score` is 0..100, None where no item of the checklist applied. `judge` and
    `playbook` say by whom and by what it was judged.
    """

    call_id: CallId
    day: date
    started_at: datetime
    employee: str
    call_type: str
    outcome: str
    sentiment: str
    score: float | None
    summary: str
    objections: tuple[Objection, ...]
    agreements: tuple[Agreement, ...]
    metrics: CallMetrics
    judge: str
    playbook: str
    findings: tuple[Finding, ...]
    advice: tuple[Advice, ...]


class RecommendationState(enum.Enum):
    """Where a recommendation to an employee is; the proto says what each means."""

    OPEN = "OPEN"
    DONE = "DONE"
    DISMISSED = "DISMISSED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowThrough:
    """In how many later calls, of those where the skill was called for, a recommendation was followed."""

    followed: int = 0
    partly: int = 0
    not_followed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The word of a person that settles a recommendation: DONE or DISMISSED.

    `first_at` and `until_at` are the starts of the first and the last call that it was taken over: calls that turn up
    between them later change figures, but not the decision.
    """

    state: RecommendationState
    closed_by: str
    comment: str
    decided_at: datetime
    first_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedQuote:
    """Words of a call and its day."""

    call_id: CallId
    day: date
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeRecommendation:
    """What one employee should do better, from the first call it was advised after; the proto says what is what.

    `opened_at` and `advised_at` are the starts of the first and the last call it was advised after, `last_at` that of
    the last call that counts for it, however it went there. Days are in the time zone of the client.
    """

    id: RecommendationId
    employee: str
    skill: str
    state: RecommendationState
    priority: int
    text: str
    why: str
    opened_call_id: CallId
    opened_day: date
    opened_at: datetime
    advised_calls: int
    advised_day: date
    advised_at: datetime
    expires_day: date
    follow_through: FollowThrough
    last_at: datetime
    closed_day: date | None
    closed_call_id: CallId | None
    decision: Decision | None
    quotes: tuple[DatedQuote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillCall:
    """One call as far as it tells of a skill: its items that applied, of them those done and begun, and the advice."""

    call_id: CallId
    day: date
    started_at: datetime
    applicable: int
    completed: int
    attempted: int
    advice: Advice | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """When recommendations to employees end; each is a setting."""

    followed_calls: int
    """So many calls in a row in which it was followed make it DONE."""
    expiry: timedelta
    """Without being advised again for so long it is EXPIRED."""
    quiet: timedelta
    """For so long after it was DISMISSED the skill is not recommended again, unless it gets worse."""
    minimum_calls: int
    """So many calls have to tell that it got worse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationFilter:
    """Which recommendations are asked for: no states: in any, `employee` None: of all, empty `skill`: of any."""

    owner: Owner
    states: tuple[RecommendationState, ...]
    employee: str | None
    skill: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationPage:
    """A page of recommendations and the token of the next one; empty on the last."""

    recommendations: list[EmployeeRecommendation]
    next_page_token: str = ""


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
    """What was said in a call: a line `speaker: words` for each turn; the duration is that of its recording."""

    call_id: CallId
    duration_seconds: float
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
    previous_calls: int
    share_delta: float | None
    score_delta: float | None
    recommendations: tuple[Recommendation, ...] = ()

    @property
    def share(self) -> float:
        """Completed items / applicable items, 0..1."""
        return self.completed / self.applicable


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
    """The roll-up of a range as of now, and the report of its last run, if there was one."""

    owner: Owner
    range: DateRange
    minimum_calls: int
    roll_up: RollUp
    written: WrittenReport | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCount:
    """The rows of a table, and how many there should be, None where nobody knows."""

    table: str
    rows: int
    expected_rows: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedCalls:
    """How many calls of a range are rolled up, and what the reporting database holds of them."""

    rolled_up_calls: int
    tables: tuple[TableCount, ...]


def skill_findings(findings: Iterable[Finding]) -> list[SkillFinding]:
    """Add findings up by skill; those that did not apply are left out."""
    told = defaultdict[str, list[Finding]](list)
    for finding in findings:
        if finding.status is not FindingStatus.NOT_APPLICABLE:
            told[finding.skill].append(finding)
    return [
        SkillFinding(
            skill=skill,
            applicable=len(own),
            completed=sum(f.status is FindingStatus.COMPLETED for f in own),
            attempted=sum(f.status is FindingStatus.ATTEMPTED for f in own),
            weight=sum(f.weight for f in own),
            value=sum(f.weight * f.status.earned for f in own),
        )
        for skill, own in told.items()
    ]


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

    None: the calendar begins later than that.
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
