"""Ties the three layers together: what was measured, what a judge found, what follows in scores."""

import asyncio
import hashlib
import json
from dataclasses import asdict, replace
from datetime import date
from enum import Enum

from services.analysis.budget.ports import Budget
from services.analysis.calls.domain import (
    Analysis,
    Conversation,
    Judgement,
    Speaker,
    UndeclaredLabels,
    Versions,
)
from services.analysis.calls.evidence import check_evidence
from services.analysis.calls.labels import undeclared
from services.analysis.calls.metrics import METRICS_VERSION, measure
from services.analysis.calls.ports import Judge
from services.analysis.calls.scores import score, weights
from services.analysis.calls.texts import plain_texts
from services.analysis.calls.withheld import unswayed, withheld_flags, withhold
from services.analysis.playbooks.domain import Playbook
from services.analysis.words.speech import NothingSaid, UnsureLanguage, count_words


async def analyse(
    conversation: Conversation, playbook: Playbook, judge: Judge, budget: Budget
) -> Analysis:
    """Return the analysis of one conversation.

    Raises NothingSaid where there is no conversation to judge, before the judge is asked,
    UndeclaredLabels where the judge answers with labels the playbook does not have, and what a
    judge without a judgement raises.
    """
    _require_dialogue(conversation)
    # An hour of speech takes a second: too long for an event loop.
    heard, withheld = await asyncio.to_thread(withhold, conversation)
    judgement = await judge.judge(heard, playbook, budget)
    analysis = await asyncio.to_thread(
        _conclude, conversation, heard, withheld, playbook, judge, judgement
    )
    return replace(analysis, usage=budget.usage if budget.usage.requests else None)


def _conclude(
    conversation: Conversation,
    heard: Conversation,
    withheld: frozenset[int],
    playbook: Playbook,
    judge: Judge,
    judgement: Judgement,
) -> Analysis:
    if faults := undeclared(judgement, playbook):
        raise UndeclaredLabels("; ".join(faults))
    judgement, doubts = check_evidence(judgement, heard, playbook)
    judgement, unshown = unswayed(judgement, conversation, playbook, withheld)
    language = playbook.language_for(conversation.language)
    judgement, removed = plain_texts(judgement, playbook, language, trusted=not withheld)
    return Analysis(
        call=conversation.call,
        language=conversation.language,
        speakers_guessed=conversation.speakers_guessed,
        metrics=measure(conversation),
        judgement=judgement,
        weights=weights(judgement.checklist, playbook),
        scores=score(judgement.checklist, playbook),
        evidence_flags=(
            *withheld_flags(conversation, withheld),
            *doubts,
            *unshown,
            *removed,
        ),
        versions=Versions(
            metrics=METRICS_VERSION,
            judge_name=judge.name,
            judge_version=judge.version,
            playbook_name=playbook.name,
            playbook_hash=playbook.hash,
            input_hash=input_hash(conversation),
        ),
    )


def input_hash(conversation: Conversation) -> str:
    """Hex SHA-256 of everything an analysis can depend on: the call's facts and the turns."""
    content = json.dumps(asdict(conversation), default=_plain, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _require_dialogue(conversation: Conversation) -> None:
    if conversation.unsure_language:
        raise UnsureLanguage(conversation.unsure_language, reason="UNSURE_LANGUAGE")
    speakers = {t.speaker for t in conversation.turns if count_words(t.text)}
    if not speakers:
        raise NothingSaid(f"call {conversation.call.call_id} has no words", reason="NO_SPEECH")
    told = not conversation.speakers_guessed and Speaker.UNKNOWN not in speakers
    if told and len(speakers) == 1:
        raise NothingSaid(
            f"in call {conversation.call.call_id} only the {speakers.pop().value} speaks",
            reason="NO_SPEECH",
        )


def _plain(value: object) -> str:
    match value:
        case Enum():
            return str(value.value)
        case date():
            return value.isoformat()
        case _:
            raise TypeError(f"{value!r} has no place in a conversation")
