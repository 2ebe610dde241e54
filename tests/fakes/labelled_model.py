"""A language model that has read the labels: it answers about a labelled dialogue what people say of it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from starlette.responses import Response

from services.analysis.calls.adapters.model.prompt import line_of
from services.analysis.calls.domain import Conversation, ItemStatus, Speaker
from services.analysis.playbooks.domain import Playbook
from tests.builders.analysis import a_judge_answer
from tests.fakes.language_model import Asked, says
from tests.labelled_dialogues import Labelled

Quoted = Mapping[str, Any] | None


def labelled_reply(samples: Iterable[Labelled], playbook: Playbook) -> Callable[[Asked], Response]:
    """Return how such a model replies to a request about one of the dialogues."""
    answers = {
        _transcript(sample.conversation): labelled_answer(sample, playbook) for sample in samples
    }

    def reply(asked: Asked) -> Response:
        user = asked["messages"][1]["content"]
        transcript = user.partition("<transcript>\n")[2].partition("\n</transcript>")[0]
        return says(answers[transcript])

    return reply


def labelled_answer(sample: Labelled, playbook: Playbook) -> dict[str, Any]:
    """Return the answer that agrees with the labels, quoting whoever has to have said it."""
    conversation, labels = sample.conversation, sample.labels
    client = _quote(conversation, Speaker.CLIENT, first=True)
    operator = _quote(conversation, Speaker.OPERATOR, first=False)
    done = (ItemStatus.COMPLETED, ItemStatus.ATTEMPTED)
    return a_judge_answer(
        playbook,
        call_type=labels["call_type"],
        call_type_quote=client,
        outcome=labels["outcome"],
        outcome_quote=operator or client,
        sentiment=labels["sentiment"],
        sentiment_quote=client,
        objections=[{"kind": kind, "quote": client} for kind in sorted(labels["objections"])],
        checklist={
            item: {"status": status.value, "quote": operator if status in done else None}
            for item, status in sample.checklist.items()
        },
        client_facts=[
            {"kind": kind, "text": kind, "quote": client}
            for kind in sorted(sample.client_facts or ())
        ],
        agreements=[
            {
                "text": words,
                "owner": None,
                "due": None,
                "quote": {"turn": turn.index, "text": words},
            }
            for words in sample.agreements
            for turn in conversation.turns
            if words in turn.text
        ],
    )


def _transcript(conversation: Conversation) -> str:
    return "\n".join(map(line_of, conversation.turns))


def _quote(conversation: Conversation, speaker: Speaker, *, first: bool) -> Quoted:
    own = [turn for turn in conversation.turns if turn.speaker in (speaker, Speaker.UNKNOWN)]
    if not own:
        return None
    turn = own[0] if first else own[-1]
    return {"turn": turn.index, "text": turn.text[:400]}
