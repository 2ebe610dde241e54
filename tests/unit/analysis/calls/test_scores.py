import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analysis.calls.domain import CheckedItem, ItemStatus
from services.analysis.calls.scores import score
from tests.builders.analysis import clinic

PLAYBOOK = clinic()
ITEMS = [item.name for item in PLAYBOOK.checklist]


def test_a_score_is_the_weighted_share_of_what_applies() -> None:
    checklist = [
        CheckedItem(item="greeting", status=ItemStatus.COMPLETED),  # weight 1
        CheckedItem(item="needs", status=ItemStatus.ATTEMPTED),  # weight 2
        CheckedItem(item="offer", status=ItemStatus.NOT_REACHED),  # weight 3
        CheckedItem(item="follow_up", status=ItemStatus.NOT_APPLICABLE),  # weight 3
    ]

    scores = score(checklist, PLAYBOOK)

    assert scores.checklist == pytest.approx(100 * 2 / 6)
    assert scores.by_skill == {"contact": 100.0, "needs_discovery": 50.0, "offer": 0.0}
    assert scores.applicable_items == 3


def test_a_call_to_which_nothing_applies_has_no_score() -> None:
    checklist = [CheckedItem(item=name, status=ItemStatus.NOT_APPLICABLE) for name in ITEMS]

    scores = score(checklist, PLAYBOOK)

    assert scores.checklist is None
    assert scores.by_skill == {}
    assert scores.applicable_items == 0


@given(st.lists(st.sampled_from(ItemStatus), min_size=len(ITEMS), max_size=len(ITEMS)))
def test_doing_more_never_lowers_a_score(statuses: list[ItemStatus]) -> None:
    better = [ItemStatus.COMPLETED if s is not ItemStatus.NOT_APPLICABLE else s for s in statuses]
    low, high = (
        score([CheckedItem(item=i, status=s) for i, s in zip(ITEMS, row, strict=True)], PLAYBOOK)
        for row in (statuses, better)
    )

    if low.checklist is None:
        assert high.checklist is None
    else:
        assert 0 <= low.checklist <= 100
        assert high.checklist == pytest.approx(100)
        assert min(low.by_skill.values()) - 1e-9 <= low.checklist
        assert low.checklist <= max(low.by_skill.values()) + 1e-9
