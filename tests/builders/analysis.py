"""Playbooks, conversations and analyses of calls; valid, with defaults."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import services.analysis
from services.analysis.calls.domain import (
    Agreement,
    Analysis,
    CallFacts,
    CallId,
    CheckedItem,
    ClientFact,
    Conversation,
    Direction,
    Evidence,
    Fallback,
    ItemStatus,
    Judgement,
    LongPauses,
    Metrics,
    Objection,
    Recommendation,
    Scores,
    SideMetrics,
    SkillWeight,
    Speaker,
    Turn,
    Versions,
)
from services.analysis.playbooks.domain import Playbook
from services.analysis.playbooks.reader import load_playbooks
from services.llm.domain import Usage
from services.status.domain import Cost, Owner, Reason

CLINIC = Owner("client:clinic")
QUOTE = Evidence(
    turn=1,
    text="Это дорого.",
    speaker=Speaker.CLIENT,
    start_seconds=4.5,
    end_seconds=6.25,
    probability=0.75,
)
SIDE = SideMetrics(
    speech_seconds=30.5,
    words=70,
    turns=8,
    average_turn_seconds=3.9,
    words_per_minute=137.7,
    pace_median=135.5,
    pace_deviation=20.25,
    longest_monologue_seconds=9.25,
    questions=2,
    interruptions=1,
    interruptions_per_minute=0.99,
    response_latency_median_seconds=0.6,
)
LONG = 60_000
"""Characters that a model may be asked in, more than any call here has."""
PLAYBOOKS = Path(services.analysis.__path__[0]) / "playbooks"
_SPEAKERS = {"O": Speaker.OPERATOR, "C": Speaker.CLIENT, "?": Speaker.UNKNOWN}


def clinic() -> Playbook:
    return load_playbooks(PLAYBOOKS)["clinic"]


def sales() -> Playbook:
    return load_playbooks(PLAYBOOKS)["sales"]


def a_turn(index: int, who: str, start: float, end: float, text: str) -> Turn:
    return Turn(
        index=index, speaker=_SPEAKERS[who], start_seconds=start, end_seconds=end, text=text
    )


def a_conversation(
    turns: Sequence[Turn], *, overlap_reliable: bool = True, language: str = "ru"
) -> Conversation:
    call = CallFacts(
        call_id=CallId("c1"),
        owner=Owner("client:clinic"),
        employee="Анна",
        day=date(2026, 1, 15),
        started_at=datetime(2026, 1, 15, 9, 30, tzinfo=UTC),
        duration_seconds=60.0,
        direction=Direction.INCOMING,
    )
    return Conversation(
        call=call, language=language, turns=tuple(turns), overlap_reliable=overlap_reliable
    )


def said(*lines: str, language: str = "ru") -> Conversation:
    """Build a conversation of lines such as `O: Добрый день.`, four seconds each, a second apart."""
    return a_conversation(
        [a_turn(i, line[0], 5.0 * i, 5.0 * i + 4, line[3:]) for i, line in enumerate(lines)],
        overlap_reliable=not any(line.startswith("?") for line in lines),
        language=language,
    )


def with_direction(conversation: Conversation, direction: Direction) -> Conversation:
    """Return a conversation as one that this side placed."""
    return replace(conversation, call=replace(conversation.call, direction=direction))


def an_analysis(
    call_id: str,
    *,
    day: date = date(2026, 3, 1),
    started_at: datetime = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC),
    score: float | None = 75.0,
    employee: str | None = "Анна",
    **labels: str,
) -> Analysis:
    """Return an analysis with every field set; `labels` are its type, outcome and sentiment."""
    return Analysis(
        call=CallFacts(
            call_id=CallId(call_id),
            owner=CLINIC,
            employee=employee,
            day=day,
            started_at=started_at,
            duration_seconds=62.8,
            direction=Direction.OUTGOING,
        ),
        language="ru",
        speakers_guessed=True,
        metrics=Metrics(
            span_seconds=60.5,
            silence_seconds=3.5,
            silence_share=0.06,
            long_pauses=LongPauses(count=1, total_seconds=3.25, longest_seconds=3.25),
            overlap_seconds=1.5,
            first_speaker=Speaker.OPERATOR,
            operator_talk_share=0.55,
            operator=SIDE,
            client=replace(SIDE, words=50),
        ),
        judgement=Judgement(
            call_type=labels.get("call_type", "price_inquiry"),
            call_type_quote=QUOTE,
            outcome=labels.get("outcome", "thinking"),
            outcome_quote=replace(QUOTE, turn=7),
            sentiment=labels.get("sentiment", "neutral"),
            sentiment_quote=QUOTE,
            summary="Тема: вопрос о цене. Итог: клиент думает.",
            objections=(Objection(kind="price", quote=QUOTE),),
            checklist=(
                CheckedItem(item="greeting", status=ItemStatus.COMPLETED, quote=QUOTE),
                CheckedItem(item="offer", status=ItemStatus.NOT_REACHED),
                CheckedItem(item="needs", status=ItemStatus.CANNOT_BE_TOLD),
            ),
            agreements=(
                Agreement(
                    text="перезвоним завтра",
                    quote=QUOTE,
                    owner=Speaker.OPERATOR,
                    due=date(2026, 3, 2),
                ),
            ),
            client_facts=(ClientFact(kind="pain", text="жалуется на боль", quote=QUOTE),),
            recommendations=(
                Recommendation(
                    skill="offer", priority=1, text="Предложите время.", why="…", quote=QUOTE
                ),
            ),
        ),
        weights={
            "greeting": SkillWeight(skill="contact", weight=1.0),
            "offer": SkillWeight(skill="offer", weight=3.0),
            "needs": SkillWeight(skill="needs_discovery", weight=2.0),
        },
        scores=Scores(
            checklist=score,
            by_skill={"contact": 100.0},
            applicable_items=3,
            told_items=2,
            told_share=0.75,
        ),
        evidence_flags=("outcome: quote not found in turn 0",),
        versions=Versions(
            metrics=1,
            judge_name="rules",
            judge_version="1",
            playbook_name="clinic",
            playbook_hash="a" * 64,
            input_hash="b" * 64,
        ),
        usage=Usage(
            requests=2,
            prompt_tokens=3000,
            completion_tokens=500,
            cost=Cost(amount=0.25, currency="USD"),
        ),
        fallback=Fallback(judge="model", reason=Reason.REFUSED, message="it refused"),
    )


CALL = said(
    "O: Клиника Здоровье, добрый день.",
    "C: Сколько стоит чистка?",
    "O: Пять тысяч.",
    "C: Дорого. Ладно, запишите меня на пятницу.",
    "O: Записала вас на пятницу, ждём.",
)


def as_judged(value: Any) -> Any:
    """Return a judgement or a part of it with quotes that only have a turn and words, as a judge gives them."""
    if isinstance(value, Evidence):
        return Evidence(turn=value.turn, text=value.text)
    if isinstance(value, tuple):
        return tuple(map(as_judged, value))
    if is_dataclass(value) and not isinstance(value, type):
        parts = {each.name: as_judged(getattr(value, each.name)) for each in fields(value)}
        return replace(value, **parts)
    return value


def a_judge_answer(playbook: Playbook, **parts: Any) -> dict[str, Any]:
    """Return a valid answer about CALL in which nothing of the checklist was done, but for `parts`."""
    not_done = {item.name: {"status": "not_reached", "quote": None} for item in playbook.checklist}
    return {
        "summary": "Клиент спросил цену и записался.",
        "call_type": "price_inquiry",
        "call_type_quote": {"turn": 1, "text": "Сколько стоит чистка?"},
        "outcome": "booked",
        "outcome_quote": {"turn": 4, "text": "Записала вас на пятницу"},
        "sentiment": "neutral",
        "sentiment_quote": None,
        "checklist": not_done | parts.pop("checklist", {}),
        "agreements": [],
        "objections": [],
        "client_facts": [],
        "recommendations": [],
        **parts,
    }
