"""Range status as the public endpoints print it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coordinator.state.days import (
    DayFigures,
    RangeDay,
)
from services.coordinator.state.ledger import (
    OverallStatus,
    RangeStatus,
    StageLedger,
    button_status,
    range_status,
    stage_ledgers,
    stale_days,
)
from services.status.domain import Stage

Day = tuple[str, RangeDay]
NAMES = ["2026-11-19", "2026-11-20"]


def a_day(
    name: str = NAMES[0],
    *,
    covered: bool = True,
    figures: DayFigures | None = None,
    **counts: int,
) -> Day:
    return name, RangeDay(figures=figures or DayFigures(**counts), covered=covered)


def status(*days: Day, before: tuple[Day, ...] = (), active: bool = False) -> RangeStatus:
    return range_status(
        [NAMES[0]] if len(days) < 2 else NAMES,
        [dict(before), dict(days)],
        active=active,
    )


def test_the_documents_own_example() -> None:
    found = status(
        a_day(covered=False, pending=50, processing=10, success=85, failed=5), active=True
    )

    assert found == RangeStatus(
        overall_status=OverallStatus.PROCESSING,
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
        (a_day(), False, OverallStatus.COMPLETED, 100.0),
        (a_day(covered=False), False, OverallStatus.PENDING, 0.0),
        (a_day(covered=False), True, OverallStatus.PROCESSING, 0.0),
        (a_day(success=2, skipped=1), False, OverallStatus.COMPLETED, 100.0),
        (a_day(success=2, failed=1), False, OverallStatus.PARTIAL, 100.0),
        (a_day(failed=3), False, OverallStatus.PARTIAL, 100.0),
        (a_day(success=2, failed=1), True, OverallStatus.PROCESSING, 66.67),
        (a_day(covered=False, success=2, failed=1), False, OverallStatus.PARTIAL, 66.67),
        (a_day(covered=False, success=1, pending=1), False, OverallStatus.PARTIAL, 50.0),
        (a_day(covered=False, pending=1), False, OverallStatus.PENDING, 0.0),
        (a_day(success=2), True, OverallStatus.PROCESSING, 100.0),
    ],
)
def test_overall_status(day: Day, active: bool, overall: OverallStatus, progress: float) -> None:
    found = status(day, active=active)

    assert (found.overall_status, found.progress_percentage) == (overall, progress)


@pytest.mark.parametrize("covered", [True, False])
@given(figures=st.tuples(*[st.integers(0, 3)] * 5), available=st.integers(0, 9))
def test_a_page_stops_after_the_end_of_a_run_and_is_told_what_is_left(
    covered: bool, figures: tuple[int, ...], available: int
) -> None:
    day = a_day(covered=covered, figures=DayFigures(*figures))
    ours = status(day, before=(a_day(available=available),))
    page = button_status(ours, ended=True)
    counted = ("total_calls", "pending", "processing", "success", "failed")

    assert page.overall_status is OverallStatus.COMPLETED or (
        page.overall_status is OverallStatus.PARTIAL and page.progress_percentage == 100
    )
    assert page.processing == 0
    assert [getattr(page, name) for name in counted] == [getattr(ours, name) for name in counted]
    if page.overall_status is OverallStatus.COMPLETED:
        assert page.success == page.total_calls
    if ours.pending:
        assert ours.progress_percentage < 100
    assert button_status(ours, ended=False) == ours


def test_other_listings_of_calls_are_counted_and_are_no_calls() -> None:
    day = a_day(success=3, skipped=4, failed=1, merged=2, listed=8)

    [ledger] = stage_ledgers(NAMES[:1], {Stage.CALL_SYNC: dict([day])})
    found = status(day)

    assert (ledger.found, ledger.skipped, ledger.merged, ledger.listed) == (8, 2, 2, 8)
    parts = ledger.success + ledger.skipped + ledger.failed + ledger.pending + ledger.merged
    assert parts == ledger.found
    assert (found.total_calls, found.success) == (6, 5)


def test_a_late_call_shows_as_pending_at_once() -> None:
    found = status(a_day(success=3), before=(a_day(success=4, available=4),))

    assert (found.pending, found.total_calls, found.overall_status) == (1, 4, OverallStatus.PARTIAL)


def test_a_late_call_of_one_day_is_not_hidden_by_a_removed_one_of_another() -> None:
    before = (a_day(NAMES[0], available=2), a_day(NAMES[1], available=4))
    found = status(a_day(NAMES[0], success=3), a_day(NAMES[1], success=3), before=before)

    assert found.pending == 1


def test_a_day_that_is_not_covered_keeps_the_range_from_being_completed() -> None:
    found = status(a_day(NAMES[0], success=1), a_day(NAMES[1], covered=False))

    assert found.overall_status is OverallStatus.PARTIAL


def overtaken(*chain: Day) -> list[int]:
    """Return how many days are stale, stage by stage, of a chain that is a day long."""
    return [len(days) for days in stale_days(NAMES[:1], [dict([day]) for day in chain])]


@pytest.mark.parametrize(
    ("before", "stage", "is_stale"),
    [
        (a_day(available=2, output=7), a_day(success=2, input=7), False),
        (a_day(available=2, output=8), a_day(success=2, input=7), True),
        (a_day(available=2, output=8), a_day(success=2, input=7, covered=False), False),
        (a_day(available=2, output=8), a_day(failed=2), False),
        (a_day(available=2, output=8), a_day(), False),
        (a_day(available=1, output=7), a_day(success=2, input=7), True),
        (a_day(available=1, output=7), a_day(success=2, input=7, covered=False), False),
        (a_day(skipped=2), a_day(success=2, input=7), True),
    ],
)
def test_a_day_is_stale_when_its_input_is_newer_or_gone(
    before: Day, stage: Day, is_stale: bool
) -> None:
    assert overtaken(before, stage) == [0, int(is_stale)]
    assert status(stage, before=(before,)).stale_days == is_stale


def test_what_was_made_from_something_stale_is_stale_too() -> None:
    chain = [a_day(success=1, available=1, output=9)]
    chain += [a_day(success=1, available=1, input=n, output=n + 1) for n in (5, 6, 7)]
    uncovered = a_day(covered=False)

    assert overtaken(*chain) == [0, 1, 1, 1]
    assert overtaken(*chain[:2], uncovered) == [0, 1, 0]


def test_the_ledger_accounts_for_late_gone_and_open_calls() -> None:
    source = a_day(success=5, skipped=1, available=5, output=3)
    stage = a_day(pending=1, processing=1, success=1, input=3)
    other = a_day(NAMES[1], success=2, available=2, input=3)
    ledgers = stage_ledgers(
        NAMES,
        {Stage.CALL_SYNC: dict([source]), Stage.ANALYSIS: dict([stage, other])},
    )

    assert ledgers == [
        StageLedger(
            stage=Stage.CALL_SYNC,
            found=6,
            success=5,
            skipped=1,
            failed=0,
            pending=0,
            available=5,
            gone=0,
            stale_days=0,
            covered_days=1,
        ),
        StageLedger(
            stage=Stage.ANALYSIS,
            found=7,
            success=3,
            skipped=0,
            failed=0,
            pending=4,
            available=2,
            gone=2,
            stale_days=1,
            covered_days=2,
        ),
    ]


def consistent(*numbers: int) -> DayFigures:
    """Return figures in which no part is more than what it is a part of."""
    made = DayFigures(*numbers)
    return made._replace(
        permanent=min(made.permanent, made.failed), merged=min(made.merged, made.skipped)
    )


counts = st.integers(0, 50)
a_figure = st.integers(0, 9)
a_known_day = st.builds(
    a_day,
    st.sampled_from(NAMES),
    covered=st.booleans(),
    figures=st.builds(consistent, *[a_figure] * len(DayFigures._fields)),
)
a_chain = st.lists(st.lists(a_known_day, max_size=2), min_size=len(Stage), max_size=len(Stage)).map(
    lambda stages: [dict(days) for days in stages]
)


@given(chain=a_chain)
def test_no_call_is_lost_between_the_stages(chain: list[dict[str, RangeDay]]) -> None:
    ledgers = stage_ledgers(NAMES, dict(zip(Stage, chain, strict=True)))

    for index, each in enumerate(ledgers):
        found = range_status(NAMES, chain[: index + 1], active=False)
        told = each.success + each.skipped + each.failed + each.pending
        assert each.found == told + each.merged
        assert told == found.total_calls
        assert each.failed == found.failed
        assert each.success + each.skipped == found.success
        assert each.pending == found.pending + found.processing
        assert each.stale_days == found.stale_days <= each.covered_days
        assert each.gone <= each.found


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
    assert (found.overall_status is OverallStatus.PROCESSING) == active
