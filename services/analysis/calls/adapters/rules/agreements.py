"""What the two sides settled."""

from services.analysis.calls.adapters.rules.cues import CueFinder
from services.analysis.calls.domain import Agreement, Conversation, Evidence, Speaker
from services.analysis.playbooks.domain import Playbook

MAX_AGREEMENTS = 5
_REFUSALS = frozenset(("=нет", "=no", "=nope", "=nah"))


def agreements(
    conversation: Conversation, playbook: Playbook, finder: CueFinder
) -> tuple[Agreement, ...]:
    """Return what was said to be done and not refused at once, in spoken order."""
    quotes = {quote for cue in playbook.agreements for quote in finder.find_settled(cue)}
    spoken = sorted(
        (quote for quote in quotes if not _refused(quote, conversation, finder)),
        key=lambda q: (q.turn, conversation.turns[q.turn].text.find(q.text), q.text),
    )
    return tuple(Agreement(text=quote.text, quote=quote) for quote in spoken[:MAX_AGREEMENTS])


def _refused(quote: Evidence, conversation: Conversation, finder: CueFinder) -> bool:
    """Tell whether the client answers with a no."""
    if conversation.turns[quote.turn].speaker is not Speaker.OPERATOR:
        return False
    answer = next(
        (sentence for turn, sentence in finder.sentences if turn.index == quote.turn + 1), None
    )
    return (
        answer is not None
        and conversation.turns[quote.turn + 1].speaker is Speaker.CLIENT
        and bool(answer.words)
        and not answer.words[0].keys.isdisjoint(_REFUSALS)
    )
