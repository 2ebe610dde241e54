"""What a judge wrote freely, as it may be kept: plain sentences, or the playbook's own. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from services.analysis.calls.domain import Evidence, ItemStatus, Judgement, Recommendation
from services.analysis.calls.summary import composed_summary
from services.analysis.playbooks.domain import ChecklistItem, Playbook
from services.llm.free_text import plain_sentences


class _Texts:
    """Makes texts plain, and flags what was removed. Where the judge is not trusted with words it keeps none."""

    def __init__(self, *, trusted: bool) -> None:
        self.flags: list[str] = []
        self._trusted = trusted

    def plain(self, text: str, field: str, instead: str = "") -> str:
        if not self._trusted:
            return plain_sentences(instead).text
        told = plain_sentences(text)
        if told.removed:
            self.flags.append(f"{field}: {', '.join(told.removed)} removed from its text")
        return told.text or plain_sentences(instead).text


def plain_texts(
    judgement: Judgement, playbook: Playbook, language: str, *, trusted: bool
) -> tuple[Judgement, tuple[str, ...]]:
    """Return the judgement with plain texts, and a flag for each that something was removed from.

    In place of a text of which nothing is left stands what the labels and quotes say, as in place of
    all of them where the judge is not `trusted` with words, since somebody tried to command it.
    """
    texts = _Texts(trusted=trusted)
    composed = composed_summary(
        playbook,
        language,
        call_type=judgement.call_type,
        quote=judgement.call_type_quote,
        objections=[objection.kind for objection in judgement.objections],
        outcome=judgement.outcome,
    )
    checked = replace(
        judgement,
        summary=texts.plain(judgement.summary, "summary", composed),
        agreements=tuple(
            replace(each, text=texts.plain(each.text, f"agreements.{index}", _words(each.quote)))
            for index, each in enumerate(judgement.agreements)
        ),
        client_facts=tuple(
            replace(
                each, text=texts.plain(each.text, f"client_facts.{each.kind}", _words(each.quote))
            )
            for each in judgement.client_facts
        ),
        recommendations=tuple(_advice(judgement, playbook, language, texts)),
    )
    return checked, tuple(texts.flags)


def _advice(
    judgement: Judgement, playbook: Playbook, language: str, texts: _Texts
) -> Iterator[Recommendation]:
    """Yield the recommendations in plain words, or in the playbook's where an item of their skill was left out."""
    for each in judgement.recommendations:
        field = f"recommendations.{each.skill}"
        text, why = texts.plain(each.text, field), texts.plain(each.why, field)
        if text and why:
            yield replace(each, text=text, why=why)
        elif item := _left_out(each.skill, judgement, playbook):
            advice = item.advice
            yield replace(each, text=advice.text[language], why=advice.why[language])
        else:
            texts.flags.append(f"{field}: dropped, it has no text")


def _words(quote: Evidence | None) -> str:
    return quote.text if quote else ""


def _left_out(skill: str, judgement: Judgement, playbook: Playbook) -> ChecklistItem | None:
    wanting = {
        checked.item
        for checked in judgement.checklist
        if checked.status in (ItemStatus.ATTEMPTED, ItemStatus.NOT_REACHED)
    }
    items = (item for item in playbook.checklist if item.skill == skill and item.name in wanting)
    return next(items, None)
