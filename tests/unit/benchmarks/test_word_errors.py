"""What the measurement of word errors takes for the same word."""

import pytest

from benchmarks.word_errors import Errors, normal, word_errors


@pytest.mark.parametrize(
    ("said", "heard", "language"),
    [
        ("В пятнадцать тридцать!", "в 15-30", "ru"),
        ("от шестидесяти... нет, шестьдесят пять тысяч", "От шестидесяти, нет, 65 000.", "ru"),
        ("Всё ещё", "все еще", "ru"),
        ("three thousand five hundred", "3,500", "en"),
    ],
)
def test_numbers_and_punctuation_may_be_written_either_way(
    said: str, heard: str, language: str
) -> None:
    words = normal(said, language).replace(" and ", " ").split()
    assert words == normal(heard, language).replace(" and ", " ").split()


def test_errors_are_counted_by_their_kind_and_summed() -> None:
    errors = word_errors("раз два три четыре", "раз двадцать три пять шесть", "ru")
    assert errors == Errors(4, 2, 0, 1)
    assert (errors + Errors(6, 0, 0, 0)).rate == pytest.approx(0.3)
