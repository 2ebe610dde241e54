"""Range status as the public endpoints print it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coordinator.domain import Day, DayFigures
from services.coordinator.ledger import RangeStatus, range_status
from services.status.domain import Owner, Stage

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMES = ["2026-11-19", "2026-11-20"]


def a_day(
    name: str = NAMES[0],
    *,
    covered: bool = True,
    figures: DayFigures | None = None,
    **counts: int,
) -> Day:
    return Day(
        owner=Owner("client:clinic"),
        stage=Stage.TRANSCRIPTION,
        day=name,
        figures=figures or DayFigures(**counts),
        covered_at=NOON if covered else None,
    )


def status(*days: Day, before: tuple[Day, ...] = (), active: bool = False) -> RangeStatus:
    return range_status(
        [NAMES[0]] if len(days) < 2 else NAMES,
        [{d.day: d for d in before}, {d.day: d for d in days}],
        active=active,
    )


def test_the_documents_own_example() -> None:
    found = status(
        a_day(covered=False, pending=50, processing=10, success=85, failed=5), active=True
    )

    assert found == RangeStatus(
        overall_status="processing",
        total_calls=150,
        pending=50,
        processing=10,
        success=85,
        failed=5,
        progress_percentage=56.67,
        stale_days=0,
    )


@pytest.mark.parametrize(
    ("day", "active", "overall", "progress"),
    [
        (a_day(), False, "completed", 100.0),
        (a_day(covered=False), False, "pending", 0.0),
        (a_day(covered=False), True, "processing", 0.0),
        (a_day(success=2, skipped=1), False, "completed", 100.0),
        (a_day(success=2, failed=1), False, "partial", 66.67),
        (a_day(failed=3), False, "partial", 0.0),
        (a_day(covered=False, success=1, pending=1), False, "partial", 50.0),
        (a_day(covered=False, pending=1), False, "pending", 0.0),
        (a_day(success=2), True, "processing", 100.0),
    ],
)
def test_overall_status(day: Day, active: bool, overall: str, progress: float) -> None:
    found = status(day, active=active)

    assert (found.overall_status, found.progress_percentage) == (overall, progress)


def test_a_late_call_shows_as_pending_at_once() -> None:
    found = status(a_day(success=3), before=(a_day(success=4, available=4),))

    assert (found.pending, found.total_calls, found.overall_status) == (1, 4, "partial")


def test_a_late_call_of_one_day_is_not_hidden_by_a_removed_one_of_another() -> None:
    before = (a_day(NAMES[0], available=2), a_day(NAMES[1], available=4))
    found = status(a_day(NAMES[0], success=3), a_day(NAMES[1], success=3), before=before)

    assert found.pending == 1


def test_a_day_that_is_not_covered_keeps_the_range_from_being_completed() -> None:
    found = status(a_day(NAMES[0], success=1), a_day(NAMES[1], covered=False))

    assert found.overall_status == "partial"


counts = st.integers(0, 50)


@given(
    figures=st.lists(st.tuples(counts, counts, counts, counts, counts, counts), max_size=2),
    available=counts,
    active=st.booleans(),
)
def test_the_four_numbers_add_up(
    figures: list[tuple[int, ...]], available: int, active: bool
) -> None:
    days = [
        a_day(name, figures=DayFigures(*row)) for name, row in zip(NAMES, figures, strict=False)
    ]
    found = status(*days, before=(a_day(available=available),), active=active)

    assert found.pending + found.processing + found.success + found.failed == found.total_calls
    assert 0 <= found.progress_percentage <= 100
    assert (found.overall_status == "processing") == active
