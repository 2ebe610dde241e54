"""The two stages over a real server that plays the services before them, with the databases in memory."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from potok.analysis.v1.analysis_service_pb2_grpc import AnalysisServiceStub
from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceStub
from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceStub

from services.recommendations.calls.adapters.payloads import RpcPayloads
from services.recommendations.calls.domain import AnalysedCall, CallId
from services.recommendations.calls.usecases import AnalysedCalls
from services.recommendations.employees.domain import (
    EmployeeRecommendation,
    Position,
    RecommendationFilter,
)
from services.recommendations.employees.usecases import FollowUps
from services.recommendations.ranges.domain import (
    DayScores,
    ItemReport,
    Narrative,
    RollUp,
    ScoreReport,
    WrittenReport,
)
from services.recommendations.ranges.narrative import RulesNarrator
from services.recommendations.ranges.usecases import RangeReports
from services.recommendations.reporting.domain import ReportedCall, ReportingUnavailable
from services.recommendations.reporting.usecases import Reporting
from services.recommendations.reporting.work import ReportingWork
from services.recommendations.work import RecommendationsWork
from services.stage.domain import Execution, Failure, Found, Item, ItemId, Limits, Outcome, Success
from services.status.domain import (
    DateRange,
    ExecutionNumber,
    Owner,
    Reason,
    Stage,
    WaitReason,
)
from tests.builders.recommendations import MONDAY, a_reported_call, an_analysed_call
from tests.builders.stage import DAYS, an_execution
from tests.fakes.recommendations import Owners
from tests.identity import open_channel

CLINIC = Owner("client:clinic")


class FakeCalls:
    """An AnalysedCallRepository in memory; a transaction is whatever it is given."""

    count_calls = cast(Any, None)  # is for an RPC, which no stage calls

    def __init__(self) -> None:
        self.calls: dict[CallId, AnalysedCall] = {}

    async def replace_calls(
        self, transaction: Any, owner: Owner, calls: Sequence[AnalysedCall]
    ) -> None:
        del transaction, owner
        self.calls |= {call.call_id: call for call in calls}

    async def delete_calls(
        self, transaction: Any, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        del transaction, owner
        for call_id in call_ids:
            del self.calls[call_id]


class FakeRollUps:
    """A RollUpRepository in memory that counts calls and no more."""

    def __init__(self, calls: FakeCalls) -> None:
        self.reports: dict[DateRange, WrittenReport] = {}
        self._calls = calls.calls

    async def roll_up(self, owner: Owner, days: DateRange, minimum_calls: int) -> RollUp:
        del owner, days, minimum_calls
        return RollUp(
            scores=ScoreReport(
                calls=len(self._calls),
                unscored_calls=len(self._calls),
                score=None,
                median_score=None,
                enough=False,
                previous_calls=0,
                score_delta=None,
            ),
            call_types=(),
            outcomes=(),
            sentiments=(),
            employees=(),
            skills=(),
        )

    async def list_days(self, owner: Owner, days: DateRange) -> tuple[DayScores, ...]:
        del owner, days
        return ()

    async def list_items(
        self, owner: Owner, days: DateRange, minimum_calls: int
    ) -> tuple[ItemReport, ...]:
        del owner, days, minimum_calls
        return ()

    async def get_report(self, owner: Owner, days: DateRange) -> WrittenReport | None:
        del owner
        return self.reports.get(days)

    async def write_report(
        self, owner: Owner, days: DateRange, execution: ExecutionNumber, report: WrittenReport
    ) -> None:
        del owner, execution
        self.reports[days] = report


class FakeReporting:
    """A ReportingDatabase in memory that refuses the calls of `refused`, and everything while it is `away`."""

    count_calls = cast(Any, None)  # is for an RPC, which no stage calls

    def __init__(self) -> None:
        self.written: dict[CallId, tuple[ExecutionNumber, ReportedCall]] = {}
        self.reports: dict[DateRange, WrittenReport] = {}
        self.refused: dict[CallId, str] = {}
        self.away = False

    async def write_calls(
        self, owner: Owner, execution: ExecutionNumber, calls: Sequence[ReportedCall]
    ) -> Mapping[CallId, str]:
        del owner
        if self.away:
            raise ReportingUnavailable("away")
        self.written |= {call.call.call_id: (execution, call) for call in calls}
        return self.refused

    async def delete_calls(self, owner: Owner, call_ids: Sequence[CallId]) -> None:
        del owner
        for call_id in call_ids:
            del self.written[call_id]

    async def write_recommendations(
        self,
        owner: Owner,
        execution: ExecutionNumber,
        recommendations: Sequence[EmployeeRecommendation],
    ) -> None:
        del owner, execution
        assert not recommendations

    async def write_report(
        self, owner: Owner, days: DateRange, execution: ExecutionNumber, report: WrittenReport
    ) -> None:
        del owner, execution
        self.reports[days] = report


class NoRecommendations:
    """A RecommendationRepository without any that notes whose were told anew."""

    close = reopen = list_audit_entries = cast(Any, None)

    def __init__(self) -> None:
        self.told: list[Owner] = []

    async def tell(self, owner: Owner) -> None:
        self.told.append(owner)

    async def list_recommendations(
        self, filter_: RecommendationFilter, after: Position | None, limit: int
    ) -> list[EmployeeRecommendation]:
        del filter_, after, limit
        return []


class Stages:
    """Both stages and what stands behind them."""

    def __init__(self, owners: Owners, payloads: RpcPayloads) -> None:
        self.owners = owners
        self.calls = FakeCalls()
        self.roll_ups = FakeRollUps(self.calls)
        self.database = FakeReporting()
        self.rows = NoRecommendations()
        self.recommendations = RecommendationsWork(
            AnalysedCalls(payloads, self.calls),
            FollowUps(self.rows),
            RangeReports(self.roll_ups, RulesNarrator(), minimum_calls=5),
            nothing,
            Limits(),
        )
        self.reporting = ReportingWork(
            Reporting(
                payloads, self.calls, self.roll_ups, self.rows, self.database, minimum_calls=5
            ),
            nothing,
            Limits(),
        )


async def nothing(execution: Execution) -> AsyncIterator[Sequence[Found]]:
    del execution
    yield []


@pytest.fixture
async def stages() -> AsyncIterator[Stages]:
    owners = Owners()
    owners.hold(an_analysed_call("c1"), an_analysed_call("c2"))
    async with owners.serving() as address, payloads_at(address) as payloads:
        yield Stages(owners, payloads)


@contextlib.asynccontextmanager
async def payloads_at(address: str) -> AsyncIterator[RpcPayloads]:
    async with open_channel(address) as channel:
        yield RpcPayloads(
            CallSyncServiceStub(channel),
            TranscriptionServiceStub(channel),
            AnalysisServiceStub(channel),
        )


def items(*names: str) -> list[Item]:
    return [Item(item_id=ItemId(name), day=MONDAY, attempt=2) for name in names]


def reasons(outcomes: Sequence[Outcome]) -> dict[str, Reason | None]:
    return {
        outcome.item_id: None if isinstance(outcome, Success) else outcome.reason
        for outcome in outcomes
    }


async def test_analyses_are_stored_with_their_items_and_one_that_is_gone_holds_no_other_up(
    stages: Stages,
) -> None:
    work, execution = stages.recommendations, an_execution(Stage.RECOMMENDATIONS)

    outcomes = await work.work(execution, items("c1", "gone", "c2"))
    await work.store(None, execution, [o for o in outcomes if isinstance(o, Success)])

    assert reasons(outcomes) == {"c1": None, "gone": Reason.INTERNAL, "c2": None}
    assert stages.calls.calls == stages.owners.calls


async def test_a_range_ends_with_its_report_and_one_without_calls_with_an_empty_one(
    stages: Stages,
) -> None:
    await stages.recommendations.finish(an_execution(Stage.RECOMMENDATIONS))
    await stages.reporting.finish(an_execution(Stage.REPORTING))

    for reports in (stages.roll_ups.reports, stages.database.reports):
        [report] = reports.values()
        assert (report.calls, report.score, report.focus) == (0, None, ())
        assert report.narrative
        assert report.narrative.text == "Проанализированных звонков нет."
    assert stages.rows.told == [CLINIC]


async def test_the_reporting_database_gets_the_words_that_the_run_has_written(
    stages: Stages,
) -> None:
    written = WrittenReport(
        calls=3,
        score=70.5,
        focus=("closing",),
        narrative=Narrative(text="Три звонка.", actions=(), author="a-model"),
        written_at=datetime.min.replace(tzinfo=UTC),
    )
    stages.roll_ups.reports[DAYS] = written

    await stages.reporting.finish(an_execution(Stage.REPORTING))

    [report] = stages.database.reports.values()
    assert replace(report, written_at=written.written_at) == written
    assert report.written_at > written.written_at


async def test_calls_are_reported_whole_under_the_attempt_that_wrote_them(stages: Stages) -> None:
    outcomes = await stages.reporting.work(an_execution(Stage.REPORTING), items("c1", "gone"))

    assert reasons(outcomes) == {"c1": None, "gone": Reason.INTERNAL}
    said = "operator: Добрый день\nclient: Здравствуйте"
    assert stages.database.written == {"c1": (7, a_reported_call("c1", attempt=2, text=said))}


async def test_a_call_the_reporting_database_cannot_hold_fails_for_good(stages: Stages) -> None:
    stages.database.refused = {CallId("c2"): "too odd"}

    outcomes = await stages.reporting.work(an_execution(Stage.REPORTING), items("c1", "c2"))

    assert reasons(outcomes) == {"c1": None, "c2": Reason.INVALID_INPUT}
    [failure] = [o for o in outcomes if isinstance(o, Failure)]
    assert failure.message == "too odd"


async def test_calls_wait_while_the_reporting_database_is_away(stages: Stages) -> None:
    stages.database.away = True

    outcomes = await stages.reporting.work(an_execution(Stage.REPORTING), items("c1", "c2"))

    assert reasons(outcomes) == dict.fromkeys(("c1", "c2"), Reason.UPSTREAM_UNAVAILABLE)
    assert all(
        isinstance(o, Failure) and o.wait and o.wait.reason is WaitReason.SERVICE_DOWN
        for o in outcomes
    )


async def test_calls_wait_while_the_services_before_are_away(free_port: int) -> None:
    async with payloads_at(f"127.0.0.1:{free_port}") as payloads:
        stages = Stages(Owners(), payloads)
        for work in (stages.recommendations, stages.reporting):
            outcomes = await work.work(an_execution(work.stage), items("c1"))

            assert reasons(outcomes) == {"c1": Reason.UPSTREAM_UNAVAILABLE}


async def test_forgotten_calls_are_removed_from_both_databases(stages: Stages) -> None:
    execution = an_execution(Stage.REPORTING)
    outcomes = await stages.recommendations.work(execution, items("c1", "c2"))
    await stages.recommendations.store(
        None, execution, [o for o in outcomes if isinstance(o, Success)]
    )
    await stages.reporting.work(execution, items("c1", "c2"))

    for work in (stages.recommendations, stages.reporting):
        await work.forget(None, CLINIC, [ItemId("c1")])

    assert list(stages.calls.calls) == ["c2"]
    assert list(stages.database.written) == ["c2"]

    for work in (stages.recommendations, stages.reporting):
        await work.discard(None, CLINIC, [ItemId("c2")])

    assert not stages.calls.calls
    assert not stages.database.written
