"""Texts of meetings as people paste them: files of subtitles, copies from programs, notes. Written before the rules."""

import unicodedata
from collections.abc import Callable

import pytest

from services.transcription.domain import CallId, MeetingMedia
from services.transcription.meeting_text import read_meeting

Turns = list[tuple[str, str]]

AB: Turns = [("Анна Петрова", "Доброе утро."), ("Илья", "Доброе."), ("Анна Петрова", "Начнём.")]

VTT = """\
WEBVTT - Планёрка
Kind: captions
Language: ru

NOTE made by
a machine: do not edit

STYLE
::cue { color: white }

1
00:00:01.000 --> 00:00:03.500 align:start position:0%
<v Анна Петрова>Доброе утро.</v>

00:04.000 --> 00:05.000
<v.loud Илья>Доброе.

3f2c-b2/12-0
00:00:06.000 --> 00:00:08.000
<v Анна Петрова><c.yellow>Начнём</c><00:00:07.000>.</v>
"""
VTT_TEAMS = """\
WEBVTT

00:00:01.000 --> 00:00:03.500
<v Анна Петрова>Доброе
утро.</v>

00:00:04.000 --> 00:00:05.000
<v Илья>Доброе.</v>
<v Анна Петрова>Начнём.</v>
"""
VTT_ZOOM = """\
WEBVTT

1
00:00:01.000 --> 00:00:03.500
Анна Петрова: Доброе утро.

2
00:00:04.000 --> 00:00:05.000
Илья: Доброе.

3
00:00:06.000 --> 00:00:08.000
Анна Петрова: Начнём.
"""
SRT = """\
1
00:00:01,000 --> 00:00:03,500
Анна Петрова: Доброе утро.

2
00:00:04,000 --> 00:00:05,000
- <i>Илья:</i> Доброе.

3
00:00:06,000 --> 00:00:08,000
Анна Петрова: Начнём.
"""
SRT_PLAIN = """\
1
00:00:01,000 --> 00:00:03,500
Доброе утро &amp; добро
пожаловать.

2
00:00:04,000 --> 00:00:05,000
2026 год был хорошим.
"""
TEAMS_COPY = """\
Анна Петрова
0 минут 1 секунда
Анна Петрова   0:01
Доброе утро.
Илья   0:04
Доброе.
Анна Петрова   0:06
Начнём.
"""
TEAMS_DOCX = """\
0:0:1.0 --> 0:0:3.500
Анна Петрова
Доброе утро.
0:0:4.0 --> 0:0:5.0
Илья
Доброе.
0:0:6.0 --> 0:0:8.0
Анна Петрова
Начнём.
"""
ZOOM_COPY = """\
[Анна Петрова] 10:00:01
Доброе утро.

[Илья] 10:00:04
Доброе.

[Анна Петрова] 10:00:06
Начнём.
"""
ZOOM_CHAT = """\
10:00:01 From Анна Петрова to Everyone: Доброе утро.
10:00:04 From  Илья : Доброе.
10:00:06 From Анна Петрова to Илья (Direct Message): Начнём.
"""
MEET = """\
Планёрка - Transcript
00:00:00

Анна Петрова: Доброе утро.
Илья: Доброе.

00:05:00

Анна Петрова: Начнём.
This editable transcript was computer generated and might contain errors.
"""
OTTER = """\
Анна Петрова  0:01
Доброе утро.

Илья  0:04
Доброе.

Анна Петрова  1:00:06
Начнём.

Transcribed by https://otter.ai
"""
TIMES = {
    "bold": "**11:00 Анна Петрова:** Доброе утро.\n**11:01 Илья:** Доброе.\n**11:02 Анна Петрова:** Начнём.",
    "brackets": "[00:01:02] Анна Петрова: Доброе утро.\n[00:01:04] Илья: Доброе.\n[00:01:06] Анна Петрова: Начнём.",
    "after": "Анна Петрова (11:00): Доброе утро.\nИлья (11:01:07): Доброе.\nАнна Петрова (11:02): Начнём.",
    "after, bracketed": "Анна Петрова [00:01]: Доброе утро.\nИлья [00:04]: Доброе.\nАнна Петрова [00:06]: Начнём.",
    "after, bare": "Анна Петрова 11:00: Доброе утро.\nИлья 11:01: Доброе.\nАнна Петрова 11:02: Начнём.",
    "bold name alone": "**Анна Петрова**: Доброе утро.\n**Илья**: Доброе.\n__Анна Петрова__: Начнём.",
    "a list": "- Анна Петрова: Доброе утро.\n- Илья: Доброе.\n• Анна Петрова: Начнём.",
    "tabs": "Анна Петрова:\tДоброе утро.\nИлья:\tДоброе.\n\tАнна Петрова:\tНачнём.",
    "columns": "0:01\tАнна Петрова\tДоброе утро.\n0:04\tИлья\tДоброе.\n0:06\tАнна Петрова\tНачнём.",
    "wide colon": "Анна Петрова：Доброе утро.\nИлья： Доброе.\nАнна Петрова：Начнём.",
    "no blank": "Анна Петрова:Доброе утро.\nИлья:Доброе.\nАнна Петрова:Начнём.",
    "dash": "11:00 Анна Петрова - Доброе утро.\n11:01 Илья — Доброе.\n11:02 Анна Петрова – Начнём.",
    "date": "2026-11-26 11:00 Анна Петрова: Доброе утро.\n2026-11-26 11:01 Илья: Доброе.\n26.11.2026, 11:02 Анна Петрова: Начнём.",
    "am": "11:00 AM Анна Петрова: Доброе утро.\n11:01 am Илья: Доброе.\n(11:02 PM) Анна Петрова: Начнём.",
    "quote": "> Анна Петрова: Доброе утро.\n> Илья: Доброе.\n> Анна Петрова: Начнём.",
}
SECOND = {
    "slack": "Анна Петрова\n  11:00 AM\nДоброе утро.\nИлья\n  11:01 AM\nДоброе.\nАнна Петрова\n  11:02 AM\nНачнём.",
    "telegram": "Анна Петрова, [26.11.2026 11:00]\nДоброе утро.\n\nИлья, [26.11.2026 11:01]\nДоброе.\n\nАнна Петрова, [26.11.2026 11:02]\nНачнём.",
    "whatsapp": "[26.11.2026, 11:00:01] Анна Петрова: Доброе утро.\n[26.11.2026, 11:01:01] Илья: Доброе.\n[26.11.2026, 11:02:01] Анна Петрова: Начнём.",
    "whatsapp2": "26.11.2026, 11:00 - Анна Петрова: Доброе утро.\n26.11.2026, 11:01 - Илья: Доброе.\n26.11.2026, 11:02 - Анна Петрова: Начнём.",
    "fathom": "0:00 - Анна Петрова (Клиника)\n  Доброе утро.\n\n0:04 - Илья\n  Доброе.\n\n0:06 - Анна Петрова (Клиника)\n  Начнём.",
    "sbv": "0:00:01.000,0:00:03.500\nАнна Петрова: Доброе утро.\n\n0:00:04.000,0:00:05.000\nИлья: Доброе.\n\n0:00:06.000,0:00:08.000\nАнна Петрова: Начнём.\n",
    "srt tags": '1\n00:00:01,000 --> 00:00:03,500\n{\\an8}Анна Петрова: Доброе утро.\n\n2\n00:00:04,000 --> 00:00:05,000\n<font color="#fff">Илья: Доброе.</font>\n\n3\n00:00:06,000 --> 00:00:08,000\nАнна Петрова: Начнём.\n',
    "srt brackets": "1\n00:00:01,000 --> 00:00:03,500\n[Анна Петрова] Доброе утро.\n\n2\n00:00:04,000 --> 00:00:05,000\n[Илья] Доброе.\n\n3\n00:00:06,000 --> 00:00:08,000\n[Анна Петрова] Начнём.\n",
    "bold paren": "**Анна Петрова (11:00):** Доброе утро.\n**Илья (11:01):** Доброе.\n**Анна Петрова (11:02):** Начнём.",
    "md heading": "### Анна Петрова\nДоброе утро.\n### Илья\nДоброе.\n### Анна Петрова\nНачнём.",
    "speaker colon newline": "Анна Петрова:\nДоброе утро.\n\nИлья:\nДоброе.\n\nАнна Петрова:\nНачнём.",
    "bracket ms": "[00:00:01.000 - 00:00:03.500] Анна Петрова: Доброе утро.\n[00:00:04.000 - 00:00:05.000] Илья: Доброе.\n[00:00:06.000 - 00:00:07.000] Анна Петрова: Начнём.",
    "time newline": "00:00:01\nАнна Петрова: Доброе утро.\n00:00:04\nИлья: Доброе.\n00:00:06\nАнна Петрова: Начнём.",
    "bracket name colon": "[Анна Петрова]: Доброе утро.\n[Илья]: Доброе.\n[Анна Петрова]: Начнём.",
    "email": "Анна Петрова <anna@x.ru>: Доброе утро.\nИлья <i@x.ru>: Доброе.\nАнна Петрова <anna@x.ru>: Начнём.",
    "org pipe": "Анна Петрова | Клиника: Доброе утро.\nИлья | Клиника: Доброе.\nАнна Петрова | Клиника: Начнём.",
    "table": "| 0:01 | Анна Петрова | Доброе утро. |\n| 0:04 | Илья | Доброе. |\n| 0:06 | Анна Петрова | Начнём. |",
    "vtt zero ids uuid": "WEBVTT\n\n5e0c0b1e-1c1f-4b6e-9b57-3d4d8c8b1b3f/10-0\n00:00:01.000 --> 00:00:03.500\n<v Анна Петрова>Доброе утро.</v>\n\n5e0c0b1e-1c1f-4b6e-9b57-3d4d8c8b1b3f/11-0\n00:00:04.000 --> 00:00:05.000\n<v Илья>Доброе.</v>\n\n5e0c0b1e-1c1f-4b6e-9b57-3d4d8c8b1b3f/12-0\n00:00:06.000 --> 00:00:08.000\n<v Анна Петрова>Начнём.</v>\n",
    "sec stamp": "(0:01) Анна Петрова: Доброе утро.\n(0:04) Илья: Доброе.\n(0:06) Анна Петрова: Начнём.",
}
"""Written once the first had been read, before the rules that they need."""
WHOLE = {
    "vtt": VTT, "vtt of Teams": VTT_TEAMS, "vtt of Zoom": VTT_ZOOM, "srt": SRT,
    "docx of Teams": TEAMS_DOCX, "copy of Zoom": ZOOM_COPY, "chat of Zoom": ZOOM_CHAT,
    **TIMES, **SECOND,
}  # fmt: skip
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "BOM": lambda text: "\ufeff" + text,
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "blanks": lambda text: "\n\n " + text.replace("\n", " \n").replace(" ", "\u00a0") + "\n ",
}


def read(text: str) -> Turns:
    transcript = read_meeting(CallId("bot-1"), MeetingMedia(language="ru", text=text))
    return [
        (unicodedata.normalize("NFC", each.name), unicodedata.normalize("NFC", each.text))
        for each in transcript.segments
    ]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", WHOLE)
def test_a_meeting_is_read_however_it_was_pasted(name: str, form: str) -> None:
    assert read(FORMS[form](WHOLE[name])) == AB


def test_what_a_program_writes_around_a_meeting_is_kept_as_nobodys_words() -> None:
    assert [turn for turn in read(MEET) if turn[0]][:3] == AB
    assert [turn for turn in read(OTTER) if turn[0]][:3] == AB
    assert ("", "Планёрка - Transcript") in read(MEET)


def test_a_copy_of_teams_has_its_speakers() -> None:
    assert read(TEAMS_COPY)[-3:] == AB


def test_subtitles_without_names_are_one_turn_a_cue() -> None:
    assert read(SRT_PLAIN) == [
        ("", "Доброе утро & добро пожаловать."),
        ("", "2026 год был хорошим."),
    ]


NOBODY = """Plan: Friday: PS: P.S.: Итого: TODO: http: https: Тема: Дата: Участники: Повестка: Time: Date:
    Attendees: Participants: Agenda: Понедельник: пятница: Monday: Fri: Январь: Next steps: Action items: Решили:
    Следующие шаги: Вывод: Выводы: Важно: FYI: NB: Q: Вопрос: Ответ: Бюджет: Budget: Риски: Risks: Сроки: Deadline:
    Owner: Ответственный: Статус: Status: Цель: Goal: План: Завтра: Tomorrow: Сегодня: Today: UPD: Update: Link: Ссылка:
    Subject: To: From: Cc: Re: Fwd: Итоги: Summary: Notes: Заметки: Комментарий: Comment: Warning: Внимание: Срочно:
    Example: Например: Шаг: Step: Пункт: Item: Kind: Language: WEBVTT: Note: Место: Location: Room: Кабинет:
    Phone: Телефон: Email: Почта: Price: Цена: Total: Всего: Первое: Второе: First: Second: Во-первых: Idea: Идея:
    KPI: OKR: ETA: TL;DR: Источник: От"""


@pytest.mark.parametrize("word", [each.strip() for each in NOBODY.replace("\n", " ").split(":")])
def test_a_heading_is_nobody(word: str) -> None:
    line = f"{word}: что-то сделать"
    assert read(f"Анна: да\n{line}\nАнна: нет") == [("Анна", "да"), ("Анна", line), ("Анна", "нет")]


@pytest.mark.parametrize(
    "line",
    ["http://example.org/a", "https://meet.google.com/abc: здесь", "Встреча в 15:30", "15:30 встреча",
     "C:\\Users\\anna", "Счёт 3:2 в нашу пользу", "1:1 с Анной", "mailto:anna@example.org",
     "Цена: 100:200", "Room 12:30 booked", "localhost:8000", "Key Result 1: рост"],
)  # fmt: skip
def test_what_looks_like_a_name_or_a_time_is_none(line: str) -> None:
    assert read(f"Анна: да\n{line}") == [("Анна", "да"), ("Анна", line)]


@pytest.mark.parametrize(
    "name",
    ["Анна", "Анна-Мария", "Anna O'Neil", "J.R. Smith", "Dr. House", "Иванова А. Б.", "Speaker 1", "Спикер 2",
     "ПМ", "Jean-Luc Picard", "Mai", "Марта", "Август Иванов", "Li Wei", "María José García López", "user_1",
     "SPEAKER_00", "Гость"],
)  # fmt: skip
def test_people_stay_people(name: str) -> None:
    assert read(f"{name}: да\nБорис: нет\n{name}: ну") == [
        (name, "да"),
        ("Борис", "нет"),
        (name, "ну"),
    ]


def test_where_names_have_times_a_heading_has_none() -> None:
    text = "".join(f"11:0{n} Анна: раз\n11:0{n} Борис: два\n" for n in range(4)) + "Москва: открыть"
    assert read(text)[-1] == ("Борис", "Москва: открыть")


@pytest.mark.parametrize(
    "line", ["А " * 5000, "[" * 5000, "1:23 " * 2000, "- " * 5000, "А-" * 5000]
)
def test_no_line_takes_long(line: str) -> None:
    read("\n".join([f"Анна: {line}", line, f"{line}: да"] * 30))
