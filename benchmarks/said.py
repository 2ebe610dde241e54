"""Calls with transcripts as long and as varied as real ones, made up: words by Zipf's law, lengths by a lognormal one."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

COMMON = (
    "да нет хорошо на приём здравствуйте вы можете записаться спасибо клиника время врач сколько стоит завтра "
    "сегодня удобно запись консультация пожалуйста до свидания подскажите имплант чистка цена рубля перезвоните "
    "администратор телефон номер утром вечером понедельник свободно окно лечение зуб боль снимок скидка оплата"
).split()
"""Words of clinics, the most frequent first; those behind them are made of syllables."""
_SYLLABLES = "ба во ги ду же за ки ло му ни по ра си то фу ха це чи шу эв ян ост ение ать ого ами ский".split()
VOCABULARY = 40_000
MEDIAN_TURNS, SPREAD = 28, 0.8
_LONGEST = 400
"""Turns of a call: with nine words each the median is two minutes of speech."""
DISTINCT = 4_000
"""Texts that calls have; more would find no more."""
START = datetime(2026, 11, 30, 18, tzinfo=UTC)
EMPLOYEES = [f"Сотрудник {number}" for number in range(40)]
OUTCOMES = ("booked", "thinking", "no_action", "refused", "callback")
TYPES = ("new_booking", "price_inquiry", "wrong_number", "complaint")
SENTIMENTS = ("positive", "neutral", "negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCall:
    """A call, by columns of call_sync.calls, and which of the texts is its; None where nothing was said."""

    columns: dict[str, Any]
    text: int | None


def vocabulary(chance: random.Random) -> list[str]:
    """Return words, each once, the most frequent first."""
    words = list(dict.fromkeys(COMMON))
    known = set(words)
    while len(words) < VOCABULARY:
        word = "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 5)))
        if word not in known:
            known.add(word)
            words.append(word)
    return words


def made_texts(chance: random.Random) -> list[list[str]]:
    """Return the turns of the texts that calls have."""
    words = vocabulary(random.Random(0))
    weights = list(accumulate(1 / (rank + 2.7) for rank in range(len(words))))
    texts = []
    for _ in range(DISTINCT):
        turns = min(_LONGEST, max(2, int(chance.lognormvariate(0, SPREAD) * MEDIAN_TURNS)))
        said = chance.choices(words, cum_weights=weights, k=9 * turns)
        texts.append([" ".join(said[at : at + 9]) for at in range(0, len(said), 9)])
    return texts


def made_calls(
    owner: str, count: int, texts: Sequence[Sequence[str]], chance: random.Random
) -> Iterator[MadeCall]:
    """Yield calls of a year, the latest first."""
    for number in range(count):
        started_at = START - timedelta(seconds=number * 31_536_000 / count)
        answered = chance.random() < 0.85
        text = chance.randrange(len(texts)) if answered else None
        yield MadeCall(
            columns={
                "owner": owner,
                "call_id": f"amocrm-{42_000_000 + number}",
                "execution": 1,
                "day": started_at.date(),
                "started_at": started_at,
                "direction": chance.choice(("INCOMING", "OUTGOING")),
                "duration_seconds": 0.0 if text is None else len(texts[text]) * 4.5,
                "employee": chance.choice(EMPLOYEES),
                "contact": f"+79{chance.randrange(10**9):09}",
                "answered": answered,
                "merged_into": None,
                "fault": "",
                "stages": _stages(chance, answered=answered),
                "call_type": chance.choice(TYPES) if answered else "",
                "outcome": chance.choices(OUTCOMES, (40, 30, 20, 9, 1))[0] if answered else "",
                "sentiment": chance.choice(SENTIMENTS) if answered else "",
                "score": round(chance.betavariate(5, 2) * 100, 1) if answered else None,
                "heard_language": "ru" if answered else "",
                "text_output": int(answered),
                "findings_output": int(answered),
            },
            text=text,
        )


def _stages(chance: random.Random, *, answered: bool) -> list[str]:
    if not answered:
        return ["CALL_SYNC SKIPPED"]
    failed = chance.random() < 0.002
    return sorted(
        ["CALL_SYNC SUCCESS", "TRANSCRIPTION SUCCESS", "ANALYSIS FAILED"]
        if failed
        else [
            f"{stage} SUCCESS"
            for stage in ("ANALYSIS", "CALL_SYNC", "RECOMMENDATIONS", "REPORTING", "TRANSCRIPTION")
        ]
    )
