"""Days as people name them, Russian and English, counted from the day they speak on. Pure.

A week ends on Friday, as long as that is not over: then on Sunday. `Next Tuesday` is that of the next week; `on
Friday`, said on a Friday, is a week later. A day in the past is no due date.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import MINYEAR, date, timedelta

FRIDAY, SUNDAY = 4, 6
MONTHS = range(1, 13)
CENTURY = 100
FARTHEST = timedelta(days=300)
"""A day of a month without its year that would be farther away is one that has just been."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDay:
    """A day that is named in a text, from `start` to `stop`."""

    day: date
    start: int
    stop: int


def find_dates(text: str, today: date) -> list[NamedDay]:
    """Return the days that a text names, in their order; not those it denies, nor those that were."""
    taken: list[NamedDay] = []
    for rule in _RULES:
        for match in rule.pattern.finditer(text):
            if _denied(text, match.start(), match.end()) or any(
                _touch(match, due) for due in taken
            ):
                continue
            day = rule.day(match, today)
            if day is not None and day >= today:
                hour = _HOUR.match(text, match.end())
                stop = hour.end() if hour else match.end()
                taken.append(NamedDay(day=day, start=match.start(), stop=stop))
    return sorted(taken, key=lambda due: due.start)


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    day: Callable[[re.Match[str], date], date | None]


_NUMBERS = {
    **{str(n): n for n in range(1, 100)},
    **dict.fromkeys(("один", "одну", "одного", "a", "an", "one"), 1),
    **dict.fromkeys(("два", "две", "двух", "пару", "пары", "two", "a couple of", "couple of"), 2),
    **dict.fromkeys(("три", "трёх", "трех", "three"), 3),
    **dict.fromkeys(("четыре", "четырёх", "четырех", "four"), 4),
    **dict.fromkeys(("пять", "пяти", "five"), 5),
    **dict.fromkeys(("шесть", "шести", "six"), 6),
    **dict.fromkeys(("семь", "семи", "seven"), 7),
    **dict.fromkeys(("восемь", "восьми", "eight"), 8),
    **dict.fromkeys(("девять", "девяти", "nine"), 9),
    **dict.fromkeys(("десять", "десяти", "ten"), 10),
}
_ORDINALS = (
    *("перв", "втор", "трет", "четв[её]рт", "пят", "шест", "седьм", "восьм", "девят", "десят"),
    *("одиннадцат", "двенадцат", "тринадцат", "четырнадцат", "пятнадцат", "шестнадцат"),
    *("семнадцат", "восемнадцат", "девятнадцат", "двадцат"),
)
_EN_ORDINALS = (
    *(
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
    ),
    *("eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth"),
    *("eighteenth", "nineteenth", "twentieth"),
)
_WEEKDAYS = (
    *("понедельник", "вторник", "сред", "четверг", "пятниц", "суббот", "воскресень"),
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
)
_MONTHS = (
    *("январ", "феврал", "март", "апрел", "ма", "июн", "июл", "август", "сентябр", "октябр"),
    *("ноябр", "декабр"),
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)

_N = "|".join(sorted(map(re.escape, _NUMBERS), key=len, reverse=True))
_RU_BY = (
    r"(?:(?:не\ (?:позднее|позже)|максимум|крайний\ срок|срок|где-то)\s+)?(?:к|ко|до|в|во|на)\s+"
)
_EN_BY = r"(?:(?:no\ later\ than|by|on|until|till|before|due|for)\s+)"
_RU_DAY = (
    r"(?P<day>понедельник(?:а|у|е)?|вторник(?:а|у|е)?|сред(?:а|у|ы|е)|четверг(?:а|у|е)?"
    r"|пятниц(?:а|у|ы|е)|суббот(?:а|у|ы|е)|воскресень(?:е|я|ю))"
)
_EN_DAY = r"(?P<day>(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
_RU_MONTH = (
    r"(?P<month>январ[яь]|феврал[яь]|марта?|апрел[яь]|ма[яй]|июн[яь]|июл[яь]|августа?"
    r"|сентябр[яь]|октябр[яь]|ноябр[яь]|декабр[яь])"
)
_EN_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_RU_NTH = (
    r"(?:(?P<number>\d{1,2})(?:-?(?:го|му|ого|ому|е))?|(?P<tens>двадцать\s+|тридцать\s+)?"
    rf"(?P<nth>{'|'.join(_ORDINALS)}|тридцат)(?:ого|ому|ое|ьего|ьему|ье))"
)
_EN_NTH = (
    r"(?:(?P<number>\d{1,2})(?:st|nd|rd|th)?|(?P<en_tens>twenty|thirty)[-\s](?P<en_unit>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)"
    rf"|(?P<en_nth>{'|'.join(_EN_ORDINALS)}|thirtieth))"
)
_PERIOD = (
    r"(?P<period>дня|день|недели|неделя|месяца|месяц|квартала|квартал|года|год"
    r"|day|week|month|quarter|year)"
)


def _rule(pattern: str, day: Callable[[re.Match[str], date], date | None]) -> _Rule:
    return _Rule(re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE | re.VERBOSE), day)


def _plus(days: int) -> Callable[[re.Match[str], date], date]:
    return lambda _, today: today + timedelta(days)


def _after(match: re.Match[str], today: date) -> date:
    """Count `in two weeks`."""
    number = _NUMBERS.get((match["n"] or "1").lower().strip(), 1)
    unit = match["unit"].lower()
    if unit.startswith(("час", "hour", "minute", "минут", "полчаса")):
        return today
    if unit.startswith(("недел", "week")):
        return today + timedelta(weeks=number)
    if unit.startswith(("месяц", "month")):
        return _months_later(today, number)
    return today + timedelta(days=number)


def _weekday(match: re.Match[str], today: date) -> date | None:
    """Return the weekday named, the next of its kind or that of the next week."""
    word = match["day"].lower()
    number = next(n for n, stem in enumerate(_WEEKDAYS) if word.startswith(stem)) % 7
    which = (match.groupdict().get("which") or "").lower()
    if which.startswith(("прошл", "кажд", "last", "every", "each", "past", "previous")):
        return None
    if which.startswith(("следующ", "next")):
        return _monday(today) + timedelta(days=7 + number)
    ahead = (number - today.weekday()) % 7
    if not ahead and not which.startswith(("эт", "this")):
        ahead = 7
    return today + timedelta(ahead)


def _weekday_week(match: re.Match[str], today: date) -> date | None:
    """Return the day a week after the weekday named, as `Friday week`."""
    found = _weekday(match, today)
    return found + timedelta(weeks=1) if found else None


def _end(match: re.Match[str], today: date) -> date:
    """Return the last day of a period, this one or the next."""
    ahead = bool(match.groupdict().get("next"))
    period = match["period"].lower()
    if period.startswith(("д", "day")):
        return today + timedelta(days=ahead)
    if period.startswith(("нед", "week")):
        if ahead:
            return _monday(today) + timedelta(days=7 + FRIDAY)
        last = FRIDAY if today.weekday() <= FRIDAY else SUNDAY
        return _monday(today) + timedelta(last)
    if period.startswith(("мес", "month")):
        return _month_end(_months_later(today.replace(day=1), int(ahead)))
    if period.startswith(("кв", "quarter")):
        first = today.replace(day=1, month=(today.month - 1) // 3 * 3 + 1)
        return _month_end(_months_later(first, 2 + 3 * ahead))
    return date(today.year + ahead, 12, 31)


def _day_of_month(match: re.Match[str], today: date) -> date | None:
    """Return the next day of that number, of the month if one is named."""
    day = _number(match)
    groups = match.groupdict()
    year = int(groups["year"]) if groups.get("year") else None
    if year is not None and year < CENTURY:
        year += 20 * CENTURY
    if month := groups.get("month"):
        return _in_month(today, year, _month(month), day)
    for later in range(3):  # of three months in a row one has 31 days
        found = _date(_months_later(today.replace(day=1), later), day)
        if found is not None and found >= today:
            return found
    return None


def _in_month(today: date, year: int | None, month: int, day: int) -> date | None:
    if year is not None:
        return _date(date(year, month, 1), day)
    found = _date(date(today.year, month, 1), day)
    if found is not None and found < today:
        found = _date(date(today.year + 1, month, 1), day)
    return found if found is not None and found - today <= FARTHEST else None


def _number(match: re.Match[str]) -> int:
    groups = match.groupdict()
    if groups.get("number"):
        return int(groups["number"])
    if groups.get("en_tens"):
        unit = _EN_ORDINALS.index(groups["en_unit"].lower()) + 1
        return unit + (20 if groups["en_tens"].lower() == "twenty" else 30)
    if groups.get("en_nth"):
        word = groups["en_nth"].lower()
        return 30 if word == "thirtieth" else _EN_ORDINALS.index(word) + 1
    if groups["nth"].lower() == "тридцат":
        return 30
    stem = groups["nth"].lower()
    found = next(n for n, each in enumerate(_ORDINALS, start=1) if re.fullmatch(each, stem))
    tens = (groups.get("tens") or "").lower()
    return found + (20 if tens.startswith("двад") else 30 if tens else 0)


def _month(word: str) -> int:
    if word.isdigit():
        return int(word)
    word = word.lower()
    if word.startswith("ма") and not word.startswith("мар"):
        return 5
    stems = enumerate(_MONTHS)
    return next(n for n, stem in stems if stem[:3] == word[:3]) % 12 + 1


def _iso(match: re.Match[str], _today: date) -> date | None:
    year, month = int(match["year"]), int(match["month"])
    is_month = year >= MINYEAR and month in MONTHS
    return _date(date(year, month, 1), int(match["number"])) if is_month else None


def _dotted(match: re.Match[str], today: date) -> date | None:
    return _day_of_month(match, today) if int(match["month"]) in MONTHS else None


def _date(first: date, day: int) -> date | None:
    last = calendar.monthrange(first.year, first.month)[1]
    return first.replace(day=day) if 1 <= day <= last else None


def _monday(today: date) -> date:
    return today - timedelta(today.weekday())


def _months_later(today: date, months: int) -> date:
    year, month = divmod(today.month - 1 + months, 12)
    first = date(today.year + year, month + 1, 1)
    return first.replace(day=min(today.day, calendar.monthrange(first.year, first.month)[1]))


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _next_monday(_match: re.Match[str], today: date) -> date:
    return _monday(today) + timedelta(days=7)


def _touch(match: re.Match[str], due: NamedDay) -> bool:
    return match.start() < due.stop and due.start < match.end()


_HOUR = re.compile(
    r"\s+(?:рано\s+)?(?:утром|днём|днем|вечером|ночью|morning|afternoon|evening|night|noon)(?!\w)",
    re.IGNORECASE,
)
_DENIAL = re.compile(r"(?:(?<!\w)(?:не|not)|n['’]t|\bback)\s+$", re.IGNORECASE)
_DENIED_AFTER = re.compile(
    r"\s*,?\s*(?:я\s+|мы\s+|точно\s+|уже\s+|никак\s+)*(?:не\s+(?:успе|смог|получ|выйд|могу|будет)|никак\b(?!\s+не\s+раньше)|ago\b|(?:won['’]t|doesn['’]t|isn['’]t|is\s+not)\b|is\s+(?:too|no\s+good))",
    re.IGNORECASE,
)
"""As in `к среде не успею`."""


def _denied(text: str, start: int, stop: int) -> bool:
    return bool(_DENIAL.search(text[max(0, start - 8) : start]) or _DENIED_AFTER.match(text, stop))


def _rules() -> Iterator[_Rule]:
    """Yield what a date may look like, the longer before the shorter that is part of it."""
    the = r"(?:the\s+)?"
    yield _rule(rf"(?:{_RU_BY}|{_EN_BY})?(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<number>\d\d)", _iso)
    yield _rule(
        rf"(?:{_RU_BY}|{_EN_BY})(?P<number>\d{{1,2}})\.(?P<month>\d{{1,2}})(?:\.(?P<year>\d{{4}}|\d\d))?",
        _dotted,
    )
    yield _rule(r"(?P<number>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})", _dotted)
    yield _rule(rf"(?:{_RU_BY})?{_RU_NTH}\s+{_RU_MONTH}(?:\s+(?P<year>\d{{4}}))?", _day_of_month)
    yield _rule(rf"(?:{_RU_BY})?{_RU_NTH}\s+числ[ауо]", _day_of_month)
    yield _rule(r"(?:к|до)\s+(?P<number>\d{1,2})-?(?:го|му|ого|ому)", _day_of_month)
    yield _rule(
        rf"(?:к|до)\s+{_RU_NTH}(?=\s*(?:[.,;!?]|$)|\s+(?:сда|сдел|сдад|буд|пришл|отд|закон|успе|готов|надо|нужно))",
        _day_of_month,
    )
    yield _rule(
        rf"{_EN_BY}?{the}{_EN_NTH}\s+(?:of\s+)?{_EN_MONTH}(?:,?\s+(?P<year>\d{{4}}))?",
        _day_of_month,
    )
    yield _rule(
        rf"{_EN_BY}?{_EN_MONTH}\s+{the}{_EN_NTH}(?:,?\s+(?P<year>\d{{4}}))?",
        _day_of_month,
    )
    yield _rule(rf"{_EN_BY}the\s+(?P<number>\d{{1,2}})(?:st|nd|rd|th)", _day_of_month)
    yield _rule(
        rf"(?:by|on|until|till|before|due|due\ on)\s+the\s+{_EN_NTH}(?=\s*(?:[.,;!?]|$))",
        _day_of_month,
    )
    yield _rule(rf"{_EN_BY}?(?:a|one)\s+week\s+(?:from\s+)?today", _plus(7))
    yield _rule(rf"{_EN_BY}?(?:a|one)\s+week\s+(?:from\s+)?tomorrow", _plus(8))
    yield _rule(r"(?:in|within)\s+a\s+fortnight", _plus(14))
    yield _rule(rf"{_EN_BY}?{_EN_DAY}\s+week", _weekday_week)
    yield _rule(
        rf"(?:через|спустя)\s+(?:(?P<n>{_N})\s+)?(?P<unit>недел\w+|месяц\w*|дн\w+|день|сут\w+|час\w*|минут\w*|полчаса)",
        _after,
    )
    yield _rule(
        rf"в\ течение\s+(?:(?P<n>{_N})\s+)?(?P<unit>недел\w+|месяц\w*|дн\w+|час\w*)", _after
    )
    yield _rule(
        rf"(?:in|within)\s+(?P<n>{_N})\s+(?P<unit>weeks?|months?|days?|hours?|minutes?)(?:'\s*time)?",
        _after,
    )
    yield _rule(rf"(?P<n>{_N})\s+(?P<unit>weeks?|months?|days?)\s+from\s+(?:now|today)", _after)
    yield _rule(
        rf"(?:(?:до|к|ко|в|во|на)\s+)?кон(?:ца|цу|це|ец)\s+(?:(?P<next>следующ\w+)\s+|эт\w+\s+|текущ\w+\s+|сегодняшн\w+\s+|рабоч\w+\s+)?{_PERIOD}",
        _end,
    )
    yield _rule(
        rf"{_EN_BY}?(?:at\s+)?{the}end\s+of\s+(?:(?P<next>next)\s+|the\s+|this\s+|business\s+)?{_PERIOD}",
        _end,
    )
    yield _rule(rf"{_EN_BY}?(?:e\.?o\.?d\.?|cob)", _plus(0))
    yield _rule(r"(?:в\ начале|к\ началу)\s+следующей\s+недели|early\s+next\s+week", _next_monday)
    yield _rule(r"(?:на|до|в)\s+(?:эт\w+|(?P<next>следующ\w+))\s+(?P<period>недел)\w+", _end)
    yield _rule(r"в\s+(?:этом|(?P<next>следующем))\s+(?P<period>месяц|квартал|год)\w*", _end)
    yield _rule(rf"{_EN_BY}?(?:this|(?P<next>next))\s+(?P<period>week|month|quarter|year)", _end)
    yield _rule(
        rf"(?:{_RU_BY})(?P<which>следующ\w+|эт\w+|ближайш\w+|прошл\w+|кажд\w+)?\s*{_RU_DAY}",
        _weekday,
    )
    yield _rule(rf"(?P<which>следующ\w+|ближайш\w+|прошл\w+|кажд\w+)\s+{_RU_DAY}", _weekday)
    yield _rule(
        rf"(?:{_EN_BY})?{the}(?:(?P<which>next|this|coming|last|every|each|past|previous)\s+)?{_EN_DAY}",
        _weekday,
    )
    yield _rule(r"(?:к|до|на)?\s*послезавтра|the\s+day\s+after\s+tomorrow", _plus(2))
    yield _rule(
        rf"(?:(?:к|до|на)\s+)?завтра(?:шнему\s+дню|шнего\s+дня)?|{_EN_BY}?tomorrow", _plus(1)
    )
    yield _rule(
        rf"(?:(?:до|на)\s+)?сегодня(?:\s+же)?(?:\s+вечером)?|(?:к|до)\s+(?:вечера|вечеру|обеда|обеду)"
        rf"|{_EN_BY}?(?:today|tonight|this\s+(?:afternoon|evening|morning))",
        _plus(0),
    )
    # A weekday without a preposition, as in `Срок - пятница`.
    yield _rule(
        r"(?<![\w\s])\s*(?P<day>понедельник|вторник|среда|четверг|пятница|суббота|воскресенье)(?=\s*(?:[.,!;]|$))",
        _weekday,
    )


_RULES = tuple(_rules())
