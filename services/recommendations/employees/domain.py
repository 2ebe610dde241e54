"""What employees should do better, and what became of it. Nothing here does I/O."""

import enum
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple, NewType
from uuid import UUID

from services.kernel.errors import NotFound, WrongState
from services.recommendations.calls.domain import CallAdvice, CallId
from services.status.domain import Owner

RecommendationId = NewType("RecommendationId", UUID)


class RecommendationNotFound(NotFound):
    """The owner has no such recommendation, or no call bears it out any more."""


class NotClosedByHand(WrongState):
    """No person closed the recommendation, so there is no decision to take back."""


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
class RecommendationDecision:
    """The decision of a person that a recommendation is DONE or DISMISSED.

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
    """Words of a call, its day, and the second they begin at, None where that is not known."""

    call_id: CallId
    day: date
    text: str
    seconds: float | None


class Position(NamedTuple):
    """Where a recommendation stands in a list: open ones first, by priority, then the latest.

    `age` is the negated time at which it was opened, in seconds, so that all four columns ascend.
    """

    closed: bool
    priority: int
    age: float
    id: RecommendationId


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
    decision: RecommendationDecision | None
    quotes: tuple[DatedQuote, ...] = ()

    @property
    def position(self) -> Position:
        """Where it stands in a list."""
        return Position(
            closed=self.state is not RecommendationState.OPEN,
            priority=self.priority,
            age=-self.opened_at.timestamp(),
            id=self.id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillCall:
    """What one call tells of a skill: how many items applied, how many of them were completed and attempted; the advice."""

    call_id: CallId
    day: date
    started_at: datetime
    applicable: int
    completed: int
    attempted: int
    advice: CallAdvice | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpRules:
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
    """Which recommendations are listed: without `states` in any, `employee` None those of everybody, empty `skill` any."""

    owner: Owner
    states: tuple[RecommendationState, ...]
    employee: str | None
    skill: str
