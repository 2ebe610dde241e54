from datetime import UTC, datetime, timedelta

import pytest

from services.kernel.retry_after import LONGEST, retry_after

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("120", timedelta(minutes=2)),
        (" 0.5 ", timedelta(seconds=0.5)),
        ("-1", timedelta(0)),
        ("999999", LONGEST),
        ("Sun, 01 Mar 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("Sun, 01 Mar 2026 12:05:00 -0000", timedelta(minutes=5)),
        ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta(0)),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("9" * 30, None),
    ],
)
def test_a_pause_is_asked_for_in_seconds_or_until_a_date(
    header: str, pause: timedelta | None
) -> None:
    assert retry_after(header, NOW) == pause
