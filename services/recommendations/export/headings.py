"""The words around the figures of a file, in the languages there are. Pure functions."""

from collections.abc import Callable

Say = Callable[[str], str]
"""Turns an English word of ours into that of a language."""

RUSSIAN = {
    # Sheets.
    "figures": "показатели",
    "days": "дни",
    "employees": "сотрудники",
    "skills": "навыки",
    "items": "пункты",
    "recommendations": "рекомендации",
    "calls": "звонки",
    # Headings and figures.
    "figure": "показатель",
    "value": "значение",
    "client": "клиент",
    "first day": "первый день",
    "last day": "последний день",
    "as of": "по состоянию на",
    "time zone": "часовой пояс",
    "calls without a score": "звонки без оценки",
    "mean score": "средняя оценка",
    "median score": "медиана оценки",
    "first day of the range before": "первый день прошлого периода",
    "last day of the range before": "последний день прошлого периода",
    "calls in the range before": "звонки прошлого периода",
    "fewer calls than this say nothing": "звонков нужно для выводов",
    "most calls in a file": "звонков в файле не больше",
    "written": "отчёт составлен",
    "in words": "словами",
    "do first": "сделать сначала",
    "work on first": "над чем работать сначала",
    "type": "тип",
    "outcome": "исход",
    "sentiment": "настроение",
    "day": "день",
    "time": "время",
    "employee": "сотрудник",
    "everybody": "все",
    "unknown": "неизвестно",
    "skill": "навык",
    "item": "пункт",
    "enough calls": "достаточно звонков",
    "yes": "да",
    "no": "нет",
    "items that applied": "оценённые пункты",
    "completed": "выполнено",
    "in part": "частично",
    "share completed": "доля выполненного",
    "change of the share": "изменение доли",
    "score": "оценка",
    "change of the score": "изменение оценки",
    "calls where it failed": "звонки с недочётами",
    "calls where it cannot be told": "звонки, где не определить",
    "what to do": "что делать",
    "why": "зачем",
    "priority": "приоритет",
    "advised in calls": "звонки с этим советом",
    "quote": "цитата",
    "call": "звонок",
    "at second": "на секунде",
    "told share": "доля оценённого",
}


def words_of(language: str) -> Say:
    """Return what says our words in a language; in English where we do not speak it."""
    return RUSSIAN.__getitem__ if language == "ru" else str
