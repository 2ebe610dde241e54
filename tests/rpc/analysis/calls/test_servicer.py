import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import grpc
import pytest
from potok.analysis.v1 import analysis_service_pb2 as pb
from potok.analysis.v1 import analysis_service_pb2_grpc as pb_grpc
from potok.status.v1.progress_pb2 import DateRange

from services.analysis.budget.usecases import Budgets
from services.analysis.calls.adapters.model.judge import ModelJudge
from services.analysis.calls.adapters.rules.judge import RulesJudge
from services.analysis.calls.judging import Judging
from services.analysis.calls.mapping import analysis_to_pb, usage_to_pb
from services.analysis.calls.servicer import AnalysisServicer
from services.analysis.calls.usecases import CallAnalysis
from services.kernel.rpc.server import serving
from services.llm.domain import NOTHING_USED, CostLimitReached, ModelRefused, ModelUnavailable
from services.status.domain import Cost, ExecutionNumber, RunId
from tests.builders.analysis import CLINIC, an_analysis, clinic
from tests.fakes.analysis import FakeAnalyses, FakeRunUsages
from tests.fakes.language_model import ToldModel
from tests.identity import guard, open_channel

if TYPE_CHECKING:
    from potok.analysis.v1.analysis_service_pb2_grpc import AnalysisServiceAsyncStub as Stub

MARCH = DateRange(start_date="2026-03-01", end_date="2026-03-31")
NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)
ANALYSES = [
    an_analysis(
        f"c{n}",
        started_at=NINE + timedelta(hours=n),
        score=None if n == 4 else 20.0 * n,
        outcome="booked" if n % 2 else "refused",
    )
    for n in range(5)
]


@pytest.fixture
async def stub() -> "AsyncIterator[Stub]":
    analyses = FakeAnalyses()
    await analyses.store_analyses(None, CLINIC, ExecutionNumber(1), ANALYSES)
    async with serving_with(analyses, RulesJudge(), Budgets(FakeRunUsages())) as stub:
        yield stub


@contextlib.asynccontextmanager
async def serving_with(
    analyses: FakeAnalyses, judge: Any, budgets: Budgets
) -> "AsyncIterator[Stub]":
    playbooks = {"clinic": clinic()}
    call_analysis = CallAnalysis(analyses, _nobody(), Judging(judge, budgets), playbooks)
    servicer = AnalysisServicer(call_analysis, budgets)
    async with (
        serving(
            "127.0.0.1:0",
            lambda server: pb_grpc.add_AnalysisServiceServicer_to_server(servicer, server),
            services=["potok.analysis.v1.AnalysisService"],
            guard=guard(),
        ) as port,
        open_channel(f"127.0.0.1:{port}") as channel,
    ):
        yield pb_grpc.AnalysisServiceStub(channel)


def _nobody() -> Any:
    """Stand for what the RPCs do not need."""


async def listed(stub: "Stub", **fields: Any) -> tuple[list[str], str]:
    request = pb.ListAnalysesRequest(**{"owner": CLINIC, "range": MARCH, **fields})
    response = await stub.ListAnalyses(request)
    return [analysis.call_id for analysis in response.analyses], response.next_page_token


async def refusal(stub: "Stub", **fields: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await listed(stub, **fields)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return raised.value.details() or ""


async def judged(judge: Any, text: str, **request: str) -> pb.JudgeDialogueResponse:
    budgets = Budgets(FakeRunUsages(), cap=Cost(amount=5, currency="USD"))
    async with serving_with(FakeAnalyses(), judge, budgets) as stub:
        fields = {"text": text, "playbook": "clinic", **request}
        return await stub.JudgeDialogue(pb.JudgeDialogueRequest(**fields))


async def test_a_dialogue_that_somebody_wrote_down_is_judged_like_a_call() -> None:
    text = "o: Клиника, добрый день.\nc: Запишите меня к врачу.\no: Записала вас на завтра.\n"

    analysis = (await judged(RulesJudge(), text)).analysis

    assert (analysis.call_id, analysis.call_type, analysis.outcome) == (
        *("dialogue", "new_booking", "booked"),
    )
    assert analysis.outcome_quote.turn == 2
    assert analysis.versions.playbook_name == "clinic"
    assert not analysis.HasField("metrics")
    assert not analysis.HasField("usage")


@pytest.mark.parametrize("language", ["", "ru", "en"])
async def test_a_dialogue_is_judged_in_its_language(language: str) -> None:
    text = "o: Hello\nc: book me an appointment please"

    analysis = (await judged(RulesJudge(), text, language=language)).analysis

    words = "About" if language == "en" else "Тема"
    assert words in analysis.summary


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        ({"text": "o: Hello\nwhat?"}, "INVALID_ARGUMENT", "text: line 2, 'what?'"),
        ({"text": ""}, "INVALID_ARGUMENT", "text"),
        ({"text": "o: " + "x" * 200_000}, "INVALID_ARGUMENT", "text"),
        ({"text": "o: Hello\no: Anybody?"}, "INVALID_ARGUMENT", "only the operator speaks"),
        ({"text": "# nothing"}, "INVALID_ARGUMENT", "has no words"),
        ({"playbook": "bakery"}, "NOT_FOUND", "'bakery' is not known, there are: clinic"),
        ({"language": "russian"}, "INVALID_ARGUMENT", "language"),
    ],
)
async def test_a_dialogue_that_cannot_be_judged_is_refused_with_its_reason(
    request_: dict[str, str], code: str, words: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await judged(RulesJudge(), **{"text": "o: Hello\nc: Hello", **request_})

    assert raised.value.code().name == code
    assert words in (raised.value.details() or "")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ModelRefused("no", NOTHING_USED), "INVALID_ARGUMENT"),
        (CostLimitReached("dear"), "RESOURCE_EXHAUSTED"),
        (ModelUnavailable("away"), "UNAVAILABLE"),
    ],
)
async def test_a_model_without_a_verdict_on_a_dialogue_says_why(
    error: Exception, code: str
) -> None:
    model = ToldModel(error)

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await judged(ModelJudge(model, 1000), "o: Hello\nc: Hello")

    assert (raised.value.code().name, raised.value.details()) == (code, str(error))
    assert [at_most for _, _, at_most in model.asked] == [5]


async def test_a_run_tells_what_it_asked_of_the_model() -> None:
    run_id = str(uuid4())
    usages = FakeRunUsages()
    used = an_analysis("c1").usage
    assert used
    await usages.settle(CLINIC, RunId(run_id), None, used)
    budgets = Budgets(usages, cap=Cost(amount=5, currency="USD"))
    async with serving_with(FakeAnalyses(), RulesJudge(), budgets) as stub:
        known = await stub.GetRunUsage(pb.GetRunUsageRequest(owner=CLINIC, run_id=run_id))
        other = await stub.GetRunUsage(pb.GetRunUsageRequest(owner="client:x", run_id=run_id))

    assert known.usage == usage_to_pb(used)
    assert (known.cap.amount, known.cap.currency) == (5, "USD")
    assert other.usage == type(other.usage)()


async def test_get_analysis_returns_all_of_it(stub: "Stub") -> None:
    request = pb.GetAnalysisRequest(owner=CLINIC, call_id="c1")

    response = await stub.GetAnalysis(request)

    assert response.analysis == analysis_to_pb(ANALYSES[1])


@pytest.mark.parametrize(("owner", "call_id"), [(CLINIC, "nope"), ("client:other", "c1")])
async def test_get_analysis_of_a_call_that_has_none_is_not_found(
    stub: "Stub", owner: str, call_id: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.GetAnalysis(pb.GetAnalysisRequest(owner=owner, call_id=call_id))

    assert raised.value.code() is grpc.StatusCode.NOT_FOUND
    assert raised.value.details() == f"call {call_id} has not been analysed"


async def test_get_analyses_returns_what_there_is_in_the_order_asked_for(stub: "Stub") -> None:
    request = pb.GetAnalysesRequest(owner=CLINIC, call_ids=["c3", "nope", "c1"])

    response = await stub.GetAnalyses(request)

    assert [analysis.call_id for analysis in response.analyses] == ["c3", "c1"]


@pytest.mark.parametrize("call_ids", [[], ["c"] * 101, ["c", ""]], ids=["none", "many", "empty"])
async def test_get_analyses_refuses_ids_it_cannot_use(stub: "Stub", call_ids: list[str]) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.GetAnalyses(pb.GetAnalysesRequest(owner=CLINIC, call_ids=call_ids))

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "call_ids" in (raised.value.details() or "")


@pytest.mark.parametrize(
    ("fields", "ids"),
    [
        ({}, ["c0", "c1", "c2", "c3", "c4"]),
        ({"outcome": "booked"}, ["c1", "c3"]),
        ({"call_type": "complaint"}, []),
        ({"employee": "Анна", "min_score": 40.0}, ["c2", "c3"]),
        ({"max_score": 0.0}, ["c0"]),
        ({"min_score": 0.0}, ["c0", "c1", "c2", "c3"]),
        ({"sentiment": "neutral", "outcome": "refused"}, ["c0", "c2", "c4"]),
        ({"owner": "client:other"}, []),
    ],
)
async def test_list_analyses_returns_what_its_fields_select(
    stub: "Stub", fields: dict[str, Any], ids: list[str]
) -> None:
    assert await listed(stub, **fields) == (ids, "")


async def test_list_analyses_goes_on_where_the_page_before_ended(stub: "Stub") -> None:
    first, token = await listed(stub, page_size=2)
    second, token = await listed(stub, page_size=2, page_token=token)
    third, end = await listed(stub, page_size=2, page_token=token)
    whole, nothing_more = await listed(stub, page_size=5)

    assert (first, second, third) == (["c0", "c1"], ["c2", "c3"], ["c4"])
    assert end == ""
    assert (len(whole), nothing_more) == (5, "")


async def test_a_page_token_is_of_one_list_only(stub: "Stub") -> None:
    _, token = await listed(stub, page_size=2)

    assert "of another list" in await refusal(stub, outcome="booked", page_token=token)
    for broken in ("nonsense!", "e30=", token[:-4]):
        assert "begin again without one" in await refusal(stub, page_token=broken)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"owner": ""}, "owner"),
        ({"range": None}, "range"),
        ({"range": DateRange(start_date="2026-03-02", end_date="2026-03-01")}, "end_date"),
        ({"min_score": -1.0}, "min_score"),
        ({"max_score": float("nan")}, "max_score"),
        ({"page_size": 101}, "page_size"),
    ],
)
async def test_a_malformed_list_is_refused_by_its_field(
    stub: "Stub", fields: dict[str, Any], field: str
) -> None:
    assert field in await refusal(stub, **fields)
