"""The service with a language model as its judge: a real one, and one that says what a test wants."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import grpc
import pytest
from potok.analysis.v1 import analysis_service_pb2
from potok.analysis.v1.analysis_service_pb2_grpc import AnalysisServiceStub
from potok.status.v1 import stage_pb2

from services.status.domain import ExecutionNumber
from tests.analysis_process import listed, run, the_service
from tests.builders.analysis import CLINIC
from tests.builders.call_sync import a_call
from tests.builders.transcription import a_transcript_message
from tests.conftest import Database
from tests.fakes.analysis import CallsBefore, calls_before
from tests.fakes.language_model import a_model, says, smollm
from tests.tree import DATA

if TYPE_CHECKING:
    from potok.analysis.v1.analysis_service_pb2_grpc import AnalysisServiceAsyncStub

RUN = str(uuid4())
PLAYBOOKS = DATA / "playbooks"
LINES = (
    "O: Good morning, bakery.",
    "C: I want a cake for tomorrow.",
    "O: It is twenty dollars.",
    "C: Fine, see you tomorrow.",
)
VERDICT: Mapping[str, Any] = {
    "summary": "A cake was ordered.",
    "call_type": "order",
    "call_type_quote": {"turn": 1, "text": "I want a cake"},
    "outcome": "ordered",
    "outcome_quote": {"turn": 3, "text": "Fine, see you tomorrow."},
    "sentiment": "happy",
    "checklist": {
        "greeting": {"status": "completed", "quote": {"turn": 0, "text": "Good morning, bakery."}}
    },
    "agreements": [
        {
            "text": "The client comes for the cake.",
            "owner": "client",
            "due": "2026-03-02",
            "quote": {"turn": 3, "text": "see you tomorrow"},
        }
    ],
    "recommendations": [],
}
MODEL = {"JUDGE": "model", "MODEL_NAME": "a-model", "PLAYBOOKS": str(PLAYBOOKS)}
PRICES = {"MODEL_PROMPT_PRICE": "1000", "MODEL_COMPLETION_PRICE": "1000", "MODEL_MAX_TOKENS": "64"}


async def calls(*call_ids: str) -> CallsBefore:
    """Know calls in which a cake is ordered."""
    before = calls_before()
    for call_id in call_ids:
        before.transcripts[call_id] = a_transcript_message(call_id, LINES)
    await before.calls.upsert_calls(
        CLINIC, ExecutionNumber(1), [a_call(call_id) for call_id in call_ids]
    )
    return before


async def run_usage(
    channel: grpc.aio.Channel, run_id: str
) -> analysis_service_pb2.GetRunUsageResponse:
    stub: AnalysisServiceAsyncStub = AnalysisServiceStub(channel)
    request = analysis_service_pb2.GetRunUsageRequest(owner=CLINIC, run_id=run_id)
    return await stub.GetRunUsage(request)


async def test_a_real_model_judges_a_call_in_the_words_of_the_playbook(
    database: Database,
) -> None:
    before = await calls("c1")
    async with (
        smollm() as url,
        the_service(before, database, **MODEL, MODEL_URL=url, MODEL_MAX_TOKENS="4000") as channel,
    ):
        state, items = await run(channel, 6, playbook="bakery", run_id=RUN, patience=300)
        [analysis] = (await listed(channel)).values()
        used = (await run_usage(channel, RUN)).usage

    assert state == stage_pb2.EXECUTION_STATE_SUCCEEDED, items
    assert analysis.call_type in ("order", "other")
    assert analysis.outcome in ("ordered", "nothing")
    assert [item.item for item in analysis.checklist] == ["greeting"]
    assert analysis.summary
    assert (analysis.versions.judge_name, analysis.versions.judge_version) == ("model", "2/a-model")
    assert analysis.usage.prompt_tokens > 500
    assert analysis.usage.completion_tokens > 50
    assert not analysis.usage.HasField("cost")
    # On a busy machine the first request may have been given up on: the run has paid for that, too.
    assert used.requests >= analysis.usage.requests
    assert used.completion_tokens >= analysis.usage.completion_tokens


async def test_a_model_s_verdict_becomes_the_analysis_with_what_it_took(
    database: Database,
) -> None:
    before = await calls("c1")
    model = a_model(says(VERDICT, tokens=(900, 100)))
    async with (
        model.serving() as url,
        the_service(
            before, database, **MODEL, **PRICES, MODEL_URL=url, RUN_COST_CAP="99"
        ) as channel,
    ):
        state, _ = await run(channel, 6, playbook="bakery", run_id=RUN)
        [analysis] = (await listed(channel)).values()
        used = await run_usage(channel, RUN)

    assert state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    assert (analysis.call_type, analysis.outcome, analysis.sentiment) == (
        *("order", "ordered", "happy"),
    )
    assert analysis.scores.checklist == 100
    [agreement] = analysis.agreements
    assert (agreement.due, agreement.quote.turn) == ("2026-03-02", 3)
    assert analysis.evidence_flags == []
    assert not analysis.HasField("fallback")
    assert analysis.usage.cost.amount == pytest.approx(1.0)
    assert used.usage == analysis.usage
    assert (used.cap.amount, used.cap.currency) == (99, "USD")


async def test_calls_beyond_what_a_run_may_cost_fail_and_say_what_to_do(
    database: Database,
) -> None:
    before = await calls("c1", "c2", "c3", "c4")
    model = a_model(says(VERDICT, tokens=(4000, 0)))
    # A request may cost at most 5 to 6 and costs 4: after two of them a third might not fit.
    async with (
        model.serving() as url,
        the_service(
            before, database, **MODEL, **PRICES, MODEL_URL=url, RUN_COST_CAP="10"
        ) as channel,
    ):
        state, items = await run(channel, 6, playbook="bakery", run_id=RUN)
        used = (await run_usage(channel, RUN)).usage

    reasons = sorted(item.reason for item in items.values())
    failed = len([reason for reason in reasons if reason])
    assert state == stage_pb2.EXECUTION_STATE_PARTIAL
    assert set(reasons[-failed:]) == {stage_pb2.REASON_COST_LIMIT}
    assert used.cost.amount == 4 * len(model.asked) <= 10
    assert len(model.asked) == 4 - failed
    [message] = {item.message for item in items.values() if item.reason}
    assert "of 10.00 USD" in message
    assert "raise POTOK_ANALYSIS_RUN_COST_CAP first" in message


async def test_rules_take_over_from_a_model_that_refuses_when_they_are_told_to(
    database: Database,
) -> None:
    before = await calls("c1")
    async with a_model(says("", refusal="no")).serving() as url:
        async with the_service(before, database, **MODEL, MODEL_URL=url) as channel:
            state, items = await run(channel, 6, playbook="bakery", run_id=RUN)
            assert state == stage_pb2.EXECUTION_STATE_PARTIAL
            assert (items["c1"].reason, items["c1"].attempt) == (stage_pb2.REASON_REFUSED, 1)
            assert (await run_usage(channel, RUN)).usage.requests == 1
        async with the_service(
            before, database, **MODEL, MODEL_URL=url, FALLBACK="rules"
        ) as channel:
            state, _ = await run(channel, 7, playbook="bakery")
            [analysis] = (await listed(channel)).values()

    assert state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    assert analysis.versions.judge_name == "rules"
    assert analysis.fallback.judge == "model"
    assert analysis.fallback.reason == stage_pb2.REASON_REFUSED
    assert analysis.fallback.message == "model a-model refused: no"
    assert analysis.usage.requests == 1
