from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.call_sync import spellings
from services.call_sync.spellings import Unreadable

MOSCOW = ZoneInfo("Europe/Moscow")
LINK = "https://pbx.example/rec?id=1&hash=2"
AT = datetime(2026, 11, 2, 7, 5, tzinfo=UTC)
SECONDS = int(AT.timestamp())

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    "value",
    [85, 85.0, "85", " 85 ", "85,0", "85.0", "1:25", "01:25", "00:01:25", "0:01:25,0", "85 сек", "85 сек.", "85с", "85s",
     "85 sec", "85 секунд", "1 мин 25 сек", "1 мин. 25 сек.", "1м25с", "1m 25s", "PT1M25S", "1'25\"", 85000, "85000",
     "85000 мс", "85000ms", "1:25 мин", "1:25 min.", "1мин25сек", "1 хв 25 сек", "85 c", "85 sek", "1'25''",
     "P0DT0H1M25S", "0 days 00:01:25", "0.00:01:25", "00:01:25.000"],
    ids=repr,
)  # fmt: skip
def test_a_length_is_the_same_however_it_is_written(value: Any) -> None:
    assert spellings.seconds(value) == 85


@pytest.mark.parametrize(
    ("value", "seconds"), [("1 ч 2 мин", 3720), ("04:30:00", 16200), ("2 hours", 7200), (0, 0), ("0:00", 0)], ids=repr
)  # fmt: skip
def test_long_and_empty_lengths_stay_what_they_are(value: Any, seconds: float) -> None:
    assert spellings.seconds(value) == seconds


@pytest.mark.parametrize(
    "value",
    [SECONDS, float(SECONDS), f"{SECONDS}", SECONDS * 1000, SECONDS * 10**6, SECONDS * 10**9, "2026-11-02T07:05:00Z",
     "2026-11-02T10:05:00+03:00", "2026-11-02 10:05:00", "2026-11-02T10:05", "02.11.2026 10:05", "02.11.2026, 10:05:00",
     "Mon, 02 Nov 2026 10:05:00 +0300", {"date": "2026-11-02 10:05:00.000000", "timezone_type": 3},
     {"date": "2026-11-02 07:05:00.000000", "timezone_type": 3, "timezone": "UTC"},
     {"date": "2026-11-02 12:05:00.000000", "timezone_type": 1, "timezone": "+05:00"}, "2026-11-02 07:05:00 UTC",
     "2026-11-02T07:05:00z", "2026-11-02T10:05:00 03:00", "2026-11-02T10:05:00+03:00[Europe/Moscow]",
     "2026/11/02 10:05:00", "2026.11.02 10:05", "02-11-2026 10:05", "2.11.2026 в 10:05", 46328.4201388889, "46328,4201388889"],
    ids=repr,
)  # fmt: skip
def test_a_time_is_the_same_however_it_is_written(value: Any) -> None:
    assert spellings.moment(value, MOSCOW) == AT


@pytest.mark.parametrize(
    "value",
    [LINK, f"  {LINK}\n", f"\ufeff{LINK}", f"HTTPS{LINK[5:]}", LINK.replace("&", "&amp;"), f"({LINK}).", f"<{LINK}>", f'"{LINK}"',
     f"«{LINK}»", f"запись: {LINK} спасибо", f"[запись]({LINK})", f'<a href="{LINK}">', LINK.replace("/", "\\/"),
     [LINK], f"{LINK},", f"{LINK};", LINK.replace("&", "&amp;amp;"), LINK.replace("&", "&#38;"), LINK.replace("&", "\\u0026"),
     f"[url={LINK}]запись[/url]", f"({LINK}),ещё", f"{LINK}…", {"href": LINK}, [{"url": LINK}], f"{LINK};https://pbx.example/2"],
    ids=repr,
)  # fmt: skip
def test_a_link_is_the_same_whatever_stands_around_it(value: Any) -> None:
    assert spellings.link(value) == LINK


@pytest.mark.parametrize(
    ("value", "link"),
    [
        ("HTTP://pbx.example/A", "http://pbx.example/A"),
        (
            "https://h.example/?a=1&timestamp=2&copy=3&region=4",
            "https://h.example/?a=1&timestamp=2&copy=3&region=4",
        ),
        (
            "https://h.example/?ids[]=1&to=https://x.example/",
            "https://h.example/?ids[]=1&to=https://x.example/",
        ),
        ("10.0.0.5:8080/rec/1.mp3", "//10.0.0.5:8080/rec/1.mp3"),
        ("//pbx.example/a", "//pbx.example/a"),
        ("pbx.example/a.mp3", "//pbx.example/a.mp3"),
        ("/rec/a.mp3", "/rec/a.mp3"),
        ("https://h.example/my call.mp3", "https://h.example/my%20call.mp3"),
        ("https://h.example/a_(1).mp3", "https://h.example/a_(1).mp3"),
        ("https://запись.рф/a", "https://запись.рф/a"),
        ("https%3A%2F%2Fh.example%2Fa", "https://h.example/a"),
    ],
)
def test_what_a_link_leaves_out_stays_open(value: str, link: str) -> None:
    assert spellings.link(value) == link


@pytest.mark.parametrize(
    "value", [9007199254740993, "9007199254740993", " 9007199254740993 "], ids=repr
)
def test_a_number_keeps_its_last_digit(value: Any) -> None:
    assert spellings.whole(value) == 9007199254740993


@pytest.mark.parametrize(
    "value", [None, "", "  ", "-", "null", "нет", [], {}, False, "\ufeff"], ids=repr
)
def test_nothing_may_be_said_in_many_ways(value: Any) -> None:
    assert spellings.seconds(value) is None
    assert spellings.link(value) is None
    assert spellings.moment(value, UTC) is None


@pytest.mark.parametrize(
    ("read", "value"),
    [
        *((spellings.seconds, v) for v in (-1, "-1", True, float("nan"), 10**400, "soon", "1:75", {"a": 1}, "1e3", "1мин25", "1:25 ч")),
        *((spellings.link, v) for v in ("ftp://x/y", "http://", "//", 5, {"a": 1}, "https://x/" + "y" * 9000)),
        *((spellings.whole, v) for v in (True, 9007199254740993.0, "x", 1.5, "9" * 40, [1])),
        *((lambda v: spellings.moment(v, UTC), v) for v in ("today", "2026-11-02", -5, 10**300, True, [1],
          {"date": "2026-11-02 10:05:00", "timezone": "MSK"}, "02/11/2026 10:05", "32.01.2026 10:05")),
    ],
    ids=lambda each: each.__name__ if callable(each) else repr(each)[:40],
)  # fmt: skip
def test_what_cannot_be_read_is_said_to_be_so(read: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(Unreadable):
        read(value)


@given(ANYTHING)
def test_anything_is_read_or_refused(value: Any) -> None:
    for read in (
        spellings.seconds,
        spellings.link,
        spellings.whole,
        lambda each: spellings.moment(each, UTC),
    ):
        try:
            found = read(value)
        except Unreadable as error:
            str(error).encode()
        else:
            str(found).encode()
