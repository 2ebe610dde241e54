"""Which items a run takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.stage.domain import Found, ItemId
from services.stage.modes import KnownItem, takes
from services.status.domain import RETRYABLE, ExecutionNumber, ItemState, Reason, RunMode
from tests.fakes.stage_work import DAY

PENDING, FAILED, ALL = RunMode.PENDING, RunMode.FAILED, RunMode.ALL


def known(
    state: ItemState,
    reason: Reason | None = None,
    *,
    execution: int = 5,
    input_: int = 3,
) -> KnownItem:
    return KnownItem(
        day=DAY,
        execution=ExecutionNumber(execution),
        state=state,
        reason=reason,
        input=input_,
        seen=execution,
    )


def decide(
    mode: RunMode, item: KnownItem | None, *, upstream: int = 3, covered: bool = True
) -> bool:
    found = Found(item_id=ItemId("1"), day=DAY, upstream=upstream)
    return takes(mode, item, found, execution=ExecutionNumber(9), covered=covered)


SUCCESS = known(ItemState.SUCCESS)
SKIPPED = known(ItemState.SKIPPED, Reason.TOO_SHORT)
NOT_YET = known(ItemState.SKIPPED, Reason.NO_RECORDING_YET)
GIVEN_UP = known(ItemState.SKIPPED, Reason.NO_RECORDING)
TRANSIENT = known(ItemState.FAILED, Reason.TIMEOUT)
PERMANENT = known(ItemState.FAILED, Reason.BAD_AUDIO)
OPEN = known(ItemState.PROCESSING)


@pytest.mark.parametrize(
    ("item", "pending", "failed", "failed_uncovered"),
    [
        (None, True, False, True),
        (SUCCESS, False, False, False),
        (SKIPPED, False, False, False),
        (NOT_YET, True, False, True),
        (GIVEN_UP, False, False, False),
        (TRANSIENT, True, True, True),
        (PERMANENT, False, True, True),
        (OPEN, True, False, True),
    ],
)
def test_each_mode_takes_what_it_says(
    item: KnownItem | None, pending: bool, failed: bool, failed_uncovered: bool
) -> None:
    assert decide(PENDING, item) is pending
    assert decide(FAILED, item) is failed
    assert decide(FAILED, item, covered=False) is failed_uncovered
    assert decide(ALL, item)


@pytest.mark.parametrize("item", [SUCCESS, SKIPPED, PERMANENT])
def test_an_input_that_is_newer_than_the_result_is_worked_on_again(item: KnownItem) -> None:
    assert decide(PENDING, item, upstream=4)
    assert not decide(PENDING, item, upstream=3)


@pytest.mark.parametrize(
    ("state", "reason"),
    [(ItemState.SKIPPED, Reason.MERGED), (ItemState.FAILED, Reason.UNREADABLE)],
)
def test_what_ended_by_its_listing_is_due_once_that_says_something_else(
    state: ItemState, reason: Reason
) -> None:
    item = known(state, reason)
    found = Found(item_id=ItemId("1"), day=DAY, upstream=3, settled=reason)

    assert decide(PENDING, item)
    assert not takes(PENDING, item, found, execution=ExecutionNumber(9), covered=True)


ITEMS = st.builds(
    known,
    st.sampled_from(ItemState),
    st.sampled_from(Reason),
    execution=st.integers(1, 20),
    input_=st.integers(0, 9),
)


@given(ITEMS, st.sampled_from(RunMode), st.integers(0, 9), st.booleans())
def test_an_item_of_this_or_a_newer_execution_is_never_taken(
    item: KnownItem, mode: RunMode, upstream: int, covered: bool
) -> None:
    if item.execution >= 9:
        assert not decide(mode, item, upstream=upstream, covered=covered)


@given(ITEMS, st.integers(0, 9), st.booleans())
def test_all_takes_whatever_another_mode_takes(
    item: KnownItem, upstream: int, covered: bool
) -> None:
    for mode in (PENDING, FAILED):
        if decide(mode, item, upstream=upstream, covered=covered):
            assert decide(ALL, item, upstream=upstream, covered=covered)


@given(ITEMS, st.booleans())
def test_a_failure_that_may_mend_is_taken_by_every_mode(item: KnownItem, covered: bool) -> None:
    if item.state is ItemState.FAILED and item.reason in RETRYABLE and item.execution < 9:
        assert all(decide(mode, item, covered=covered) for mode in RunMode)
