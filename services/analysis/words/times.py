"""Where a sentence names a day, or an hour of it: `в среду в девять`, `Tuesday at half past four`."""

import re
from collections.abc import Iterator, Mapping, Sequence

from services.analysis.words.keys import NUMBER
from services.analysis.words.lemmas import LemmatisedWord

_DAYS = frozenset(
    (
        *("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
        *("сегодня", "завтра", "послезавтра", "число", "январь", "февраль", "март", "апрель"),
        *("май", "июнь", "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь"),
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        *("today", "tonight", "tomorrow", "weekend", "januari", "februari", "april", "june"),
        *("juli", "august", "septemb", "octob", "novemb", "decemb"),
    )
)
_PARTS_OF_DAYS = frozenset(
    (
        *("утро", "=утром", "=днем", "вечер", "=вечером", "обед", "половина"),
        *("morn", "afternoon", "even", "lunchtim"),
    )
)
_NOON = frozenset(("полдень", "noon", "midday"))
_GREETING = frozenset(("добрый", "доброе", "good"))
_BEFORE_HOURS = frozenset(
    (
        *("=в", "=во", "=к", "=ко", "=на", "=с", "=со", "=до", "=после", "=около", "половина"),
        *("=at", "=by", "=from", "=till", "=until", "=around", "=past", "=half", "=quarter"),
        *("=after", "=before", "=between"),
    )
)
_AFTER_HOURS = frozenset(
    (
        *("час", "ровно", "утро", "=утра", "=вечера", "=дня", "ноль"),
        *("=o'clock", "=am", "=pm", "=a", "=p", "morn", "=sharp"),
    )
)
_UNITS = frozenset(
    (
        *("рубль", "тысяча", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот"),
        *("семьсот", "восемьсот", "девятьсот", "месяц", "год", "лет", "неделя", "минута", "день"),
        *("процент", "человек", "раз", "штука", "километр", "метр", "доллар", "евро", "копейка"),
        *("сутки", "этаж", "кабинет", "визит", "сеанс", "занятие", "миллион", "секунда"),
        *("hundr", "thousand", "pound", "dollar", "euro", "cent", "percent", "month", "year"),
        *("week", "day", "minut", "hour", "mile", "guy", "peopl", "time", "bucks", "buck"),
        *("visit", "session", "step", "second", "night", "adult", "children"),
    )
)
_VALUES: Mapping[str, int] = {
    **{
        word: value
        for value, word in enumerate(
            "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать "
            "тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать "
            "двадцать".split()
        )
    },
    **{
        f"={word}": value
        for value, word in enumerate(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen "
            "fourteen fifteen sixteen seventeen eighteen nineteen twenty".split()
        )
    },
    "тридцать": 30,
    "сорок": 40,
    "пятьдесят": 50,
    "=thirty": 30,
    "=forty": 40,
    "=fifty": 50,
}
_DATE = re.compile(r"\d{1,2}(?:st|nd|rd|th|-?го|-?е|-?му)")
_ENGLISH_ORDINALS = frozenset(
    f"={word}"
    for word in (
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
        "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth "
        "twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth "
        "twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
    ).split()
)
_AFTER_DATES = frozenset(("=of", "=at", "=in", "=then", "=or", "=is", "=and", "=for", "=morning"))
_WEEK = frozenset(("week", "неделя"))
_WHICH_WEEK = frozenset(("=next", "=this", "этот", "следующий"))
_DIGITS = re.compile(r"(?P<hour>\d{1,2})(?:[:.-]?(?P<minutes>[0-5]\d))?(?:am|pm)?")
_HOURS_OF_A_DAY = 24
_TWENTY = 20


def days(words: Sequence[LemmatisedWord]) -> Iterator[tuple[int, str]]:
    """Yield the positions of words that name a day, each with that name."""
    for position, word in enumerate(words):
        for key in sorted(word.keys & _DAYS):
            yield position, key
        if _is_date(words, position):
            yield position, word.form
        if not word.keys.isdisjoint(_WEEK) and not _keys_at(words, position - 1).isdisjoint(
            _WHICH_WEEK
        ):
            yield position, "week"


def hours(words: Sequence[LemmatisedWord]) -> Iterator[tuple[int, str]]:
    """Yield the positions of words that name an hour or a part of a day, each with that name.

    An hour is its number of twelve, so that 18:00 and six are
    one. A number is an hour after a word such as `в`, before one such as `o'clock`, beside a day, or
    with minutes; not where it counts something: `на двенадцать месяцев`.
    """
    named = {position for position, _ in days(words)}
    last = -1
    for position, word in enumerate(words):
        if not word.keys.isdisjoint(_NOON):
            yield position, "0"
        elif parts := word.keys & _PARTS_OF_DAYS:
            if not position or words[position - 1].keys.isdisjoint(_GREETING):
                yield position, min(parts)
        elif position > last and NUMBER in word.keys:
            last = _end_of_number(words, position)
            hour, minutes = _hour(words[position : last + 1])
            if hour is None or not _keys_at(words, last + 1).isdisjoint(_UNITS):
                continue
            beside = any(
                near in named for near in range(position - 3, last + 4) if near != position
            )
            if (
                minutes
                or beside
                or not _keys_at(words, position - 1).isdisjoint(_BEFORE_HOURS)
                or _minutes_to(words, position)
                or not _keys_at(words, last + 1).isdisjoint(_AFTER_HOURS)
            ):
                yield position, str(hour % 12)


def _is_date(words: Sequence[LemmatisedWord], position: int) -> bool:
    """Tell whether a word is the number of a day in a month: `двадцать восьмого`, `the twenty-eighth`."""
    word = words[position]
    if _DATE.fullmatch(word.form):
        return True
    if NUMBER in word.keys and word.form.endswith(("ого", "ое", "ому")):
        return not word.form.startswith("одн")
    after = _keys_at(words, position + 1)
    ends = position + 1 == len(words) or words[position + 1].clause != word.clause
    return (
        not word.keys.isdisjoint(_ENGLISH_ORDINALS)
        and "=the" in _keys_at(words, position - 1)
        and (ends or not after.isdisjoint(_AFTER_DATES))
    )


def _end_of_number(words: Sequence[LemmatisedWord], start: int) -> int:
    """Return where the words of a number end, `девять сорок` being one."""
    stop = start
    while stop + 1 < len(words) and NUMBER in words[stop + 1].keys:
        stop += 1
    return stop


def _hour(number: Sequence[LemmatisedWord]) -> tuple[int | None, bool]:
    """Return the hour that a number of some words may stand for, and whether it has minutes."""
    if any(not word.keys.isdisjoint(_UNITS) for word in number):
        return None, False
    first = number[0]
    digits = _DIGITS.fullmatch(first.form)
    if digits is not None:
        hour, minutes = int(digits["hour"]), digits["minutes"] is not None
    else:
        spoken, _, rest = first.form.partition("-")
        keys = first.keys | {f"={spoken}"} if rest else first.keys
        values = [_VALUES[key] for key in keys if key in _VALUES]
        if not values:
            return None, False
        hour, minutes = values[0], bool(rest) or len(number) > 1
        if hour == _TWENTY and len(number) > 1:  # `двадцать два` is one number
            more = [_VALUES[key] for key in number[1].keys if key in _VALUES]
            hour += more[0] if more and hour + more[0] <= _HOURS_OF_A_DAY else 0
    return (hour, minutes) if hour <= _HOURS_OF_A_DAY else (None, False)


def _minutes_to(words: Sequence[LemmatisedWord], position: int) -> bool:
    """Tell whether minutes stand before the hour at a position: `twenty to nine`."""
    minutes = _keys_at(words, position - 2)
    return "=to" in _keys_at(words, position - 1) and (NUMBER in minutes or "=quarter" in minutes)


def _keys_at(words: Sequence[LemmatisedWord], position: int) -> frozenset[str]:
    return frozenset(words[position].keys) if 0 <= position < len(words) else frozenset()
