"""A judge made of rules: it looks for the phrases of the playbook, and quotes the sentences that hold them."""

import asyncio

from services.analysis.budget.ports import Budget
from services.analysis.calls.adapters.rules.acts import ActFinder
from services.analysis.calls.adapters.rules.advice import moments, recommend
from services.analysis.calls.adapters.rules.agreements import agreements
from services.analysis.calls.adapters.rules.checklist import check
from services.analysis.calls.adapters.rules.cues import EDGE_TURNS, CompiledCue, CueFinder
from services.analysis.calls.adapters.rules.votes import Votes
from services.analysis.calls.adapters.rules.weighed_labels import (
    choose_together,
    found_labels,
    heaviest,
    weighed_labels,
)
from services.analysis.calls.domain import (
    ClientFact,
    Conversation,
    Judgement,
    Objection,
    Speaker,
)
from services.analysis.calls.summary import composed_summary
from services.analysis.playbooks.domain import Cue, Playbook
from services.analysis.words.lemmas import Lemmatiser

REQUEST_TURNS = 2
MAX_PLAYBOOKS_READY = 64


class RulesJudge:
    """Implements Judge, deterministic and without any outside call.

    A label is weighed by its signals and acts, an earlier one of the playbook winning a tie; type and
    outcome are chosen together. For the type of a call, signals in the client's first turns count
    double: people say at once why they call. Where a classifier stands beside the playbook, what it has
    learnt is a second vote on type, outcome and sentiment.
    """

    name = "rules"
    version = "3"

    def __init__(self) -> None:
        self._lemmatiser = Lemmatiser()
        self._acts = ActFinder(self._lemmatiser)
        self._compiled: dict[str, dict[Cue, CompiledCue]] = {}

    async def judge(
        self,
        conversation: Conversation,
        playbook: Playbook,
        budget: Budget,  # noqa: ARG002  # rules cost nothing
    ) -> Judgement:
        """Judge a conversation in a thread, so that the event loop goes on meanwhile.

        Two at a time let the loop wait for 1 ms at the median and 70 ms at the worst, where an hour
        and a half of speech in the loop itself held it for 270 ms. A call takes 5 to 15 ms, far
        less than its transcription, so a second core would gain nothing.
        """
        return await asyncio.to_thread(self.judge_now, conversation, playbook)

    def price(self, playbook: Playbook, duration_seconds: float) -> None:
        """Cost nothing."""

    def judge_now(self, conversation: Conversation, playbook: Playbook) -> Judgement:
        """Judge a conversation; equal input gives an equal judgement."""
        finder = CueFinder(conversation, playbook, self._lemmatiser, self._compiled_for(playbook))
        request = _request_turns(conversation)
        acts = self._acts.find(finder.sentences)
        votes = Votes(conversation, playbook, finder, acts)
        call_type, outcome = votes.pair(playbook, *choose_together(playbook, finder, acts, request))
        type_name = call_type.label.name
        language = playbook.language_for(conversation.language)
        outcome_quote = outcome.quotes[-1] if outcome.quotes else None
        request_quote = call_type.quotes[0] if call_type.quotes else None
        objections = found_labels(playbook.objections, finder, acts, type_name)
        objected = min((o.quotes[0].turn for o in objections), default=None)
        sentiment = votes.one(
            playbook.sentiments,
            "sentiment",
            heaviest(weighed_labels(playbook.sentiments, finder, acts), type_name),
        )
        checked = tuple(
            check(
                item,
                conversation,
                finder,
                applicable=item.applies.holds(
                    type_name, outcome.label.name, objected=bool(objections)
                ),
                objected=objected,
            )
            for item in playbook.checklist
        )
        said = moments(
            finder,
            request=request_quote,
            objection=objections[0].quotes[0] if objections else None,
            outcome=outcome_quote,
        )
        return Judgement(
            call_type=type_name,
            call_type_quote=request_quote,
            outcome=outcome.label.name,
            outcome_quote=outcome_quote,
            sentiment=sentiment.label.name,
            sentiment_quote=sentiment.quotes[-1] if sentiment.quotes else None,
            summary=composed_summary(
                playbook,
                language,
                call_type=type_name,
                quote=request_quote,
                objections=[o.label.name for o in objections],
                outcome=outcome.label.name,
            ),
            objections=tuple(Objection(kind=o.label.name, quote=o.quotes[0]) for o in objections),
            checklist=checked,
            agreements=agreements(conversation, playbook, finder),
            client_facts=tuple(
                ClientFact(kind=f.label.name, text=f.label.title[language], quote=f.quotes[0])
                for f in found_labels(playbook.client_facts, finder, acts, type_name)
            ),
            recommendations=recommend(playbook, language, checked, said),
        )

    def _compiled_for(self, playbook: Playbook) -> dict[Cue, CompiledCue]:
        if playbook.hash not in self._compiled and len(self._compiled) >= MAX_PLAYBOOKS_READY:
            self._compiled.clear()
        return self._compiled.setdefault(playbook.hash, {})


def _request_turns(conversation: Conversation) -> frozenset[int]:
    """Return where the client says why they call; without known speakers, the first turns."""
    client = [t.index for t in conversation.turns if t.speaker is Speaker.CLIENT]
    return frozenset(client[:REQUEST_TURNS] or range(EDGE_TURNS))
