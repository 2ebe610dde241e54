"""Who judges a call, who takes over, and who pays for it."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from services.analysis.budget.run_budget import RunPurse
from services.analysis.calls.adapters.model.answer import Noted
from services.analysis.calls.adapters.model.judge import ModelJudge
from services.analysis.calls.adapters.rules.judge import RulesJudge
from services.analysis.calls.domain import Analysis, Fallback
from services.analysis.calls.judging import Judging
from services.llm.budget import OwnPurse
from services.llm.domain import (
    A,
    Answer,
    BadAnswer,
    CostLimitReached,
    Message,
    ModelUnavailable,
    Refused,
    Role,
    Truncated,
    Usage,
)
from services.status.domain import Cost, Reason, RunId
from tests.fakes.analysis import CLINIC, FakeRunUsages
from tests.fakes.language_model import ToldModel
from tests.unit.analysis.calls.adapters.model.test_judge import CALL, LONG, verdict
from tests.unit.analysis.dialogues import clinic, said

RUN = RunId("r")
SPENT = Usage(
    requests=2, prompt_tokens=10, completion_tokens=1, cost=Cost(amount=0.25, currency="USD")
)
ASKED = (Message(role=Role.USER, text="?"),)


class _Hangs(ToldModel):
    """A language model that never answers."""

    async def ask(
        self, messages: Sequence[Message], shape: type[A], *, at_most: float | None = None
    ) -> Answer[A]:
        self.asked.append((messages, shape, at_most))
        await asyncio.Event().wait()
        raise AssertionError


def dollars(amount: float) -> Cost:
    return Cost(amount=amount, currency="USD")


async def judged(
    error: Exception, *, fallback: bool = True, last_attempt: bool = False
) -> tuple[Analysis, FakeRunUsages]:
    usages = FakeRunUsages()
    judging = Judging(
        ModelJudge(ToldModel(error), LONG), usages, fallback=RulesJudge() if fallback else None
    )
    analysis = await judging.analyse(CALL, clinic(), RUN, last_attempt=last_attempt)
    return analysis, usages


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Refused("no", SPENT), Reason.REFUSED),
        (Truncated("long", SPENT), Reason.TRUNCATED),
        (BadAnswer("odd", SPENT), Reason.BAD_ANSWER),
        (CostLimitReached("dear", SPENT), Reason.COST_LIMIT),
    ],
)
async def test_rules_take_over_at_once_where_the_model_never_will(
    error: Exception, reason: Reason
) -> None:
    analysis, usages = await judged(error)

    assert analysis.versions.judge_name == "rules"
    assert analysis.fallback == Fallback(judge="model", reason=reason, message=str(error))
    assert analysis.usage == usages.used[CLINIC, RUN] == SPENT
    with pytest.raises(type(error)):
        await judged(error, fallback=False)


async def test_rules_take_over_from_a_model_that_does_not_answer_at_the_last_attempt() -> None:
    away = ModelUnavailable("away", timedelta(seconds=3), SPENT)

    with pytest.raises(ModelUnavailable):
        await judged(away)
    analysis, _ = await judged(away, last_attempt=True)

    assert analysis.fallback
    assert analysis.fallback.reason is Reason.UPSTREAM_UNAVAILABLE


async def test_rules_take_over_from_a_model_that_takes_longer_than_a_job_may() -> None:
    judging = Judging(
        ModelJudge(_Hangs(), LONG),
        FakeRunUsages(),
        fallback=RulesJudge(),
        lifetime=timedelta(milliseconds=200),
    )

    with pytest.raises(ModelUnavailable, match="JOB_TIMEOUT"):
        await judging.analyse(CALL, clinic(), RUN, last_attempt=False)
    analysis = await judging.analyse(CALL, clinic(), RUN, last_attempt=True)

    assert analysis.fallback
    assert analysis.fallback.reason is Reason.UPSTREAM_UNAVAILABLE


async def test_a_verdict_needs_no_fallback_and_is_put_down_to_the_run() -> None:
    usages = FakeRunUsages()
    model = ToldModel(verdict(clinic()), costs=0.5)
    judging = Judging(ModelJudge(model, LONG), usages, fallback=RulesJudge(), cap=dollars(100))

    analysis = await judging.analyse(CALL, clinic(), RUN, last_attempt=True)
    await judging.analyse(CALL, clinic(), RUN, last_attempt=True)

    assert analysis.fallback is None
    assert analysis.versions.judge_name == "model"
    assert analysis.usage == model.usage
    run = await judging.get_run_usage(CLINIC, RUN)
    assert (run.usage.requests, run.usage.cost, run.cap) == (2, dollars(1.0), dollars(100))
    assert usages.held == {}


async def test_nobody_is_asked_where_nothing_was_said_and_rules_use_nothing() -> None:
    analysis = await Judging(RulesJudge(), FakeRunUsages()).analyse(
        said("?: Алло, запишите меня."), clinic(), RUN, last_attempt=True
    )

    assert analysis.usage is None


async def test_a_request_gets_a_few_times_its_price_and_at_least_once() -> None:
    usages, model = FakeRunUsages(), ToldModel({"summary": "x", "turns": []}, costs=1.0)
    purse = RunPurse(usages, CLINIC, RUN, dollars(6.5), timedelta(seconds=1))

    granted = []
    for _ in range(5):
        await purse.ask(model, ASKED, Noted)
        granted.append(model.asked[-1][2])
    # 6.5 to spend: four times a price of 1 where it is there, then what is left.
    assert granted == [pytest.approx(g, abs=1e-3) for g in (4.0, 4.0, 4.0, 3.5, 2.5)]
    await purse.ask(model, ASKED, Noted)
    with pytest.raises(CostLimitReached):
        await purse.ask(model, ASKED, Noted)

    assert len(model.asked) == 6
    assert purse.usage.cost == dollars(6.0)


async def test_a_call_waits_for_what_others_hold_and_gets_it_when_it_is_given_back() -> None:
    usages, model = FakeRunUsages(), ToldModel({"summary": "x", "turns": []})
    purse = RunPurse(usages, CLINIC, RUN, dollars(4), timedelta(seconds=20))
    usages.held[CLINIC, RUN, 7] = 3.5
    asking = asyncio.create_task(purse.ask(model, ASKED, Noted))
    await asyncio.sleep(0)
    assert model.asked == []

    del usages.held[CLINIC, RUN, 7]
    await asking

    assert len(model.asked) == 1


async def test_a_call_does_not_wait_for_ever_for_what_others_hold() -> None:
    usages, model = FakeRunUsages(), ToldModel({"summary": "x", "turns": []})
    usages.held[CLINIC, RUN, 7] = 3.5
    purse = RunPurse(usages, CLINIC, RUN, dollars(4), timedelta(milliseconds=50))

    with pytest.raises(CostLimitReached, match="other calls hold the rest"):
        await purse.ask(model, ASKED, Noted)

    assert model.asked == []


async def test_what_failed_is_paid_too() -> None:
    usages = FakeRunUsages()
    for error in (
        Refused("no", SPENT),
        CostLimitReached("dear", SPENT),
        ModelUnavailable("x", None, SPENT),
    ):
        purse = RunPurse(usages, CLINIC, RUN, dollars(100), timedelta(seconds=1))
        with pytest.raises(type(error)):
            await purse.ask(ToldModel(error), ASKED, Noted)
        assert purse.usage == SPENT

    assert usages.used[CLINIC, RUN] == SPENT + SPENT + SPENT
    assert usages.held == {}


async def test_a_request_that_is_cancelled_counts_as_if_it_had_been_answered() -> None:
    usages, model = FakeRunUsages(), _Hangs()
    purse = RunPurse(usages, CLINIC, RUN, dollars(4), timedelta(seconds=1))
    asking = asyncio.create_task(purse.ask(model, ASKED, Noted))
    while not model.asked:
        await asyncio.sleep(0)

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert usages.held == {}
    cost = usages.used[CLINIC, RUN].cost
    assert cost
    assert cost.amount == pytest.approx(1.0, abs=1e-3)


async def test_what_belongs_to_no_run_may_cost_as_much_as_one() -> None:
    model = ToldModel({"summary": "x", "turns": []}, costs=1.0)
    purse = OwnPurse(2.5)

    await purse.ask(model, ASKED, Noted)
    await purse.ask(model, ASKED, Noted)

    assert [at_most for _, _, at_most in model.asked] == [2.5, 1.5]
