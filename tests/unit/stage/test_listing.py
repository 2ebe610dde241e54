from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.errors import InvalidInput
from services.kernel.paging import page_start, page_token
from services.stage.domain import ItemFilter
from services.stage.listing import POSITION, listing_of
from services.status.domain import DateRange, ExecutionNumber, ItemState, Owner, Stage
from tests.fakes.stage_work import DAY

FAILED = ItemFilter(
    owner=Owner("client:a"),
    stage=Stage.ANALYSIS,
    days=DateRange(start=DAY, end=DAY),
    states=[ItemState.FAILED],
)


def token(item_filter: ItemFilter, item_id: str) -> str:
    return page_token(listing_of(item_filter), (DAY.isoformat(), item_id))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_page_token_returns_where_the_page_ended(item_id: str) -> None:
    start = page_start(listing_of(FAILED), token(FAILED, item_id), POSITION, lambda *keys: keys)
    assert start == (DAY, item_id)


@pytest.mark.parametrize(
    "other",
    [
        {"owner": Owner("client:b")},
        {"stage": Stage.REPORTING},
        {"states": ()},
        {"available": True},
        {"execution": ExecutionNumber(7)},
    ],
)
def test_a_page_token_of_another_list_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="page_token: is of another list"):
        page_start(listing_of(FAILED), token(replace(FAILED, **other), "1"), POSITION, str)


def test_the_order_of_the_states_makes_no_other_list() -> None:
    states = [ItemState.SKIPPED, ItemState.FAILED]
    there, back = replace(FAILED, states=states), replace(FAILED, states=states[::-1])
    assert listing_of(there) == listing_of(back)
