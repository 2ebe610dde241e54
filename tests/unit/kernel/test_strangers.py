import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.strangers import count, number, probability, read_json, storable

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("да\0", "да"),
        ("a\ud800b", "a\ufffdb"),
        ("\ud83d\ude00", "😀"),
        ("\x1b[2Jкрасный", "[2Jкрасный"),
        ("при\u202eвет\u2066", "привет"),
        ("первая\n\tвторая\r\n", "первая\n\tвторая\r\n"),
        ("שלום", "שלום"),
        ("نعم", "نعم"),
    ],
)
def test_a_text_loses_what_cannot_be_stored_or_shown_and_nothing_else(
    written: str, kept: str
) -> None:
    assert storable(written) == kept


@given(st.text(st.characters(codec=None)))
def test_any_text_becomes_one_that_is_utf_8_without_nul(text: str) -> None:
    kept = storable(text)

    assert "\0" not in kept
    assert kept.encode().decode() == storable(kept)


@pytest.mark.parametrize(
    ("value", "found"),
    [(7, 7), (-0.02, -0.02), ("1.5", 1.5), (" 1,5 ", 1.5), ("1e3", 1000), (10.5, 10.5)],
)
def test_a_number_may_be_written_as_a_text(value: object, found: float) -> None:
    assert number(value) == found


@pytest.mark.parametrize(
    "value", [None, True, math.nan, -math.inf, 10**400, "9" * 5000, "1e999", "NaN", "", "x", [1]]
)
def test_what_is_no_finite_number_is_none(value: object) -> None:
    assert number(value) is None
    assert count(value) is None
    assert probability(value) is None


def test_a_count_is_whole_and_not_negative() -> None:
    assert [count(value) for value in (10.5, "3", 0, -1)] == [11, 3, 0, None]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (1.0000001, 1),
        (-1e-9, 0),
        (0.25, 0.25),
        ("0.5", 0.5),
        (-math.log(2), 0.5),
        (98, None),
    ],
)
def test_a_probability_is_held_within_its_bounds_or_is_none(
    value: object, found: float | None
) -> None:
    assert probability(value) == (None if found is None else pytest.approx(found))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('\ufeff{"a": "\\u0000b\\ud800"}', {"a": "b\ufffd"}),
        (b'\xef\xbb\xbf["\xd0\xb4"]', ["д"]),
        ('{"a\\u0000": [1, {"b": "\\u202ec"}]}', {"a": [1, {"b": "c"}]}),
        ("9" * 5000, math.inf),
        ("12345678901234567890", 12345678901234567890),
    ],
)
def test_json_is_read_with_texts_that_can_be_kept(text: str | bytes, found: object) -> None:
    assert read_json(text) == found


@pytest.mark.parametrize("text", ["", "<html>", "[" * 100_000, '{"a": 1}}', b"\xff\xfe"])
def test_whatever_is_wrong_with_json_is_one_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_json(text)


@given(ANYTHING)
def test_any_value_gives_a_finite_number_or_none(value: object) -> None:
    found = number(value)

    assert found is None or math.isfinite(found)
    sure = probability(value)
    assert sure is None or 0 <= sure <= 1
