"""Keys of page tokens that lead to a row, and keys that do not."""

from datetime import UTC, datetime

import pytest

from services.coordinator.state.position import Position, position

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_keys_lead_to_the_position_they_were_made_of() -> None:
    known = Position(NOON, "bot-1")

    assert position(*known.keys) == known


@pytest.mark.parametrize(
    "created_at",
    ["yesterday", "2026-11-02T12:00:00", "0001-01-01T00:00:00+23:59"],
    ids=["no time", "no time zone", "before all times"],
)
def test_a_time_that_no_row_has_is_refused(created_at: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        position(created_at, "bot-1")
