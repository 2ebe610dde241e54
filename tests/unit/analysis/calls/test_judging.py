"""Who judges a call, and who takes over."""

from datetime import timedelta

import pytest

from services.analysis.budget.usecases import Budgets
from services.analysis.calls.adapters.model.judge import ModelJudge
from services.analysis.calls.adapters.rules.judge import RulesJudge
from services.analysis.calls.domain import Analysis, Fallback
from services.analysis.calls.judging import Judging
from services.llm.domain import (
    AnswerTruncated,
    BadAnswer,
    CostLimitReached,
    ModelRefused,
    ModelUnavailable,
)
from services.status.domain import Reason
from tests.builders.analysis import CALL, CLINIC, LONG, a_judge_answer, clinic, said
from tests.builders.budget import RUN, SPENT, dollars
from tests.fakes.analysis import FakeRunUsages
from tests.fakes.language_model import HangingModel, ToldModel


async def judged(
    error: Exception, *, fallback: bool = True, last_attempt: bool = False
) -> tuple[Analysis, FakeRunUsages]:
    usages = FakeRunUsages()
    judging = Judging(
        ModelJudge(ToldModel(error), LONG),
        Budgets(usages),
        fallback=RulesJudge() if fallback else None,
    )
    analysis = await judging.analyse(CALL, clinic(), RUN, last_attempt=last_attempt)
    return analysis, usages


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ModelRefused("no", SPENT), Reason.REFUSED),
        (AnswerTruncated("long", SPENT), Reason.TRUNCATED),
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
        ModelJudge(HangingModel(), LONG),
        Budgets(FakeRunUsages(), lifetime=timedelta(milliseconds=200)),
        fallback=RulesJudge(),
    )

    with pytest.raises(ModelUnavailable, match="JOB_TIMEOUT"):
        await judging.analyse(CALL, clinic(), RUN, last_attempt=False)
    analysis = await judging.analyse(CALL, clinic(), RUN, last_attempt=True)

    assert analysis.fallback
    assert analysis.fallback.reason is Reason.UPSTREAM_UNAVAILABLE


async def test_a_verdict_needs_no_fallback_and_is_put_down_to_the_run() -> None:
    usages = FakeRunUsages()
    model = ToldModel(a_judge_answer(clinic()), costs=0.5)
    budgets = Budgets(usages, cap=dollars(100))
    judging = Judging(ModelJudge(model, LONG), budgets, fallback=RulesJudge())

    analysis = await judging.analyse(CALL, clinic(), RUN, last_attempt=True)
    await judging.analyse(CALL, clinic(), RUN, last_attempt=True)

    assert analysis.fallback is None
    assert analysis.versions.judge_name == "model"
    assert analysis.usage == model.usage
    run = await budgets.get_run_usage(CLINIC, RUN)
    assert (run.usage.requests, run.usage.cost, run.cap) == (2, dollars(1.0), dollars(100))
    assert usages.held == {}


async def test_nobody_is_asked_where_nothing_was_said_and_rules_use_nothing() -> None:
    analysis = await Judging(RulesJudge(), Budgets(FakeRunUsages())).analyse(
        said("?: Алло, запишите меня."), clinic(), RUN, last_attempt=True
    )

    assert analysis.usage is None
