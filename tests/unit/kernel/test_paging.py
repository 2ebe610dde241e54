import base64
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.kernel.calling import calling
from services.kernel.errors import InvalidInput
from services.kernel.paging import (
    day,
    moment,
    page_of,
    page_start,
    page_token,
    real,
    serial,
    text,
    unique,
    whole,
    yes_or_no,
)

KEYS = (day, whole)


def read(on: date, number: int) -> tuple[date, int]:
    return on, number


def test_a_token_leads_to_the_item_it_was_made_of() -> None:
    token = page_token("ListCalls of anna", ["2026-11-02", 7])

    assert page_start("ListCalls of anna", token, KEYS, read) == (date(2026, 11, 2), 7)


def test_the_first_page_needs_no_token() -> None:
    assert page_start("ListCalls of anna", "", KEYS, read) is None


def test_a_page_says_whether_there_are_more() -> None:
    page = page_of("numbers", [1, 2, 3], 2, lambda number: [number])
    last = page_of("numbers", [3], 2, lambda number: [number])

    assert page.items == [1, 2]
    assert page_start("numbers", page.next_page_token, (whole,), int) == 2
    assert (last.items, last.next_page_token) == ([3], "")


def test_an_exactly_full_page_can_be_the_last() -> None:
    assert page_of("numbers", [1, 2], 2, lambda number: [number]).next_page_token == ""


def test_an_empty_list_has_one_page() -> None:
    page = page_of("numbers", list[int](), 2, lambda number: [number])

    assert (page.items, page.next_page_token) == ([], "")


def test_a_token_of_another_list_is_refused() -> None:
    token = page_token("ListCalls of anna", ["2026-11-02", 7])

    with pytest.raises(InvalidInput, match=r"page_token: is of another list"):
        page_start("ListCalls of boris", token, KEYS, read)


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "не токен",
        "\ud800",
        "AAAA",
        _encoded("[]"),
        _encoded("7"),
        _encoded("null"),
        _encoded('["aaaaaaaaaaaa"]'),
        _encoded('["aaaaaaaaaaaa","2026-13-02",7]'),
        _encoded('["aaaaaaaaaaaa",["2026-11-02"],7]'),
        _encoded('["aaaaaaaaaaaa","2026-11-02",7,8]'),
        _encoded('["aaaaaaaaaaaa","2026-11-02",1e999]'),
        _encoded('["aaaaaaaaaaaa","2026-11-02",2147483648]'),
        _encoded('["aaaaaaaaaaaa","2026-11-02",7.5]'),
        _encoded('["aaaaaaaaaaaa","2026-11-02",true]'),
        _encoded('["aaaaaaaaaaaa","2026-11-02","7"]'),
        _encoded('["aaaaaaaaaaaa","2026-11-02 x",7]'),
        _encoded('["aaaaaaaaaaaa","0001-01-01",7]'),
        _encoded('["aaaaaaaaaaaa","9999-12-31",7]'),
        _encoded("[" * 100_000),
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidInput, match=r"page_token: is not a token"):
        page_start("ListCalls of anna", token, KEYS, read)


@pytest.mark.parametrize("key", ["anna\0", "\ud800"])
def test_a_key_that_cannot_be_stored_is_refused(key: str) -> None:
    token = page_token("ListClients", [key])

    with pytest.raises(InvalidInput, match=r"page_token: is not a token"):
        page_start("ListClients", token, (text,), str)


def wrong(kind: Callable[[Any], Any], *keys: Any) -> list[tuple[Callable[[Any], Any], Any]]:
    return [(kind, key) for key in keys]


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        *wrong(moment, "2026-11-02", "2026-11-02T10:00:00", "0001-01-01T00:00:00+14:00"),
        *wrong(moment, "9999-12-31T23:59:59-12:00", "2026-11-02T10:00:00+99:00", 7, None),
        *wrong(whole, 2**31, -(2**31) - 1, 10**400, 1.0, float("nan"), True, "1", [1]),
        *wrong(serial, 2**63, -(2**63) - 1, 1.5, False, "1"),
        *wrong(real, float("nan"), float("inf"), -float("inf"), 1e300, True, "1", {}),
        *wrong(yes_or_no, 0, 1, "true", None),
        *wrong(unique, "", "x", "0b4f0c3e-8a8e-4a53-9f0e", 7, []),
        *wrong(text, 7, None, "x" * 1_001, "a\0", "\ud800"),
        *wrong(day, 20261102, "2026-02-30", "", "2026-11-02T10:00"),
    ],
)
def test_a_key_is_of_its_kind_and_within_bounds(kind: Callable[[Any], Any], key: Any) -> None:
    with pytest.raises(InvalidInput, match=r"page_token: is not a token"):
        page_start("a list", page_token("a list", [key]), (kind,), lambda found: found)


def test_a_time_is_read_as_utc() -> None:
    token = page_token("a list", ["2026-11-02T10:00:00+03:00"])

    start = page_start("a list", token, (moment,), lambda key: key)
    assert start == datetime(2026, 11, 2, 7, tzinfo=UTC)


def test_a_token_is_for_whoever_got_it() -> None:
    calling.set("anna")
    token = page_token("ListClients", ["clinic"])
    assert page_start("ListClients", token, (text,), str) == "clinic"

    calling.set("boris")
    with pytest.raises(InvalidInput, match=r"page_token: is of another list"):
        page_start("ListClients", token, (text,), str)
