"""Who speaks in a line of a meeting's text, as transcripts, programs and people mark that. Pure."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

_LONGEST_NAME = 60
_HEAD = 200
"""Characters of a line in which a name is looked for."""

_MARKS = "\u0300-\u036f"
_WORD = rf"[^\W\d_](?:[\w.'’-]|[{_MARKS}])*"
_NAME = rf"{_WORD}(?:\s+[\w.'’{_MARKS}-]+){{0,3}}"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?:\s?[AaPp]\.?[Mm]\.?)?"
_DATE = r"(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}),?\s+"
_BEFORE = rf"(?:[\[(]?(?:{_DATE})?{_CLOCK}[\])]?\s*[-–—]?\s*)"
_START = r"^\s*(?:>\s*)*(?:[-–—•*]\s+)?[*_]*"
_COLON = r"[*_]*\s*[:：][*_]*"
# A colon ends a name only before a blank or, without one, before a word: not in `http://`, `15:30` or `C:\`.
_AFTER = r"(?=\s|$|[^\W\d_])"

_LABEL = re.compile(
    rf"{_START}{_BEFORE}?[*_]*(?P<name>{_NAME})"
    rf"\s*(?:[\[(][^)\]]{{1,60}}[)\]]|\s{_CLOCK})?{_COLON}{_AFTER}"
)
_CHAT = re.compile(
    rf"{_START}{_BEFORE}(?:From|От)\s+(?P<name>{_NAME}?)(?:\s+(?:to|кому|для)\s[^:]{{1,80}})?\s*:(?=\s|$)"
)
_BRACKETED = re.compile(rf"^\s*\[(?P<name>{_NAME})\]\s*{_CLOCK}\s*$")
_HEADER = re.compile(rf"{_START}(?P<name>{_NAME})[*_]*\s+[\[(]?{_CLOCK}[\])]?\s*$")
_COLUMNS = re.compile(rf"^\s*{_CLOCK}\s*\t\s*(?P<name>{_NAME})\s*\t")
_DASHED = re.compile(rf"{_START}{_BEFORE}(?P<name>{_NAME})\s+[-–—]\s+")
_TIME_ALONE = re.compile(rf"^\s*[\[(]?(?:{_DATE})?{_CLOCK}[\])]?\s*$")
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
    pros cons minutes meeting call intro introduction background context done progress

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
    введение сделано прогресс обсудили договорились поручение поручения напоминание
    """.split()
)
"""Words that head a line of notes: what consists of them alone is no name."""


class SpeakerLabels:
    """How one text marks who speaks; marks that alone would be ambiguous count where one name comes back with them."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._patterns = [
            _CHAT,
            _LABEL,
            _BRACKETED,
            *(each for each in (_HEADER, _COLUMNS, _DASHED) if _comes_back(each, lines)),
        ]

    def split(self, line: str) -> tuple[str, str]:
        """Return who speaks in a line, empty where it does not say, and what; both are empty of a time alone."""
        if _TIME_ALONE.match(line):
            return "", ""
        for pattern in self._patterns:
            if match := _named(pattern, line):
                return name_of(match), line[match.end() :].strip().removeprefix("**").strip()
        return "", line.strip()


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
