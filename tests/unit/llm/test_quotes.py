import pytest

from services.llm.quotes import QuotableTexts, Span, find_quote, whole_quote


def stored(quote: str, text: str) -> str | None:
    span = find_quote(quote, text)
    return text[span.start : span.stop] if span else None


@pytest.mark.parametrize(
    ("said", "quote", "found"),
    [
        ("Клиника Здоровье, добрый день!", "клиника здоровье добрый день", None),
        ("Всё равно это слишком дорого.", "все равно это слишком дорого", None),
        ("Для меня это слишком дорого.", "для меня это слишком дорога", None),
        ("Слиника здоровья, администраа, добрый день", "Клиника здоровья, администратор, добрый день", None),
        ("Ну, э, я вас записала", "я вас записала", None),
        ("я вас, ну, вас записала", "я вас записала", None),
        ("So I, uh, booked the Friday slot", "so I booked Friday slot", None),
        ("Приходите в пятнадцать тридцать", "приходите в 15:30", None),
        ("Это полторы тысячи рублей", "Это 1500 рублей", None),
        ("It is two hundred and five dollars", "it is 205 dollars", None),
        ("скидка пятьдесят процентов", "скидка 50%", None),
        ("двадцать пятого марта удобно", "25 марта удобно", None),
        ("I won't pay for that", "I will not pay for that", None),
        ("Да.", "Да.", None),
        ("Нет, приду", "приду", "Нет, приду"),
        ("Приду в пятницу, нет, в субботу", "Приду в пятницу", "Приду в пятницу, нет"),
        ("Жалоб нет", "жалоб", "Жалоб нет"),
        ("Приходите в пятнадцать тридцать", "Приходите в пятнадцать", "Приходите в пятнадцать тридцать"),
        ("стоит двадцать пять рублей", "стоит двадцать", "стоит двадцать пять"),
        ("Не хотите записаться на среду?", "записаться на среду", "Не хотите записаться на среду"),
        ("see you next Monday at nine", "Monday at nine", "next Monday at nine"),
        ("the day after tomorrow at nine", "tomorrow at nine", "after tomorrow at nine"),
        ("там минус пять процентов", "пять процентов", "минус пять процентов"),
        ("No problem, I have booked you in", "I have booked you in", None),
        ("Ничего, я вас записала на среду", "я вас записала на среду", None),
        ("Не приду. Хотя приду в пятницу.", "приду в пятницу", None),
    ],
)  # fmt: skip
def test_a_quote_is_found_and_stands_as_it_was_said(
    said: str, quote: str, found: str | None
) -> None:
    text = stored(quote, said)

    assert text is not None
    assert found in (None, text)


@pytest.mark.parametrize(
    ("said", "quote"),
    [
        ("Нет, я не приду в пятницу на приём", "я приду в пятницу на приём"),
        ("Нет, я не приду в пятницу на приём", "приду в пятницу на приём"),
        ("я не думаю, что приду", "что приду"),
        ("я не думаю что приду", "приду"),
        ("I do not think that we will come", "we will come"),
        ("мы не будем подписывать договор", "подписывать договор"),
        ("мы точно никогда и ни с кем не будем это подписывать", "будем это подписывать"),
        ("в пятницу я прийти не смогу", "в пятницу я прийти"),
        ("we will not pay the invoice", "we will pay the invoice"),
        ("we won't pay the invoice", "we will pay the invoice"),
        ("we will pay the invoice", "we won't pay the invoice"),
        ("я приду в пятницу", "я не приду в пятницу"),
        ("без рассрочки на год", "рассрочки на год"),
        ("Я не приду в пятницу, ладно?", "приду в пятницу"),
        ("Сомневаюсь, что приду в пятницу", "приду в пятницу"),
        ("Я отказываюсь приходить в пятницу", "приходить в пятницу"),
        ("There is no way I will come on Friday", "I will come on Friday"),
        ("I doubt that I will come on Friday", "I will come on Friday"),
        ("у меня нет времени прийти", "прийти"),
        ("I can't come on Friday", "I can"),
        ("I can’t come on Friday", "t come on Friday"),
        ("вход к вам удобный и свободный", "вход к вам неудобный и свободный"),
        ("рассрочку можно включить сразу", "рассрочку можно выключить сразу"),
        ("это стоит полторы тысячи рублей", "это стоит восемь тысяч рублей"),
        ("платёж будет 65 тысяч", "платёж будет 25 тысяч"),
        ("приходите к нам в 20:05", "приходите к нам в 25"),
        ("запишите меня на вторник к врачу", "запишите меня на четверг к врачу"),
        ("the Thursday slot works for me", "the Tuesday slot works for me"),
        ("завтра вам перезвонят из клиники", "послезавтра вам перезвонят из клиники"),
        ("это больше чем мы обещали", "это меньше чем мы обещали"),
        ("before the first of May please", "after the first of May please"),
        ("приду в половине полседьмого вечером", "приду в половине полвосьмого вечером"),
        ("я приду, если будет скидка", "я приду, будет скидка"),
        ("слишком дорого", "у соседей вдвое дешевле"),
        ("Иногда.", "да"),
        ("Да.", "Да, записывайте меня, мне всё подходит"),
        ("Это дорого.", "дорога"),
        ("Это дорого.", ""),
        ("Это дорого.", "..."),
        ("", "Это дорого."),
    ],
)
def test_what_says_something_else_is_no_quote(said: str, quote: str) -> None:
    assert stored(quote, said) is None


def test_texts_are_searched_in_the_order_given() -> None:
    texts = QuotableTexts(["Это дорого.", "Хорошо.", "Нет, это дорого!"])

    first, last = texts.find("Это, дорого"), texts.find("это дорого", [2, 0])

    assert first is not None
    assert last is not None
    assert (first.index, first.text) == (0, "Это дорого")
    assert (last.index, last.text, last.span) == (2, "Нет, это дорого", Span(start=0, stop=15))
    assert texts.find("это дорого", [1]) is None


def test_a_part_of_a_text_gets_the_negations_that_govern_it() -> None:
    text = "мы не будем подписывать договор, он плохой"

    whole = whole_quote(text, Span(start=text.index("подписывать"), stop=31))

    assert text[whole.start : whole.stop] == "не будем подписывать договор"
