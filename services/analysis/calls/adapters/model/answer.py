"""The shape in which a language model judges by a playbook, and what it means. Pure functions."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from services.analysis.calls.adapters.model.prompt import (
    MAX_RECOMMENDATIONS,
    MAX_TURNS_NOTED,
    UNSURE_MARK,
)
from services.analysis.calls.domain import (
    Agreement,
    CheckedItem,
    ClientFact,
    Evidence,
    ItemStatus,
    Judgement,
    Objection,
    Recommendation,
    Speaker,
)
from services.analysis.playbooks.domain import Playbook
from services.llm.shapes import AnswerShape, Due

MAX_FINDINGS = 20


Short = Annotated[str, Field(min_length=1, max_length=500)]
Summary = Annotated[str, Field(min_length=1, max_length=2000)]


class TurnQuote(AnswerShape):
    """Words of one turn."""

    turn: Annotated[int, Field(ge=0)]
    text: Short


class Status(AnswerShape):
    """What became of an item of the checklist."""

    status: Literal["completed", "attempted", "not_reached", "cannot_be_told", "not_applicable"]
    quote: TurnQuote | None = None


class Settled(AnswerShape):
    """An agreement."""

    text: Short
    owner: Literal["operator", "client"] | None = None
    due: Due = None
    quote: TurnQuote


class Noted(AnswerShape):
    """What matters of one part of a long call."""

    turns: Annotated[list[int], Field(max_length=MAX_TURNS_NOTED)]
    summary: Summary


def shape_for(playbook: Playbook) -> type[BaseModel]:
    """Return the shape of a judgement by a playbook: its labels are the only words there are for them."""
    types = [label.name for label in playbook.call_types.labels]
    outcomes = [label.name for label in playbook.outcomes.labels]
    sentiments = [label.name for label in playbook.sentiments.labels]
    objections = [label.name for label in playbook.objections]
    facts = [label.name for label in playbook.client_facts]
    skills = list(dict.fromkeys(item.skill for item in playbook.checklist))
    # By number, since an item may have a name that a model keeps for itself, such as `copy`.
    items: dict[str, Any] = {
        _field(number): (Status, Field(alias=item.name))
        for number, item in enumerate(playbook.checklist)
    }
    fields: dict[str, Any] = {
        "summary": (Summary, ...),
        "call_type_quote": (TurnQuote | None, None),
        "call_type": (_one_of(types), ...),
        "outcome_quote": (TurnQuote | None, None),
        "outcome": (_one_of(outcomes), ...),
        "sentiment_quote": (TurnQuote | None, None),
        "sentiment": (_one_of(sentiments), ...),
        "checklist": (create_model("Checklist", __base__=AnswerShape, **items), ...),
        "agreements": (_several(Settled), ...),
    }
    if objections:
        kind: dict[str, Any] = {"kind": (_one_of(objections), ...), "quote": (TurnQuote, ...)}
        fields["objections"] = (
            _several(create_model("Objected", __base__=AnswerShape, **kind)),
            ...,
        )
    if facts:
        fact: dict[str, Any] = {
            "kind": (_one_of(facts), ...),
            "text": (Short, ...),
            "quote": (TurnQuote, ...),
        }
        fields["client_facts"] = (_several(create_model("Fact", __base__=AnswerShape, **fact)), ...)
    if skills:
        advice: dict[str, Any] = {
            "skill": (_one_of(skills), ...),
            "text": (Short, ...),
            "why": (Short, ...),
            "quote": (TurnQuote | None, None),
        }
        fields["recommendations"] = (
            _several(create_model("Advised", __base__=AnswerShape, **advice), MAX_RECOMMENDATIONS),
            ...,
        )
    return create_model("Judged", __base__=AnswerShape, **fields)


def judgement_of(answer: Any, playbook: Playbook) -> Judgement:
    """Return what an answer of the shape says.

    When an item of the checklist applies is the playbook's to say, not the model's.
    """
    objections = tuple(
        Objection(kind=each.kind, quote=_evidence(each.quote))
        for each in getattr(answer, "objections", ())
    )
    return Judgement(
        call_type=answer.call_type,
        call_type_quote=_evidence(answer.call_type_quote),
        outcome=answer.outcome,
        outcome_quote=_evidence(answer.outcome_quote),
        sentiment=answer.sentiment,
        sentiment_quote=_evidence(answer.sentiment_quote),
        summary=answer.summary.strip(),
        objections=objections,
        checklist=tuple(
            CheckedItem(
                item=item.name, status=ItemStatus(checked.status), quote=_evidence(checked.quote)
            )
            if item.applies.holds(answer.call_type, answer.outcome, objected=bool(objections))
            else CheckedItem(item=item.name, status=ItemStatus.NOT_APPLICABLE)
            for number, item in enumerate(playbook.checklist)
            for checked in [getattr(answer.checklist, _field(number))]
        ),
        agreements=tuple(
            Agreement(
                text=each.text,
                quote=_evidence(each.quote),
                owner=Speaker(each.owner) if each.owner else None,
                due=each.due,
            )
            for each in answer.agreements
        ),
        client_facts=tuple(
            ClientFact(kind=each.kind, text=each.text, quote=_evidence(each.quote))
            for each in getattr(answer, "client_facts", ())
        ),
        recommendations=_ranked(
            Recommendation(
                skill=each.skill,
                priority=1,
                text=each.text,
                why=each.why,
                quote=_evidence(each.quote),
            )
            for each in getattr(answer, "recommendations", ())
        ),
    )


def _field(number: int) -> str:
    return f"item_{number}"


def _one_of(names: Iterable[str]) -> Any:
    return Literal[tuple(names)]


def _several(part: type[BaseModel], most: int = MAX_FINDINGS) -> Any:
    return Annotated[list[part], Field(max_length=most)]  # type: ignore[valid-type]


def _evidence(quote: TurnQuote | None) -> Evidence | None:
    if quote is None:
        return None
    return Evidence(turn=quote.turn, text=quote.text.replace(UNSURE_MARK, ""))


def _ranked(advice: Iterable[Recommendation]) -> tuple[Recommendation, ...]:
    """Return the first advice for each skill, numbered from 1."""
    by_skill: dict[str, Recommendation] = {}
    for each in advice:
        by_skill.setdefault(each.skill, each)
    return tuple(
        replace(each, priority=priority) for priority, each in enumerate(by_skill.values(), start=1)
    )
