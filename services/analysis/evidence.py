"""Whether the quotes of a judgement occur in the transcript: the cheapest check for invention."""

import re
from dataclasses import replace

from rapidfuzz import fuzz

from services.analysis.domain import Conversation, Evidence, Judgement
from services.analysis.phrases import fold

MIN_SIMILARITY = 0.8
MIN_FUZZY_CHARACTERS = 12

_NOT_WORD = re.compile(r"[\W_]+")


def check_evidence(
    judgement: Judgement, conversation: Conversation
) -> tuple[Judgement, tuple[str, ...]]:
    """Return the judgement without the quotes nobody said, and one flag for each that was dropped.

    What somebody is said to have said is dropped with its quote: objections, agreements, facts. A
    label, a status or advice may be true without words for it, and stays.
    """
    flags: list[str] = []

    def kept(quote: Evidence | None, place: str) -> Evidence | None:
        if quote is None or occurs(quote, conversation):
            return quote
        flags.append(f"{place}: quote not found in turn {quote.turn}")
        return None

    def proven(quote: Evidence | None, place: str) -> bool:
        if quote is None:
            flags.append(f"{place}: dropped, it has no quote")
        return kept(quote, place) is not None

    checked = replace(
        judgement,
        call_type_quote=kept(judgement.call_type_quote, "call_type"),
        outcome_quote=kept(judgement.outcome_quote, "outcome"),
        objections=tuple(
            o for o in judgement.objections if proven(o.quote, f"objections.{o.kind}")
        ),
        checklist=tuple(
            replace(c, quote=kept(c.quote, f"checklist.{c.item}")) for c in judgement.checklist
        ),
        agreements=tuple(
            a
            for index, a in enumerate(judgement.agreements)
            if proven(a.quote, f"agreements.{index}")
        ),
        client_facts=tuple(
            f for f in judgement.client_facts if proven(f.quote, f"client_facts.{f.kind}")
        ),
        recommendations=tuple(
            replace(r, quote=kept(r.quote, f"recommendations.{r.skill}"))
            for r in judgement.recommendations
        ),
    )
    return checked, tuple(flags)


def occurs(quote: Evidence, conversation: Conversation) -> bool:
    """Tell whether the quoted words are in their turn, case and punctuation aside.

    A quote of at least `MIN_FUZZY_CHARACTERS` may differ by a fifth, as when a model mends a
    misheard word; a shorter one must be there word by word.
    """
    if not 0 <= quote.turn < len(conversation.turns):
        return False
    said = _normalised(conversation.turns[quote.turn].text)
    words = _normalised(quote.text)
    if not words:
        return False
    if f" {words} " in f" {said} ":
        return True
    if min(len(words), len(said)) < MIN_FUZZY_CHARACTERS:
        return False
    # partial_ratio looks for the shorter text in the longer: only the quote may be the part.
    compare = fuzz.partial_ratio if len(words) <= len(said) else fuzz.ratio
    return compare(words, said) >= 100 * MIN_SIMILARITY


def _normalised(text: str) -> str:
    return _NOT_WORD.sub(" ", fold(text)).strip()
