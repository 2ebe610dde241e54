"""A narrator that is a language model, whose numbers are checked; rules write what it cannot."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import structlog

from services.llm.budget import OwnBudget
from services.llm.domain import UNANSWERED, Message, MessageRole
from services.llm.free_text import plain_sentences
from services.llm.ports import LanguageModel
from services.recommendations.ranges.adapters.prompt import (
    Told,
    advice_lines,
    narrative_messages,
    wrong_numbers_message,
)
from services.recommendations.ranges.domain import Narrative, RollUp, previous
from services.recommendations.ranges.figures import names, rows
from services.recommendations.ranges.narrative import compose
from services.recommendations.ranges.numbers import Facts, wrong_numbers
from services.status.domain import DateRange

log = structlog.get_logger()

MOST_ASKED = 2
"""A narrative with wrong numbers is asked for once more."""
MAX_WRONG = 20
"""So many wrong numbers are told at a time."""


class WrongNumbers(Exception):
    """What the model wrote has numbers that are no figures; the text is for people."""


class NothingLeft(Exception):
    """What the model wrote is nothing for people to read."""


class ModelNarrator:
    """Implements Narrator.

    `cost_cap` is what one narrative may cost, in the currency of the model's prices, and `timeout` how long it may
    take.
    """

    def __init__(self, model: LanguageModel, *, cost_cap: float | None, timeout: timedelta) -> None:
        self._model = model
        self._cost_cap = cost_cap
        self._timeout = timeout.total_seconds()

    async def narrate(self, days: DateRange, roll_up: RollUp, language: str) -> Narrative:
        by_rules = compose(roll_up, language)
        if not roll_up.scores.calls:
            return by_rules
        budget = OwnBudget(self._cost_cap)
        try:
            async with asyncio.timeout(self._timeout):
                narrative = await _write(self._model, budget, days, roll_up, language)
        except TimeoutError:
            note = f"model {self._model.name} did not end within {self._timeout:.0f} s"
            narrative = replace(by_rules, note=note)
        except (*UNANSWERED, WrongNumbers, NothingLeft) as error:
            narrative = replace(by_rules, note=str(error))
        log.info(
            "narrative_written",
            author=narrative.author,
            note=narrative.note,
            requests=budget.usage.requests,
            prompt_tokens=budget.usage.prompt_tokens,
            completion_tokens=budget.usage.completion_tokens,
            cost=str(budget.usage.cost),
        )
        return narrative


def _plain(told: Told, author: str) -> Narrative:
    """Return a narrative in plain sentences, with a note where something was removed; raises NothingLeft."""
    text, *actions = (plain_sentences(each) for each in (told.narrative, *told.actions))
    removed = dict.fromkeys(what for each in (text, *actions) for what in each.removed)
    if not text.text:
        raise NothingLeft(f"model {author} wrote nothing for people: {', '.join(removed)}")
    return Narrative(
        text=text.text,
        actions=tuple(each.text for each in actions if each.text),
        author=author,
        note=f"{', '.join(removed)} removed from it" if removed else "",
    )


async def _write(
    model: LanguageModel, budget: OwnBudget, days: DateRange, roll_up: RollUp, language: str
) -> Narrative:
    """Return the model's narrative, all whose numbers are figures; raises WrongNumbers, NothingLeft."""
    table = rows(roll_up)
    facts = Facts(
        figures=[figure for row in table for figure in row.figures],
        days=DateRange(start=(previous(days) or days).start, end=days.end),
        names=names(roll_up),
    )
    advice = "\n".join(advice_lines(roll_up))
    messages = narrative_messages(days, table, roll_up, language)
    for _ in range(MOST_ASKED):
        told = await budget.ask(model, messages, Told)
        wrong = wrong_numbers(told.narrative, facts)
        for action in told.actions:
            wrong += wrong_numbers(action, facts, known=advice)
        if not wrong:
            return _plain(told, model.name)
        answer = Message(role=MessageRole.ASSISTANT, text=told.model_dump_json())
        messages = [*messages, answer, wrong_numbers_message(wrong[:MAX_WRONG])]
    raise WrongNumbers(
        f"model {model.name} wrote numbers that are no figures: {', '.join(wrong[:MAX_WRONG])}"
    )
