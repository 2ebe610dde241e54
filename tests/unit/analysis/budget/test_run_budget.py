"""What a run pays for, within its cap."""

import asyncio
from datetime import timedelta

import pytest

from services.analysis.budget.run_budget import RunBudget
from services.analysis.calls.adapters.model.answer import Noted
from services.llm.budget import OwnBudget
from services.llm.domain import (
    CostLimitReached,
    Message,
    MessageRole,
    ModelRefused,
    ModelUnavailable,
)
from tests.builders.analysis import CLINIC
from tests.builders.budget import RUN, SPENT, dollars
from tests.fakes.analysis import FakeRunUsages
from tests.fakes.language_model import HangingModel, ToldModel

ASKED = (Message(role=MessageRole.USER, text="?"),)


async def test_a_request_gets_a_few_times_its_price_and_at_least_once() -> None:
    usages, model = FakeRunUsages(), ToldModel({"summary": "x", "turns": []}, costs=1.0)
    budget = RunBudget(usages, CLINIC, RUN, dollars(6.5), timedelta(seconds=1))

    granted = []
    for _ in range(5):
        await budget.ask(model, ASKED, Noted)
        granted.append(model.asked[-1][2])
    # 6.5 to spend: four times a price of 1 where it is there, then what is left.
    assert granted == [pytest.approx(g, abs=1e-3) for g in (4.0, 4.0, 4.0, 3.5, 2.5)]
    await budget.ask(model, ASKED, Noted)
    with pytest.raises(CostLimitReached):
        await budget.ask(model, ASKED, Noted)

    assert len(model.asked) == 6
    assert budget.usage.cost == dollars(6.0)


async def test_a_call_waits_for_what_others_hold_and_gets_it_when_it_is_given_back() -> None:
    usages, model = FakeRunUsages(), ToldModel({"summary": "x", "turns": []})
    budget = RunBudget(usages, CLINIC, RUN, dollars(4), timedelta(seconds=20))
    usages.held[CLINIC, RUN, 7] = 3.5
    asking = asyncio.create_task(budget.ask(model, ASKED, Noted))
    await asyncio.sleep(0)
    assert model.asked == []

    del usages.held[CLINIC, RUN, 7]
    await asking

    assert len(model.asked) == 1


async def test_a_call_does_not_wait_for_ever_for_what_others_hold() -> None:
    usages, model = FakeRunUsages(), ToldModel({"summary": "x", "turns": []})
    usages.held[CLINIC, RUN, 7] = 3.5
    budget = RunBudget(usages, CLINIC, RUN, dollars(4), timedelta(milliseconds=50))

    with pytest.raises(CostLimitReached, match="other calls hold the rest"):
        await budget.ask(model, ASKED, Noted)

    assert model.asked == []


async def test_what_failed_is_paid_too() -> None:
    usages = FakeRunUsages()
    for error in (
        ModelRefused("no", SPENT),
        CostLimitReached("dear", SPENT),
        ModelUnavailable("x", None, SPENT),
    ):
        budget = RunBudget(usages, CLINIC, RUN, dollars(100), timedelta(seconds=1))
        with pytest.raises(type(error)):
            await budget.ask(ToldModel(error), ASKED, Noted)
        assert budget.usage == SPENT

    assert usages.used[CLINIC, RUN] == SPENT + SPENT + SPENT
    assert usages.held == {}


async def test_a_request_that_is_cancelled_counts_as_if_it_had_been_answered() -> None:
    usages, model = FakeRunUsages(), HangingModel()
    budget = RunBudget(usages, CLINIC, RUN, dollars(4), timedelta(seconds=1))
    asking = asyncio.create_task(budget.ask(model, ASKED, Noted))
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
    budget = OwnBudget(2.5)

    await budget.ask(model, ASKED, Noted)
    await budget.ask(model, ASKED, Noted)

    assert [at_most for _, _, at_most in model.asked] == [2.5, 1.5]
