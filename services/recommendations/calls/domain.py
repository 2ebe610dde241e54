"""The calls as other services tell of them, and what is copied of their analyses. Nothing here does I/O."""

import enum
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NewType

CallId = NewType("CallId", str)


class FindingStatus(enum.Enum):
    """How far the employee got with one item of the checklist."""

    COMPLETED = "COMPLETED"
    ATTEMPTED = "ATTEMPTED"
    NOT_REACHED = "NOT_REACHED"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    CANNOT_BE_TOLD = "CANNOT_BE_TOLD"

    @property
    def earned(self) -> float:
        """The part of an item's weight that counts."""
        return _EARNED[self]


_NOT_COUNTED = (FindingStatus.NOT_APPLICABLE, FindingStatus.CANNOT_BE_TOLD)
_EARNED = {
    FindingStatus.COMPLETED: 1.0,
    FindingStatus.ATTEMPTED: 0.5,
    FindingStatus.NOT_REACHED: 0.0,
    FindingStatus.NOT_APPLICABLE: 0.0,
    FindingStatus.CANNOT_BE_TOLD: 0.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenQuote:
    """Words of a call; all is empty or None where there are none.

    `speaker` is `operator`, `client` or `unknown`; `seconds` is when they begin in the recording.
    """

    text: str = ""
    speaker: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the analysis found about one item of the checklist, and the words that show it."""

    item: str
    skill: str
    status: FindingStatus
    weight: float
    quote: SpokenQuote

    @property
    def applied(self) -> bool:
        """True where the call gave occasion for the item."""
        return self.status is not FindingStatus.NOT_APPLICABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillFinding:
    """The items of one skill that applied in a call and could be told: how many, their weight, and what of it was earned."""

    skill: str
    applicable: int
    completed: int
    attempted: int
    weight: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAdvice:
    """One thing to do better after a call. `priority` 1 comes first."""

    skill: str
    priority: int
    text: str
    why: str
    quote: SpokenQuote


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """A reservation of the other side: its kind by the playbook, and the words."""

    kind: str
    quote: SpokenQuote


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What the two sides settled; `side` is `operator` or `client`, empty where nobody says who is to do it."""

    text: str
    side: str
    due_day: date | None
    quote: SpokenQuote


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

    `employee` is empty where unknown. `score` is 0..100 over the items of the checklist that could be told, None where
    there is none; `told_share` is how much those weigh of all that apply, 0..1, None where none applies.
    `speakers_guessed` is true where the recording does not tell the speakers. `judge` and `playbook` say by whom and by
    what it was judged.
    """

    call_id: CallId
    day: date
    started_at: datetime
    employee: str
    call_type: str
    outcome: str
    sentiment: str
    score: float | None
    told_share: float | None
    speakers_guessed: bool
    summary: str
    objections: tuple[Objection, ...]
    agreements: tuple[Agreement, ...]
    metrics: CallMetrics
    judge: str
    playbook: str
    findings: tuple[Finding, ...]
    advice: tuple[CallAdvice, ...]


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


def skill_findings(findings: Iterable[Finding]) -> list[SkillFinding]:
    """Add findings up by skill; those that did not apply or cannot be told are left out."""
    told = defaultdict[str, list[Finding]](list)
    for finding in findings:
        if finding.status not in _NOT_COUNTED:
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
