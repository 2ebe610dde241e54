"""Whether the quotes of a judgement occur in the transcript: the cheapest check for invention."""

from dataclasses import replace

from services.analysis.calls.domain import Conversation, Evidence, Judgement
from services.llm import quotes


def check_evidence(
    judgement: Judgement, conversation: Conversation
) -> tuple[Judgement, tuple[str, ...]]:
    """Return the judgement without the quotes nobody said, and one flag for each that was dropped.

    What somebody is said to have said is dropped with its quote: objections, agreements, facts. A
    label, a status or advice may be true without words for it, and stays.
    """
    flags: list[str] = []

    def kept(quote: Evidence | None, field: str) -> Evidence | None:
        if quote is None or occurs(quote, conversation):
            return quote
        flags.append(f"{field}: quote not found in turn {quote.turn}")
        return None

    def proven(quote: Evidence | None, field: str) -> bool:
        if quote is None:
            flags.append(f"{field}: dropped, it has no quote")
        return kept(quote, field) is not None

    checked = replace(
        judgement,
        call_type_quote=kept(judgement.call_type_quote, "call_type"),
        outcome_quote=kept(judgement.outcome_quote, "outcome"),
        sentiment_quote=kept(judgement.sentiment_quote, "sentiment"),
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
    """Tell whether the quoted words are in their turn; see `services/llm/quotes.py` for what may differ."""
    if not 0 <= quote.turn < len(conversation.turns):
        return False
    return quotes.occurs(quote.text, conversation.turns[quote.turn].text)
