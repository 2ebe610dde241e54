"""What the transcript bears out of a judgement. Pure.

A quote becomes the transcript's own words, with who said them, when, and how surely they were heard. It counts only from
the right side: what the operator did is shown by the operator's words, what the client objects to, tells or feels by the
client's; a speaker nobody knows, as in mono, counts as either.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import assert_never

from services.analysis.calls.domain import (
    Agreement,
    CheckedItem,
    Conversation,
    Evidence,
    ItemStatus,
    Judgement,
    Objection,
    Recommendation,
    Speaker,
)
from services.analysis.calls.hearing import heard
from services.analysis.playbooks.domain import Applicability, Playbook
from services.analysis.words.speech import count_words
from services.llm.due_dates import find_dates
from services.llm.quotes import FoundQuote, QuotableTexts

OUTCOME_WITHOUT_EVIDENCE = "other"
"""The outcome of a call whose own is not borne out, where the playbook has this label; else its fallback."""
LATEST_DUE = timedelta(days=731)
"""How long after a call something agreed on in it may be due."""

MOVED_WORDS = 2
"""A quote of one word, as a `yes`, is looked for in its own turn alone: any turn may have it."""

_WANTING = (ItemStatus.ATTEMPTED, ItemStatus.NOT_REACHED)
_ANYONE = frozenset(Speaker)
_OPERATOR = frozenset((Speaker.OPERATOR, Speaker.UNKNOWN))
_CLIENT = frozenset((Speaker.CLIENT, Speaker.UNKNOWN))


def check_evidence(
    judgement: Judgement, conversation: Conversation, playbook: Playbook
) -> tuple[Judgement, tuple[str, ...]]:
    """Return what of a judgement the transcript bears out, and a flag for each thing that it does not.

    Without words of the right side for it, an item of the checklist cannot be told, an outcome is
    another, and objections, agreements, facts and recommendations are dropped. Which items apply
    follows from what is left. That something was not done needs no words.
    """
    check = _Check(judgement, conversation, playbook)
    return check.checked(), tuple(check.flags)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """Where a quote stands, or why it does not count."""

    found: FoundQuote | None
    why: str = ""


class _Check:
    """The check of one judgement; `flags` fills as it goes."""

    def __init__(
        self, judgement: Judgement, conversation: Conversation, playbook: Playbook
    ) -> None:
        self.flags: list[str] = []
        self._judgement = judgement
        self._conversation = conversation
        self._playbook = playbook
        self._said = QuotableTexts(turn.text for turn in conversation.turns)
        self._objected: FoundQuote | None = None
        """Where the first objection ends."""

    def checked(self) -> Judgement:
        """Return what is borne out."""
        given = self._judgement
        call_type_quote = self._optional(given.call_type_quote, "call_type", _ANYONE)
        outcome, outcome_quote = self._outcome()
        sentiment_quote = self._optional(given.sentiment_quote, "sentiment", _CLIENT)
        objections = tuple(self._objections())
        checklist = tuple(self._items(outcome, objected=bool(objections)))
        return replace(
            given,
            call_type_quote=call_type_quote,
            outcome=outcome,
            outcome_quote=outcome_quote,
            sentiment_quote=sentiment_quote,
            objections=objections,
            checklist=checklist,
            agreements=tuple(self._agreements()),
            client_facts=tuple(
                replace(fact, quote=quote)
                for fact in given.client_facts
                if (quote := self._needed(fact.quote, f"client_facts.{fact.kind}", _CLIENT))
            ),
            recommendations=tuple(
                replace(advice, priority=priority)
                for priority, advice in enumerate(self._recommendations(checklist), start=1)
            ),
        )

    def _outcome(self) -> tuple[str, Evidence | None]:
        """Return the outcome, or what it is without evidence; that nothing came of a call needs none."""
        outcome, quote = self._judgement.outcome, self._judgement.outcome_quote
        choice = self._playbook.outcomes
        if outcome in (choice.fallback, OUTCOME_WITHOUT_EVIDENCE):
            return outcome, self._optional(quote, "outcome", _ANYONE)
        answer = self._find(quote, _ANYONE)
        if answer.found is not None:
            return outcome, self._evidence(answer.found)
        labels = {label.name for label in choice.labels}
        instead = (
            OUTCOME_WITHOUT_EVIDENCE if OUTCOME_WITHOUT_EVIDENCE in labels else choice.fallback
        )
        self.flags.append(f"outcome: {instead} instead of {outcome}, {answer.why}")
        return instead, None

    def _objections(self) -> Iterable[Objection]:
        for objection in self._judgement.objections:
            found = self._needed_place(objection.quote, f"objections.{objection.kind}", _CLIENT)
            if found is not None:
                self._objected = min(self._objected or found, found, key=_end)
                yield replace(objection, quote=self._evidence(found))

    def _items(self, outcome: str, *, objected: bool) -> Iterable[CheckedItem]:
        applies = {item.name: item.applies for item in self._playbook.checklist}
        for checked in self._judgement.checklist:
            yield self._item(checked, applies[checked.item], outcome, objected=objected)

    def _item(
        self, checked: CheckedItem, applies: Applicability, outcome: str, *, objected: bool
    ) -> CheckedItem:
        given, field = self._judgement, f"checklist.{checked.item}"
        if not applies.holds(given.call_type, outcome, objected=objected):
            return CheckedItem(item=checked.item, status=ItemStatus.NOT_APPLICABLE)
        if not applies.holds(given.call_type, given.outcome, objected=bool(given.objections)):
            return self._untold(checked, "it was not judged for this outcome")
        match checked.status:
            case ItemStatus.COMPLETED | ItemStatus.ATTEMPTED:
                after = self._objected if applies.with_objection else None
                answer = self._find(checked.quote, _OPERATOR, after)
                if answer.found is None:
                    return self._untold(checked, answer.why)
                return replace(checked, quote=self._evidence(answer.found))
            case ItemStatus.NOT_REACHED | ItemStatus.NOT_APPLICABLE | ItemStatus.CANNOT_BE_TOLD:
                return replace(checked, quote=self._optional(checked.quote, field, _ANYONE))
            case _:
                assert_never(checked.status)

    def _untold(self, checked: CheckedItem, why: str) -> CheckedItem:
        self.flags.append(f"checklist.{checked.item}: cannot be told, {why}")
        return CheckedItem(item=checked.item, status=ItemStatus.CANNOT_BE_TOLD)

    def _agreements(self) -> Iterable[Agreement]:
        for index, agreement in enumerate(self._judgement.agreements):
            field = f"agreements.{index}"
            quote = self._needed(agreement.quote, field, _ANYONE)
            if quote is not None:
                due = self._due(agreement.due, quote.text, field)
                yield replace(agreement, quote=quote, due=due)

    def _due(self, due: date | None, quote: str, field: str) -> date | None:
        """Return a day that lies after the call, not too far, and is one that the quote names if it names any."""
        if due is None:
            return None
        day = self._conversation.call.day
        named = [each.day for each in find_dates(quote, day)]
        if due < day:
            why = "it lies before the call"
        elif due > day + LATEST_DUE:
            why = f"it lies more than {LATEST_DUE.days} days after the call"
        elif named and due not in named:
            why = f"its quote names {named[0]}"
        else:
            return due
        self.flags.append(f"{field}: due {due} dropped, {why}")
        return None

    def _recommendations(self, checklist: Sequence[CheckedItem]) -> Iterable[Recommendation]:
        skill_of = {item.name: item.skill for item in self._playbook.checklist}
        untold, wanting = (
            {skill_of[checked.item] for checked in checklist if checked.status in statuses}
            for statuses in ((ItemStatus.CANNOT_BE_TOLD,), _WANTING)
        )
        for advice in self._judgement.recommendations:
            field = f"recommendations.{advice.skill}"
            if advice.skill in untold - wanting:
                self.flags.append(f"{field}: dropped, what it is about cannot be told")
            elif quote := self._needed(advice.quote, field, _ANYONE):
                yield replace(advice, quote=quote)

    def _needed(
        self, quote: Evidence | None, field: str, speakers: frozenset[Speaker]
    ) -> Evidence | None:
        """Return the evidence of what is dropped without it."""
        found = self._needed_place(quote, field, speakers)
        return self._evidence(found) if found else None

    def _needed_place(
        self, quote: Evidence | None, field: str, speakers: frozenset[Speaker]
    ) -> FoundQuote | None:
        answer = self._find(quote, speakers)
        if answer.found is None:
            self.flags.append(f"{field}: dropped, {answer.why}")
        return answer.found

    def _optional(
        self, quote: Evidence | None, field: str, speakers: frozenset[Speaker]
    ) -> Evidence | None:
        """Return the evidence of what may be true without it."""
        if quote is None:
            return None
        answer = self._find(quote, speakers)
        if answer.found is None:
            self.flags.append(f"{field}: quote dropped, {answer.why}")
            return None
        return self._evidence(answer.found)

    def _find(
        self, quote: Evidence | None, speakers: frozenset[Speaker], after: FoundQuote | None = None
    ) -> _Answer:
        """Look for a quote in the turns of a side, the nearest to its own first: judges miscount turns."""
        if quote is None:
            return _Answer(found=None, why="it has no quote")
        turns = sorted(self._conversation.turns, key=lambda turn: abs(turn.index - quote.turn))
        if count_words(quote.text) < MOVED_WORDS:
            turns = [turn for turn in turns if turn.index == quote.turn]
        side = [turn.index for turn in turns if turn.speaker in speakers]
        places = [index for index in side if after is None or index >= after.index]
        while (found := self._said.find(quote.text, places)) is not None:
            if after is None or _end(found) > _end(after):
                return _Answer(found=found)
            places.remove(found.index)
        if after is not None and self._said.find(quote.text, side):
            return _Answer(found=None, why="its quote does not come after the objection")
        if self._said.find(quote.text):
            who = "operator" if speakers is _OPERATOR else "client"
            return _Answer(found=None, why=f"its quote is not the {who}'s")
        return _Answer(found=None, why="nobody said its quote")

    def _evidence(self, found: FoundQuote) -> Evidence:
        return heard(self._conversation.turns[found.index], found.span)


def _end(found: FoundQuote) -> tuple[int, int]:
    return found.index, found.span.stop
