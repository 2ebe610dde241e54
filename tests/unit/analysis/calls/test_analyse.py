import asyncio
from dataclasses import replace

import pytest

from services.analysis.budget.ports import Budget
from services.analysis.calls.adapters.rules.judge import RulesJudge
from services.analysis.calls.analyse import analyse, input_hash
from services.analysis.calls.domain import Conversation, Evidence, Judgement, UndeclaredLabels
from services.analysis.calls.metrics import METRICS_VERSION, measure
from services.analysis.playbooks.domain import Playbook
from services.analysis.words.speech import NothingSaid
from services.llm.budget import OwnBudget
from tests.builders.analysis import clinic, said
from tests.labelled_dialogues import recording


class _SaysAlways:
    """A judge that has made up its mind."""

    name = "stubborn"
    version = "7"

    def __init__(self, judgement: Judgement) -> None:
        self._judgement = judgement
        self.asked: list[tuple[Conversation, Playbook]] = []

    async def judge(
        self, conversation: Conversation, playbook: Playbook, budget: Budget
    ) -> Judgement:
        del budget
        self.asked.append((conversation, playbook))
        return self._judgement

    def price(self, playbook: Playbook, duration_seconds: float) -> None:
        """Cost nothing."""


VERDICT = Judgement(
    call_type="info",
    outcome="no_action",
    outcome_quote=Evidence(turn=0, text="этого никто не говорил"),
    sentiment="neutral",
    summary="",
)


async def test_an_analysis_holds_all_three_layers() -> None:
    conversation = recording("call2_price_objection").conversation
    playbook = clinic()

    analysis = await analyse(conversation, playbook, RulesJudge(), OwnBudget(None))

    assert analysis.call == conversation.call
    assert analysis.metrics == measure(conversation)
    assert analysis.judgement.call_type == "price_inquiry"
    assert analysis.scores.checklist == pytest.approx(84.375)
    assert analysis.scores.by_skill["objection_handling"] == 100
    assert analysis.evidence_flags == ()
    assert analysis.versions.metrics == METRICS_VERSION
    assert (analysis.versions.judge_name, analysis.versions.playbook_name) == ("rules", "clinic")
    assert analysis.versions.playbook_hash == playbook.hash
    assert analysis.versions.input_hash == input_hash(conversation)


async def test_an_invented_quote_is_flagged() -> None:
    analysis = await analyse(
        said("O: Алло.", "C: Алло."), clinic(), _SaysAlways(VERDICT), OwnBudget(None)
    )

    assert analysis.judgement.outcome_quote is None
    assert analysis.evidence_flags == ("outcome: quote dropped, nobody said its quote",)
    assert analysis.scores.checklist is None


async def test_a_judge_with_labels_of_its_own_is_refused() -> None:
    judge = _SaysAlways(replace(VERDICT, call_type="chat"))

    with pytest.raises(UndeclaredLabels, match="call_type: 'chat' is not in playbook clinic"):
        await analyse(said("O: Алло.", "C: Алло."), clinic(), judge, OwnBudget(None))


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "has no words"),
        (["O: ...", "C: "], "has no words"),
        (["O: Алло!", "O: Алло, вы слышите?"], "only the operator speaks"),
    ],
)
async def test_without_a_dialogue_no_judge_is_asked(lines: list[str], why: str) -> None:
    judge = _SaysAlways(VERDICT)

    with pytest.raises(NothingSaid, match=why) as raised:
        await analyse(said(*lines), clinic(), judge, OwnBudget(None))

    assert raised.value.reason == "NO_SPEECH"
    assert judge.asked == []


async def test_one_unknown_voice_is_judged() -> None:
    analysis = await analyse(
        said("?: Алло, запишите меня."), clinic(), RulesJudge(), OwnBudget(None)
    )

    assert analysis.judgement.call_type == "new_booking"
    assert analysis.metrics.operator is None


def test_the_input_hash_follows_every_word_and_fact() -> None:
    conversation = said("O: Алло.", "C: Алло.")
    other_day = replace(conversation.call, employee=None)

    hashes = {
        input_hash(conversation),
        input_hash(said("O: Алло.", "C: Алло!")),
        input_hash(said("O: Алло.", "O: Алло.")),
        input_hash(replace(conversation, overlap_reliable=False)),
        input_hash(replace(conversation, call=other_day)),
    }

    assert len(hashes) == 5
    assert input_hash(conversation) == input_hash(said("O: Алло.", "C: Алло."))


@pytest.mark.parametrize("step", ["judge", "analyse"])
async def test_the_event_loop_goes_on_while_a_long_call_is_analysed(step: str) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    conversation = said(*["O: Добрый день.", "C: Запишите меня, пожалуйста, на завтра."] * 100)
    running = asyncio.create_task(others())
    if step == "judge":
        await RulesJudge().judge(conversation, clinic(), OwnBudget(None))
    else:
        await analyse(conversation, clinic(), _SaysAlways(VERDICT), OwnBudget(None))
    running.cancel()

    assert turns  # without a thread of its own there would be none
