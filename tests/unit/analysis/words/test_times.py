import pytest

from services.analysis.words.lemmas import Lemmatiser
from services.analysis.words.times import days, hours


@pytest.fixture(scope="module")
def lemmatiser() -> Lemmatiser:
    return Lemmatiser()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("давайте в среду", ["среда"]),
        ("завтра или послезавтра", ["завтра", "послезавтра"]),
        ("двадцать восьмого", ["восьмого"]),
        ("на следующей неделе", ["week"]),
        ("I got Friday the twenty-eighth", ["friday", "twenty-eighth"]),
        ("Tuesdays and Fridays", ["tuesday", "friday"]),
        ("the third guy", []),
        ("через неделю", []),
        ("на тридцать дней", []),
    ],
)
def test_days_are_named(lemmatiser: Lemmatiser, text: str, named: list[str]) -> None:
    (sentence,) = lemmatiser.sentences(text)

    assert [name for _, name in days(sentence.words)] == named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("в двенадцать пятнадцать", ["0"]),
        ("с восемнадцати до двадцати двух", ["6", "10"]),
        ("на 15-30", ["3"]),
        ("завтра девять сорок", ["9"]),
        ("суббота, полдень", ["0"]),
        ("после обеда", ["обед"]),
        ("twenty to nine", ["9"]),
        ("Thursday, half eight", ["8"]),
        ("seven forty-five", ["7"]),
        ("at 10 in the morning", ["10", "morn"]),
        ("добрый вечер", []),
        ("good afternoon", []),
        ("рассрочка на двенадцать месяцев", []),
        ("до тридцати дней", []),
        ("четыреста десять рублей", []),
        ("номер восемьдесят пять", []),
        ("about nine hundred fifty", []),
        ("three years", []),
        ("table for two", []),
    ],
)
def test_hours_are_those_of_twelve_and_what_is_counted_is_none(
    lemmatiser: Lemmatiser, text: str, named: list[str]
) -> None:
    (sentence,) = lemmatiser.sentences(text)

    assert [name for _, name in hours(sentence.words)] == named


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("до сви дания", ["до", "свидания"]),
        ("за казывала очки", ["заказывала", "очки"]),
        ("мы сами", ["мы", "сами"]),
        ("не кто", ["не", "кто"]),
        ("City Dental", ["city", "dental"]),
    ],
)
def test_a_word_that_was_torn_is_whole(lemmatiser: Lemmatiser, text: str, forms: list[str]) -> None:
    (sentence,) = lemmatiser.sentences(text)

    assert [word.form for word in sentence.words] == forms
    assert sentence.text[sentence.words[-1].start : sentence.words[-1].stop] in text
