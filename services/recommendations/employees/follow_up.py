"""What became of the recommendations to an employee: told anew from their calls, each time the same. Pure."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from statistics import fmean

from services.recommendations.calls.domain import CallAdvice, CallId
from services.recommendations.employees.domain import (
    EmployeeRecommendation,
    FollowThrough,
    FollowUpRules,
    RecommendationDecision,
    RecommendationId,
    RecommendationState,
    SkillCall,
)

END = datetime.max.replace(tzinfo=UTC)


def follow_up(
    employee: str,
    skill: str,
    calls: Sequence[SkillCall],
    known: Sequence[EmployeeRecommendation],
    rules: FollowUpRules,
    new_id: Callable[[], RecommendationId],
) -> list[EmployeeRecommendation]:
    """Return the recommendations of one employee and skill, the earliest first.

    `calls` are all in which the skill was called for or advised, in their order. `known` are the recommendations that
    were told last time: the decisions of people among them stay, and an id stays with the calls it was given for.
    """
    story = _Story(rules, [each for each in known if each.decision])
    for call in calls:
        story.take(call)
    free = [each for each in known if not each.decision]
    told = []
    for chapter in story.end():
        before = chapter.decided or next((each for each in free if chapter.overlaps(each)), None)
        if before in free:
            free.remove(before)
        told.append(chapter.recommendation(employee, skill, before.id if before else new_id()))
    return told


class _Chapter:
    """One recommendation while it is told: from the first call that advised it, or a decision, to its end."""

    def __init__(self, rules: FollowUpRules) -> None:
        self._rules = rules
        self._advised: list[tuple[SkillCall, CallAdvice]] = []
        self._last: SkillCall | None = None
        self._follow_through = FollowThrough()
        self.streak = 0
        self.state = RecommendationState.OPEN
        self.decided: EmployeeRecommendation | None = None

    def take(self, call: SkillCall) -> None:
        """Count a call; that of the first advice opens the recommendation and follows nothing yet."""
        if call.applicable and self._advised:
            self._count(call)
        if call.advice:
            self._advised.append((call, call.advice))
        self._last = call

    def _count(self, call: SkillCall) -> None:
        so_far = self._follow_through
        self.streak = self.streak + 1 if followed(call) else 0
        if followed(call):
            self._follow_through = replace(so_far, followed=so_far.followed + 1)
        elif call.completed or call.attempted:
            self._follow_through = replace(so_far, partly=so_far.partly + 1)
        else:
            self._follow_through = replace(so_far, not_followed=so_far.not_followed + 1)

    def lapsed(self, day: date) -> bool:
        """Whether it had expired before a day."""
        return bool(self._advised) and day > self._advised[-1][0].day + self._rules.expiry

    def overlaps(self, known: EmployeeRecommendation) -> bool:
        """Whether a recommendation that was told last time is about calls of this one."""
        first, last = self._advised[0][0], self._advised[-1][0]
        return known.opened_at <= last.started_at and known.advised_at >= first.started_at

    def recommendation(
        self, employee: str, skill: str, recommendation_id: RecommendationId
    ) -> EmployeeRecommendation:
        if not self._advised:  # its calls are gone, a person's word is not
            assert self.decided is not None
            return replace(self.decided, advised_calls=0, follow_through=self._follow_through)
        assert self._last is not None
        (first, _), (last, _) = self._advised[0], self._advised[-1]
        # The most urgent, and of that the latest.
        best = min(reversed(self._advised), key=lambda each: each[1].priority)[1]
        expires_day = last.day + self._rules.expiry
        closed_day, closed_call_id = self._closed(expires_day)
        return EmployeeRecommendation(
            id=recommendation_id,
            employee=employee,
            skill=skill,
            state=self.state,
            priority=best.priority,
            text=best.text,
            why=best.why,
            opened_call_id=first.call_id,
            opened_day=first.day,
            opened_at=first.started_at,
            advised_calls=len(self._advised),
            advised_day=last.day,
            advised_at=last.started_at,
            expires_day=expires_day,
            follow_through=self._follow_through,
            last_at=self._last.started_at,
            closed_day=closed_day,
            closed_call_id=closed_call_id,
            decision=self.decided.decision if self.decided else None,
        )

    def _closed(self, expires_day: date) -> tuple[date | None, CallId | None]:
        if self.decided:
            return self.decided.closed_day, None
        if self.state is RecommendationState.EXPIRED:
            return expires_day, None
        if self.state is RecommendationState.DONE and self._last:
            return self._last.day, self._last.call_id
        return None, None


class _Story:
    """All recommendations of one employee and skill, call by call."""

    def __init__(self, rules: FollowUpRules, decided: Sequence[EmployeeRecommendation]) -> None:
        self._rules = rules
        self._decided = deque(
            sorted(((each.decision, each) for each in decided if each.decision), key=_first_at)
        )
        self._chapters: list[_Chapter] = []
        self._open: _Chapter | None = None
        self._recent: deque[bool] = deque(maxlen=rules.minimum_calls)
        self._dismissed: tuple[RecommendationDecision, float] | None = None
        """The last dismissal, and the share of recent calls before it in which the skill was followed."""

    def take(self, call: SkillCall) -> None:
        self._decide(call.started_at)
        if self._open and not self._open.decided and self._open.lapsed(call.day):
            self._close(RecommendationState.EXPIRED)
        if call.applicable:
            self._recent.append(followed(call))
        if self._open is None and call.advice and not self._is_quiet(call):
            self._open = _Chapter(self._rules)
        if self._open is None:
            return
        self._open.take(call)
        if not self._open.decided and self._open.streak >= self._rules.followed_calls:
            self._close(RecommendationState.DONE)

    def end(self) -> list[_Chapter]:
        self._decide(END)
        if self._open:
            self._close(RecommendationState.OPEN)
        return self._chapters

    def _decide(self, moment: datetime) -> None:
        """Apply the decisions that began before a moment: each keeps its recommendation open over the calls it was taken over."""
        while self._decided and self._decided[0][0].first_at <= moment:
            decision, settled = self._decided[0]
            if self._open is None:
                self._open = _Chapter(self._rules)
            self._open.decided = settled
            if decision.until_at >= moment:
                return
            self._decided.popleft()
            self._close(decision.state)
            if decision.state is RecommendationState.DISMISSED:
                self._dismissed = decision, fmean(self._recent) if self._recent else 1.0
                self._recent.clear()

    def _close(self, state: RecommendationState) -> None:
        assert self._open is not None
        self._open.state = state
        self._chapters.append(self._open)
        self._open = None

    def _is_quiet(self, call: SkillCall) -> bool:
        if self._dismissed is None:
            return False
        decision, share = self._dismissed
        worse = len(self._recent) == self._rules.minimum_calls and fmean(self._recent) < share
        return not worse and call.started_at <= decision.until_at + self._rules.quiet


def followed(call: SkillCall) -> bool:
    """Whether all items of the skill that applied were completed, and it was not advised again."""
    return call.completed == call.applicable and call.advice is None


def _first_at(decided: tuple[RecommendationDecision, EmployeeRecommendation]) -> datetime:
    return decided[0].first_at
