"""What becomes of a recommendation, told from calls: the rules by example, and that telling again changes nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.recommendations.calls.domain import CallId
from services.recommendations.employees.domain import (
    EmployeeRecommendation,
    FollowThrough,
    FollowUpRules,
    RecommendationDecision,
    RecommendationId,
    RecommendationState,
    SkillCall,
)
from services.recommendations.employees.follow_up import follow_up
from tests.builders.recommendations import MONDAY, an_advice

OPEN, DONE, DISMISSED, EXPIRED = RecommendationState
RULES = FollowUpRules(followed_calls=3, expiry=timedelta(30), quiet=timedelta(20), minimum_calls=2)


def call(
    day: int, done: int = 0, *, advised: bool = False, text: str = "do", priority: int = 1
) -> SkillCall:
    """Return a call on a day with two items of the skill, of which so many were completed."""
    on = MONDAY + timedelta(day)
    return SkillCall(
        call_id=CallId(f"c{day}"),
        day=on,
        started_at=datetime.combine(on, time(12), UTC),
        applicable=2,
        completed=done,
        attempted=0,
        advice=an_advice(text=text, priority=priority) if advised else None,
    )


def told(
    calls: Sequence[SkillCall], known: Sequence[EmployeeRecommendation] = ()
) -> list[EmployeeRecommendation]:
    return follow_up("Анна", "closing", calls, known, RULES, lambda: RecommendationId(uuid4()))


def decided(
    recommendation: EmployeeRecommendation, state: RecommendationState, until: SkillCall
) -> EmployeeRecommendation:
    """Return a recommendation as a person who has seen the calls up to `until` left it."""
    decision = RecommendationDecision(
        state=state,
        closed_by="olga",
        comment="",
        decided_at=datetime(2026, 6, 1, tzinfo=UTC),
        first_at=recommendation.opened_at,
        until_at=until.started_at,
    )
    closed_day = decision.decided_at.date()
    return replace(recommendation, state=state, closed_day=closed_day, decision=decision)


def states(recommendations: Sequence[EmployeeRecommendation]) -> list[RecommendationState]:
    return [each.state for each in recommendations]


def test_advice_that_is_given_again_adds_to_the_open_recommendation_with_the_best_text() -> None:
    calls = [
        call(0, advised=True, text="second", priority=2),
        call(1, advised=True, text="old", priority=1),
        call(2, advised=True, text="new", priority=1),
        call(3, advised=True, text="third", priority=3),
    ]

    [one] = told(calls)

    assert (one.state, one.text, one.priority, one.advised_calls) == (OPEN, "new", 1, 4)
    assert (one.opened_call_id, one.advised_day) == ("c0", MONDAY + timedelta(3))


def test_later_calls_are_counted_as_far_as_they_followed_it() -> None:
    calls = [
        call(-1, 2),
        call(0, advised=True),
        call(1, 2),
        call(2, 1),
        call(3, 0),
        call(4, 2, advised=True),
    ]

    [one] = told(calls)

    assert one.follow_through == FollowThrough(followed=1, partly=2, not_followed=1)


def test_it_is_done_after_so_many_calls_in_a_row_and_a_relapse_opens_a_new_one() -> None:
    followed = [call(0, advised=True), call(1, 2), call(2, 0), *(call(n, 2) for n in (3, 4, 5))]

    [one] = told(followed)
    both = told([*followed, call(6, 0), call(7, advised=True)])

    assert (one.state, one.closed_call_id) == (DONE, "c5")
    assert states(both) == [DONE, OPEN]
    assert both[1].opened_call_id == "c7"


def test_without_advice_for_long_it_expires_and_advice_after_that_opens_a_new_one() -> None:
    both = told([call(0, advised=True), call(31, 0), call(32, advised=True)])

    assert states(both) == [EXPIRED, OPEN]
    assert both[0].closed_day == both[0].expires_day == MONDAY + timedelta(30)
    assert both[0].follow_through == FollowThrough()


def test_a_dismissed_skill_stays_quiet_for_a_while_unless_it_gets_worse() -> None:
    before = [call(0, 2), call(1, advised=True)]
    known = [decided(told(before)[0], DISMISSED, before[-1])]

    quiet = told([*before, call(2, 2), call(20, 1, advised=True)], known)
    over = told([*before, call(22, 1, advised=True)], known)
    worse = told([*before, call(2, 0), call(3, 1, advised=True)], known)

    assert states(quiet) == [DISMISSED]
    assert states(over) == states(worse) == [DISMISSED, OPEN]


def test_what_a_person_decided_stays_whatever_happens_to_its_calls() -> None:
    calls = [call(0, advised=True), call(5, 0)]
    known = [decided(told(calls)[0], DISMISSED, calls[-1])]
    late = [calls[0], *(call(n, 2) for n in (1, 2, 3)), calls[1]]

    [redone] = told(late, known)
    [bare] = told([], known)

    assert (redone.id, redone.state) == (known[0].id, DISMISSED)
    assert redone.follow_through == FollowThrough(followed=3, not_followed=1)
    assert (bare.id, bare.state, bare.advised_calls) == (known[0].id, DISMISSED, 0)
    assert bare.decision == redone.decision == known[0].decision


def test_the_id_stays_when_a_late_call_or_a_removed_one_moves_the_opening() -> None:
    calls = [call(2, advised=True), call(4, advised=True)]
    [first] = told(calls)

    [earlier] = told([call(0, advised=True), *calls], [first])
    [later] = told(calls[1:], [first])

    assert earlier.id == later.id == first.id
    assert (earlier.opened_call_id, later.opened_call_id) == ("c0", "c4")
    assert told([], [first]) == []


calls_of_a_year = st.lists(
    st.builds(call, st.integers(0, 90), st.integers(0, 2), advised=st.booleans()),
    max_size=25,
    unique_by=lambda each: each.day,
).map(lambda calls: sorted(calls, key=lambda each: each.day))


@given(calls_of_a_year, st.data())
def test_telling_again_changes_nothing_and_history_does_not_matter(
    calls: list[SkillCall], data: st.DataObject
) -> None:
    once = told(calls)
    by_hand: bool = data.draw(st.booleans())
    if once and by_hand:
        which = data.draw(st.integers(0, len(once) - 1))
        until = max(calls, key=lambda each: each.day)
        last = (
            until if once[which].state is OPEN else replace(until, started_at=once[which].last_at)
        )
        once[which] = decided(once[which], data.draw(st.sampled_from([DONE, DISMISSED])), last)
        once = told(calls, once)
    dropped = data.draw(st.sets(st.sampled_from(calls))) if calls else set()
    fewer = [each for each in calls if each not in dropped]

    through_fewer = told(calls, told(fewer, once))

    assert told(calls, once) == once
    assert [replace(each, id=once[0].id) for each in through_fewer] == [
        replace(each, id=once[0].id) for each in once
    ]
    assert states(once).count(OPEN) <= 1
