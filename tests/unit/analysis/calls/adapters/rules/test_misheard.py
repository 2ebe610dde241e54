import pytest

from services.analysis.calls.adapters.rules.misheard import misheard
from services.analysis.words.lemmas import Lemmatiser

PLACES = frozenset(("клиника", "стоматология", "томография", "администратор", "dental"))


@pytest.fixture(scope="module")
def lemmatiser() -> Lemmatiser:
    return Lemmatiser()


@pytest.mark.parametrize(
    ("form", "word"),
    [
        ("слиника", "клиника"),
        ("кленика", "клиника"),
        ("томатологии", "стоматология"),
        ("стаматология", "стоматология"),
        ("администраа", "администратор"),
        ("администраторольга", "администратор"),
        ("dentall", "dental"),
    ],
)
def test_a_word_is_found_as_it_was_misheard(lemmatiser: Lemmatiser, form: str, word: str) -> None:
    assert word in misheard(form, PLACES, lemmatiser)


@pytest.mark.parametrize("form", ["фотографии", "ключника", "клинка", "автосервис", "лини"])
def test_a_word_that_there_is_or_a_short_one_is_no_other(lemmatiser: Lemmatiser, form: str) -> None:
    assert misheard(form, PLACES, lemmatiser) == ()
