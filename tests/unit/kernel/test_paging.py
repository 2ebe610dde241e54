import base64
from datetime import date

import pytest

from services.kernel.errors import InvalidInput
from services.kernel.paging import page_of, page_start, page_token


def read(day: str, number: int) -> tuple[date, int]:
    return date.fromisoformat(day), int(number)


def test_a_token_leads_to_the_item_it_was_made_of() -> None:
    token = page_token("ListCalls of anna", ["2026-11-02", 7])

    assert page_start("ListCalls of anna", token, read) == (date(2026, 11, 2), 7)


def test_the_first_page_needs_no_token() -> None:
    assert page_start("ListCalls of anna", "", read) is None


def test_a_page_says_whether_there_are_more() -> None:
    page = page_of("numbers", [1, 2, 3], 2, lambda number: [number])
    last = page_of("numbers", [3], 2, lambda number: [number])

    assert page.items == [1, 2]
    assert page_start("numbers", page.next_page_token, int) == 2
    assert (last.items, last.next_page_token) == ([3], "")


def test_an_exactly_full_page_can_be_the_last() -> None:
    assert page_of("numbers", [1, 2], 2, lambda number: [number]).next_page_token == ""


def test_an_empty_list_has_one_page() -> None:
    page = page_of("numbers", list[int](), 2, lambda number: [number])

    assert (page.items, page.next_page_token) == ([], "")


def test_a_token_of_another_list_is_refused() -> None:
    token = page_token("ListCalls of anna", ["2026-11-02", 7])

    with pytest.raises(InvalidInput, match=r"page_token: is of another list"):
        page_start("ListCalls of boris", token, read)


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
        _encoded("[" * 100_000),
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidInput, match=r"page_token: is not a token"):
        page_start("ListCalls of anna", token, read)


@pytest.mark.parametrize("key", ["anna\0", "\ud800"])
def test_a_key_that_cannot_be_stored_is_refused(key: str) -> None:
    token = page_token("ListClients", [key])

    with pytest.raises(InvalidInput, match=r"page_token: is not a token"):
        page_start("ListClients", token, str)
