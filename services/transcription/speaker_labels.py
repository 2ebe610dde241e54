"""Who speaks in a line of a meeting's text, as transcripts, programs and people mark that. Pure."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

_LONGEST_NAME = 60
_MOST_LINES = 2000
"""Lines at the start of a text that show how it marks who speaks."""
_HEAD = 200
"""Characters of a line in which a name is looked for."""

_MARKS = "\u0300-\u036f"
_WORD = rf"[^\W\d_](?:[\w.'’-]|[{_MARKS}])*"
_NAME = rf"{_WORD}(?:\s+[\w.'’{_MARKS}-]+){{0,3}}"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?:\s?[AaPp]\.?[Mm]\.?)?"
_DATE = r"(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}),?\s+"
_TIMES = rf"[\[(]?(?:{_DATE})?{_CLOCK}(?:\s*[-–—>]+\s*{_CLOCK})?[\])]?"
_BEFORE = rf"(?:{_TIMES}\s*[-–—]?\s*)"
_START = r"^\s*(?:>\s*)*(?:[-–—•*]\s+)?[*_]*"
_ROLE = r"(?:\s*[\[(][^)\]]{1,60}[)\]]|\s*<[^<>]{1,80}>|\s+\|[^:|]{1,40})"
_COLON = r"[*_]*\s*[:：][*_]*"
# A colon ends a name only before a blank or, without one, before a word: not in `http://`, `15:30` or `C:\`.
_AFTER = r"(?=\s|$|[^\W\d_])"

_LABEL = re.compile(
    rf"{_START}(?P<before>{_BEFORE})?[*_]*\[?(?P<name>{_NAME})\]?"
    rf"(?:(?P<after>\s*[\[(]{_CLOCK}[)\]]|\s{_CLOCK})|{_ROLE})?{_COLON}{_AFTER}"
)
_CHAT = re.compile(
    rf"{_START}{_BEFORE}(?:From|От)\s+(?P<name>{_NAME}?)(?:\s+(?:to|кому|для)\s[^:]{{1,80}})?\s*:(?=\s|$)"
)
_BRACKETED = re.compile(rf"^\s*\[(?P<name>{_NAME})\]\s*{_CLOCK}\s*$")
_AMBIGUOUS = tuple(
    map(
        re.compile,
        (
            rf"{_START}(?P<name>{_NAME})[*_]*{_ROLE}?,?\s+{_TIMES}\s*$",  # a line of its own before the words
            rf"{_START}{_BEFORE}(?P<name>{_NAME})[*_]*{_ROLE}?\s*$",
            rf"^\s*#{{1,6}}\s+(?P<name>{_NAME})\s*$",
            rf"^\s*\|?\s*{_CLOCK}\s*[\t|]\s*(?P<name>{_NAME})\s*[\t|]",
            rf"{_START}{_BEFORE}(?P<name>{_NAME})\s+[-–—]\s+",
            rf"^\s*\[(?P<name>{_NAME})\]\s+",
        ),
    )
)
"""Marks that agendas and notes have, too: they count where one name comes back with them."""
_TIME_ALONE = re.compile(rf"^\s*{_TIMES}\s*$")
_NAME_ALONE = re.compile(rf"^\s*(?P<name>{_NAME})\s*$")
_MOST_UNTIMED = 0.2
"""Where fewer of the names before colons have no time beside them, those are headings of notes."""
_NUMBERED = re.compile(
    r"(?:speaker|spk|user|guest|participant|спикер|участник|гость)[ _-]?\d{1,4}", re.IGNORECASE
)
"""What recognisers call people whose names they do not know."""

_HEADINGS = frozenset(
    """
    agenda plan plans schedule topic topics theme subject title goal goals objective objectives purpose aim task tasks
    todo todos action actions item items step steps next note notes nb ps pps fyi upd update updates info information
    summary outcome outcomes result results key conclusion conclusions decision decisions question questions answer
    answers q qa important attention warning urgent example examples for so also idea ideas risk risks issue issues
    problem problems blocker blockers budget cost costs price prices total totals amount sum deadline deadlines due date
    dates time when where who what why how owner owners responsible assignee assignees attendees attendee participants
    participant present absent host organizer organiser location place room address link links url http https www mailto
    ftp file files phone tel email mail from to cc bcc re fwd fw sent kind language style region webvtt transcript
    recording status priority version type category comment comments remark point points first second third fourth
    finally part section chapter appendix today tomorrow yesterday morning evening now later monday tuesday wednesday
    thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun january february march august
    september october november december jan feb mar apr jun jul aug sep sept oct nov dec week month year quarter
    api crm smm seo kpi okr roi sla mvp eta dod tl tldr source sources zoom whatsapp telegram instagram slack jira wifi pros cons minutes meeting call intro introduction background context done progress

    итак итого итог итоги вопрос вопросы ответ ответы решили решение решения решено важно внимание срочно повестка тема
    темы задача задачи цель цели план планы срок сроки дедлайн дата даты время место адрес кабинет примечание примечания
    заметка заметки комментарий комментарии пример например далее вывод выводы резюме результат результаты ключевой
    ключевые следующий следующие шаг шаги действие действия пункт пункты участники присутствовали отсутствовали
    ответственный ответственные исполнитель исполнители организатор статус приоритет бюджет цена цены стоимость сумма
    всего риск риски проблема проблемы идея идеи предложение предложения ссылка ссылки файл файлы телефон тел почта
    кому копия отправлено язык запись расшифровка стенограмма часть раздел глава первое второе третье четвертое четвёртое
    первый второй третий вопервых вовторых втретьих наконец сегодня завтра послезавтра вчера утро утром вечер вечером
    сейчас потом понедельник вторник среда четверг пятница суббота воскресенье пн вт ср чт пт сб вс январь февраль март
    апрель май июнь июль август сентябрь октябрь ноябрь декабрь неделя месяц год квартал плюсы минусы встреча звонок
    источник источники важное от введение сделано прогресс обсудили договорились поручение поручения напоминание
    """.split()
)
"""Words that head a line of notes: what consists of them alone is no name."""


def joined(lines: Sequence[str]) -> list[str]:
    """Return the lines that are not blank, a name and the time alone on the line after it as one line."""
    kept = [line for line in lines if line.strip()]
    found: list[str] = []
    for line in kept:
        before = _NAME_ALONE.match(found[-1][:_HEAD]) if found else None
        if before and _TIME_ALONE.match(line) and is_name(name_of(before)):
            found[-1] = f"{found[-1].strip()} {line.strip()}"
        else:
            found.append(line)
    return found


class SpeakerLabels:
    """How one text marks who speaks; marks that alone would be ambiguous count where one name comes back with them."""

    def __init__(self, lines: Sequence[str]) -> None:
        lines = lines[:_MOST_LINES]
        ambiguous = [each for each in _AMBIGUOUS if _comes_back(each, lines)]
        self._patterns = [_CHAT, _LABEL, _BRACKETED, *ambiguous]
        labels = [match for line in lines if (match := _named(_LABEL, line))]
        untimed = sum(not _is_timed(match) for match in labels)
        self._all_timed = 0 < untimed <= _MOST_UNTIMED * len(labels)

    def split(self, line: str) -> tuple[str, str]:
        """Return who speaks in a line, empty where it does not say, and what; both are empty of a time alone."""
        if _TIME_ALONE.match(line):
            return "", ""
        for pattern in self._patterns:
            match = _named(pattern, line)
            if match and not (pattern is _LABEL and self._all_timed and not _is_timed(match)):
                said = line[match.end() :].strip().removeprefix("**").strip()
                return name_of(match), said.removesuffix("|").strip()
        return "", line.strip()


def _is_timed(match: "re.Match[str]") -> bool:
    return bool(match["before"] or match["after"])


def name_of(match: "re.Match[str]") -> str:
    """Return the name that a pattern found, written in one way."""
    return written(match["name"])


def written(name: str) -> str:
    """Return a name in the one way in which it is compared and kept."""
    return unicodedata.normalize("NFC", " ".join(name.split()).rstrip("_"))


def is_name(text: str) -> bool:
    """Tell a name by its capitals: `Анна Петрова`, `Speaker 1`, `ПМ`, but not `Итак` or `Вот что важно`."""
    if _NUMBERED.fullmatch(text):
        return True
    words = text.split()
    keys = [re.sub(r"[\W\d_]", "", word.lower()) for word in words]
    heads = all(key in _HEADINGS for key in keys if key)
    if not words or len(text) > _LONGEST_NAME or heads:
        return False
    return all(word[0].isupper() or word[0].isdigit() for word in words)


def comes_back(names: Iterable[str]) -> bool:
    """Tell whether a name is there more than once."""
    return any(times > 1 for times in Counter(names).values())


def _named(pattern: "re.Pattern[str]", line: str) -> "re.Match[str] | None":
    match = pattern.match(line[:_HEAD])
    return match if match and is_name(name_of(match)) else None


def _comes_back(pattern: "re.Pattern[str]", lines: Sequence[str]) -> bool:
    return comes_back(name_of(match) for line in lines if (match := _named(pattern, line)))
