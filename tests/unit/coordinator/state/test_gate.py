"""The gate between two stages: what closes it, and what is advised to open it again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coordinator.state.days import Day, DayFigures
from services.coordinator.state.gate import Closed, gate
from services.coordinator.state.sequence import planned_run
from services.status.domain import RunId, RunMode, Stage
from tests.builders.coordinator import DAYS, NOON, a_client, a_start, a_tenant, days_of

PENDING, FAILED, ALL = RunMode.PENDING, RunMode.FAILED, RunMode.ALL


def refusal(least: float = 0.0, **figures: int) -> Closed | None:
    """Return what the gate behind CALL_SYNC says of these figures of one day."""
    tenant = a_tenant()
    run = planned_run(tenant, a_start(client=a_client(least)), RunId("r"), NOON)
    day = Day(
        owner=tenant.owner,
        stage=Stage.CALL_SYNC,
        day=days_of(DAYS)[0],
        figures=DayFigures(**figures),
        covered_at=NOON,
    )
    tenant.days[day.stage, day.day] = day
    return gate(tenant, run, Stage.CALL_SYNC)


@pytest.mark.parametrize(
    "figures",
    [
        {},
        {"skipped": 3},
        {"failed": 3, "permanent": 3},
        {"failed": 1, "permanent": 1, "skipped": 2},
        {"success": 1, "failed": 9, "permanent": 4, "pending": 5},
    ],
)
def test_where_any_success_is_enough_damage_for_good_closes_nothing(
    figures: dict[str, int],
) -> None:
    assert refusal(**figures) is None


@pytest.mark.parametrize(
    ("least", "figures", "advice", "mode"),
    [
        (0.0, {"failed": 3}, "retry its failures", FAILED),
        (0.0, {"failed": 3, "permanent": 2}, "retry its failures", FAILED),
        (
            0.0,
            {"failed": 2, "permanent": 2, "pending": 4},
            "run CALL_SYNC again, 4 are not done yet",
            PENDING,
        ),
        (0.0, {"processing": 1, "pending": 4}, "again, 5 are not done yet", PENDING),
        (0.5, {"success": 1, "failed": 3, "permanent": 2}, "retry its failures", FAILED),
        (0.5, {"success": 1, "failed": 3, "permanent": 3}, "3 failed for good", ALL),
        (0.9, {"success": 8, "failed": 2, "permanent": 2}, "lower min_success_ratio", ALL),
        (0.9, {"failed": 2, "permanent": 2}, "in mode ALL", ALL),
    ],
)
def test_the_advice_can_help(
    least: float, figures: dict[str, int], advice: str, mode: RunMode
) -> None:
    said = refusal(least, **figures)

    assert said is not None
    assert advice in said.why
    assert said.mode is mode


counts = st.integers(0, 4)


@given(st.sampled_from([0.0, 0.3, 0.5, 1.0]), counts, counts, counts, counts)
def test_a_retry_is_advised_only_where_it_can_open_the_gate(
    least: float, success: int, retryable: int, permanent: int, pending: int
) -> None:
    said = refusal(
        least,
        success=success,
        failed=retryable + permanent,
        permanent=permanent,
        pending=pending,
    )

    if said and said.mode is not ALL:
        mended = refusal(
            least, success=success + retryable + pending, failed=permanent, permanent=permanent
        )
        assert mended is None
