"""What is said about a wait, the fair place in the queue, the token of a page."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.errors import InvalidInput
from services.stage.adapters.job_queue import LAST, shares
from services.stage.listing import Listing, parse_token, write_token
from services.stage.progress import Waiting, wait_of
from services.status.domain import (
    DateRange,
    ExecutionNumber,
    ItemCounts,
    ItemState,
    Owner,
    Stage,
    Wait,
    WaitReason,
)
from tests.fakes.stage import DAY

LATER = datetime(2026, 5, 5, tzinfo=UTC)


def test_an_execution_waits_for_nothing_while_an_item_is_worked_on() -> None:
    assert wait_of(ItemCounts(pending=5, processing=1), Waiting(), begun=True) is None


def test_items_that_are_due_without_a_worker_wait_in_the_queue() -> None:
    assert wait_of(ItemCounts(pending=5), Waiting(count=4), begun=True) == Wait(
        reason=WaitReason.QUEUE
    )


def test_a_stated_wait_is_told_when_nothing_else_is_left() -> None:
    waiting = Waiting(count=5, reason=WaitReason.RATE_LIMIT, until_at=LATER)
    assert wait_of(ItemCounts(pending=5, success=9), waiting, begun=True) == Wait(
        reason=WaitReason.RATE_LIMIT, until_at=LATER
    )


def test_a_plain_back_off_is_no_stated_wait() -> None:
    assert wait_of(ItemCounts(pending=1), Waiting(count=1), begun=True) is None


def test_an_execution_whose_discovery_has_not_begun_waits_in_the_queue() -> None:
    assert wait_of(ItemCounts(), Waiting(), begun=False) == Wait(reason=WaitReason.QUEUE)


def test_what_discovery_waits_for_is_told_whatever_its_items_do() -> None:
    step = Wait(reason=WaitReason.ACCOUNT_PAUSED, until_at=LATER)
    assert wait_of(ItemCounts(processing=1), Waiting(), begun=True, step=step) == step


def test_a_new_owner_starts_at_the_front_of_the_queue() -> None:
    flood = shares(None, None, [1] * 1000, 1)
    front = -flood[300]
    assert all(priority > flood[311] for priority in shares(front, None, [1] * 10, 1))


def test_an_owner_with_jobs_in_the_queue_goes_on_behind_them() -> None:
    first = shares(None, None, [1] * 10, 1)
    assert max(shares(-first[0], -first[-1], [1], 1)) < min(first)


def test_twice_the_weight_is_twice_the_share() -> None:
    light, heavy = shares(None, None, [1] * 10, 1), shares(None, None, [1] * 20, 2)
    assert light[-1] == heavy[-1]


@given(
    st.integers(0, LAST),
    st.integers(0, LAST),
    st.lists(st.integers(1, 100), max_size=50),
    st.integers(1, 100),
)
def test_priorities_of_one_owner_never_rise_and_fit_the_column(
    front: int, own: int, costs: list[int], weight: int
) -> None:
    priorities = shares(front, own, costs, weight)
    assert priorities == sorted(priorities, reverse=True)
    assert all(-LAST <= priority <= 0 for priority in priorities)


def a_listing(owner: str = "client:a", *, available: bool = False) -> Listing:
    return Listing(
        owner=Owner(owner),
        stage=Stage.ANALYSIS,
        days=DateRange(start=DAY, end=DAY),
        states=[ItemState.FAILED],
        available=available,
        execution=ExecutionNumber(0),
    )


@given(st.text())
def test_a_page_token_returns_where_the_page_ended(item_id: str) -> None:
    assert parse_token(a_listing(), write_token(a_listing(), (DAY, item_id))) == (DAY, item_id)


@pytest.mark.parametrize("other", [a_listing("client:b"), a_listing(available=True)])
def test_a_page_token_of_another_request_is_refused(other: Listing) -> None:
    with pytest.raises(InvalidInput, match="page_token"):
        parse_token(a_listing(), write_token(other, (DAY, "1")))


@given(st.text(min_size=1))
def test_what_is_no_page_token_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="page_token"):
        parse_token(a_listing(), text)
