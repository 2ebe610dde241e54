"""What the two sides settled."""

from services.analysis.calls.adapters.rules.cues import CueFinder
from services.analysis.calls.domain import Agreement, Conversation, Evidence, Speaker
from services.analysis.playbooks.domain import Playbook

MAX_AGREEMENTS = 5
_REFUSALS = frozenset(("=нет", "=no", "=nope", "=nah", "=не"))
_CONSENTS = frozenset(
    (
        *("=да", "=давайте", "=давай", "=хорошо", "=ладно", "=конечно", "=ага", "=угу", "=можно"),
        *(
            "=звоните",
            "=наберите",
            "=пишите",
            "=запишите",
            "=записывайте",
            "=отлично",
            "=договорились",
        ),
        *("=ок", "=окей", "=устраивает", "=подходит", "=пожалуйста", "=присылайте", "=жду"),
        *(
            "=yes",
            "=yeah",
            "=yep",
            "=sure",
            "=ok",
            "=okay",
            "=please",
            "=fine",
            "=great",
            "=perfect",
        ),
        *("=lovely", "=brilliant", "=alright", "=absolutely", "=do"),
    )
)


def agreements(
    conversation: Conversation, playbook: Playbook, finder: CueFinder
) -> tuple[Agreement, ...]:
    """Return what was said to be done and not refused at once, or asked and agreed to, in spoken order."""
    found = {each for cue in playbook.agreements for each in finder.find_said(cue)}
    spoken = sorted(
        (quote for quote, asked in found if _settled(quote, conversation, finder, asked=asked)),
        key=lambda q: (q.turn, conversation.turns[q.turn].text.find(q.text), q.text),
    )
    return tuple(Agreement(text=quote.text, quote=quote) for quote in spoken[:MAX_AGREEMENTS])


def _settled(
    quote: Evidence, conversation: Conversation, finder: CueFinder, *, asked: bool
) -> bool:
    """Tell whether the other side lets stand what was said, or says yes to what was asked."""
    answer = next(
        (sentence for turn, sentence in finder.sentences if turn.index == quote.turn + 1), None
    )
    if answer is None or not answer.words:
        return not asked
    speakers = [conversation.turns[quote.turn + each].speaker for each in (0, 1)]
    if speakers[0] is speakers[1] and Speaker.UNKNOWN not in speakers:
        return not asked
    first = answer.words[0].keys
    return not first.isdisjoint(_CONSENTS) if asked else first.isdisjoint(_REFUSALS)
