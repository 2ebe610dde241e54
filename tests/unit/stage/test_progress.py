from datetime import UTC, datetime

from services.stage.progress import Waiting, wait_of
from services.status.domain import ItemCounts, Wait, WaitReason

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
