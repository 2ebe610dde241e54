"""What a quote denies must not be told of it."""

import pytest

from services.llm.spoken.denials import denies


@pytest.mark.parametrize(
    ("quote", "told"),
    [
        ("мы не будем подписывать договор", "Подписать договор"),
        ("мы не подпишем договор", "Подписание договора"),
        ("we will not sign the contract", "Sign the contract"),
        ("We won't be buying the chairs", "Buying chairs"),
        ("Не покупаем второй принтер", "Покупаем принтер"),
    ],
)
def test_a_quote_that_denies_it_shows_nothing(quote: str, told: str) -> None:
    assert denies(quote, told)


@pytest.mark.parametrize(
    ("quote", "told"),
    [
        ("не забудь купить хлеб", "Купить хлеб"),
        ("не могли бы вы прислать смету", "Прислать смету"),
        ("don't forget to book the room", "Book the room"),
        ("мы не будем подписывать договор", "Договор решили не подписывать"),
        ("I won't be in, so please send the report", "Send the report"),
        ("Нет, подготовь отчёт к среде", "Подготовить отчёт"),
        ("we go with the rubber case", "The case is of rubber"),
    ],
)
def test_what_is_only_put_politely_or_told_as_denied_is_shown(quote: str, told: str) -> None:
    assert not denies(quote, told)
