"""Recommendations to employees over a real channel and a real database: listed, closed, reopened, told again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast
from uuid import uuid4

import asyncpg
import grpc
import pytest
from potok.recommendations.v1 import employee_recommendation_pb2 as recommendation_pb
from potok.recommendations.v1 import recommendations_service_pb2 as pb
from potok.recommendations.v1 import recommendations_service_pb2_grpc as pb_grpc
from potok.status.v1 import audit_pb2

from services.kernel.rpc.server import serving
from services.recommendations.calls.domain import AnalysedCall, CallId, FindingStatus
from services.recommendations.calls.repository import PostgresAnalysedCalls
from services.recommendations.employees.domain import FollowUpRules
from services.recommendations.employees.repository import PostgresRecommendations
from services.recommendations.employees.usecases import FollowUps
from services.recommendations.ranges.usecases import RangeReports
from services.recommendations.reporting.usecases import Reporting
from services.recommendations.servicer import RecommendationsServicer
from services.status.domain import Owner
from tests.builders.recommendations import MONDAY, a_finding, an_advice, an_analysed_call
from tests.conftest import Database
from tests.identity import everything, guard, open_channel

if TYPE_CHECKING:
    from potok.recommendations.v1.recommendations_service_pb2_grpc import (
        RecommendationsServiceAsyncStub as Stub,
    )

CLINIC = Owner("client:clinic")
OPEN = recommendation_pb.RECOMMENDATION_STATE_OPEN
DISMISSED = recommendation_pb.RECOMMENDATION_STATE_DISMISSED
EXPIRED = recommendation_pb.RECOMMENDATION_STATE_EXPIRED
RULES = FollowUpRules(followed_calls=2, expiry=timedelta(30), quiet=timedelta(20), minimum_calls=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The service over its database."""

    stub: "Stub"
    pool: asyncpg.Pool
    follow_ups: FollowUps

    async def hold(self, *calls: AnalysedCall) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await PostgresAnalysedCalls(everything(self.pool)).replace_calls(
                connection, CLINIC, calls
            )
        await self.follow_ups.tell(CLINIC)

    async def forget(self, call_id: str) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await PostgresAnalysedCalls(everything(self.pool)).delete_calls(
                connection, CLINIC, [CallId(call_id)]
            )
        await self.follow_ups.tell(CLINIC)

    async def list(self, **filter_: object) -> list[recommendation_pb.EmployeeRecommendation]:
        request = pb.ListRecommendationsRequest(owner=CLINIC, **filter_)  # type: ignore[arg-type]
        return list((await self.stub.ListRecommendations(request)).recommendations)

    async def close(self, recommendation_id: str) -> recommendation_pb.EmployeeRecommendation:
        request = pb.CloseRecommendationRequest(
            owner=CLINIC,
            recommendation_id=recommendation_id,
            state=DISMISSED,
            closed_by="olga",
            comment="not ours",
        )
        return (await self.stub.CloseRecommendation(request)).recommendation


@pytest.fixture
async def service(database: Database) -> AsyncIterator[Service]:
    async with database.pool("recommendations_system") as pool:
        follow_ups = FollowUps(PostgresRecommendations(pool, everything(pool), RULES))
        servicer = RecommendationsServicer(
            cast(RangeReports, None), follow_ups, cast(Reporting, None)
        )
        async with (
            serving(
                "127.0.0.1:0",
                lambda server: pb_grpc.add_RecommendationsServiceServicer_to_server(
                    servicer, server
                ),
                services=[],
                guard=guard(),
            ) as port,
            open_channel(f"127.0.0.1:{port}") as channel,
        ):
            stub = pb_grpc.RecommendationsServiceStub(channel)
            yield Service(stub=stub, pool=pool, follow_ups=follow_ups)


def missed(call_id: str, day: int, *, employee: str = "Анна", priority: int = 1) -> AnalysedCall:
    """Return a call in which the closing was left out and advised."""
    return an_analysed_call(
        call_id,
        day=MONDAY + timedelta(day),
        employee=employee,
        findings=[a_finding(skill="closing", status=FindingStatus.NOT_REACHED)],
        advice=[an_advice(priority=priority, quote=f"said {call_id}")],
    )


def held(call_id: str, day: int) -> AnalysedCall:
    """Return a call in which the closing was done."""
    return an_analysed_call(
        call_id,
        day=MONDAY + timedelta(day),
        findings=[a_finding(skill="closing")],
        advice=[],
    )


async def test_calls_open_one_recommendation_that_later_calls_follow_and_end(
    service: Service,
) -> None:
    await service.hold(missed("c1", 0), missed("c2", 1), held("c3", 2))
    [one] = await service.list()
    assert (one.state, one.employee, one.skill, one.advised_calls) == (OPEN, "Анна", "closing", 2)
    assert [(quote.call_id, quote.text, quote.start_seconds) for quote in one.quotes] == [
        ("c2", "said c2", 12.5),
        ("c1", "said c1", 12.5),
    ]
    assert (one.follow_through.followed, one.follow_through.not_followed) == (1, 1)

    await service.hold(held("c4", 3))
    [done] = await service.list()
    assert (done.id, done.closed_call_id) == (one.id, "c4")
    assert done.state == recommendation_pb.RECOMMENDATION_STATE_DONE

    await service.forget("c3")
    assert [each.state for each in await service.list()] == [OPEN]
    await service.hold(held("c1", 0), held("c2", 1))
    assert await service.list() == []


async def test_telling_again_changes_nothing(service: Service) -> None:
    await service.hold(missed("c1", 0), missed("c2", 0, employee="Борис"))
    before = await service.list()

    await service.hold(missed("c1", 0), missed("c2", 0, employee="Борис"))

    assert await service.list() == before
    assert not await service.pool.fetch("SELECT FROM recommendations.changed_employees")


async def test_a_call_that_changes_hands_leaves_its_first_employee(service: Service) -> None:
    await service.hold(missed("c1", 0))
    await service.hold(missed("c1", 0, employee="Борис"))

    assert [each.employee for each in await service.list()] == ["Борис"]


async def test_a_dismissal_stays_and_can_be_taken_back(service: Service) -> None:
    await service.hold(missed("c1", 0))
    [one] = await service.list()

    closed = await service.close(one.id)
    await service.hold(missed("c2", 1))

    assert (closed.state, closed.closed_by, closed.comment) == (DISMISSED, "olga", "not ours")
    assert [each.state for each in await service.list()] == [DISMISSED]
    request = pb.ReopenRecommendationRequest(owner=CLINIC, recommendation_id=one.id)
    reopened = (await service.stub.ReopenRecommendation(request)).recommendation
    assert (reopened.id, reopened.state, reopened.advised_calls) == (one.id, OPEN, 2)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await service.stub.ReopenRecommendation(request)
    assert raised.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_an_unknown_recommendation_and_a_malformed_id_are_refused(service: Service) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await service.close(str(uuid4()))
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await service.close("nope")
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "recommendation_id" in (raised.value.details() or "")


async def test_one_that_nobody_advised_for_long_has_expired_as_far_as_the_calls_go(
    service: Service,
) -> None:
    await service.hold(missed("c1", 0), missed("c2", 40, employee="Борис"))

    assert [(each.employee, each.state) for each in await service.list()] == [
        ("Борис", OPEN),
        ("Анна", EXPIRED),
    ]
    assert [each.employee for each in await service.list(states=[EXPIRED])] == ["Анна"]
    assert [each.employee for each in await service.list(employee="Борис")] == ["Борис"]
    assert await service.list(skill="contact") == []


async def test_pages_hold_every_recommendation_once_the_most_urgent_first(
    service: Service,
) -> None:
    await service.hold(
        *(missed(f"c{n}", n, employee=f"e{n}", priority=1 + n % 2) for n in range(5))
    )
    request = pb.ListRecommendationsRequest(owner=CLINIC, page_size=2)
    seen = []
    while True:
        page = await service.stub.ListRecommendations(request)
        seen += [each.employee for each in page.recommendations]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token

    assert seen == ["e4", "e2", "e0", "e3", "e1"]
    request.skill = "other"
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await service.stub.ListRecommendations(request)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_page_goes_on_at_the_microsecond_where_the_last_one_ended(
    service: Service,
) -> None:
    calls = [missed(f"c{n}", 0, employee=f"e{n}") for n in range(20)]
    await service.hold(
        *(
            replace(call, started_at=call.started_at + timedelta(microseconds=n))
            for n, call in enumerate(calls)
        )
    )
    request = pb.ListRecommendationsRequest(owner=CLINIC, page_size=1)
    seen = []
    for _ in calls:
        page = await service.stub.ListRecommendations(request)
        seen += [each.employee for each in page.recommendations]
        request.page_token = page.next_page_token

    assert seen == [f"e{n}" for n in reversed(range(20))]
    assert not request.page_token


async def test_who_closed_and_reopened_is_kept_after_the_decision_is_taken_back(
    service: Service,
) -> None:
    await service.hold(missed("c1", 0))
    [one] = await service.list()
    await service.close(one.id)
    await service.stub.ReopenRecommendation(
        pb.ReopenRecommendationRequest(owner=CLINIC, recommendation_id=one.id)
    )
    request = pb.ListRecommendationAuditRequest(owner=CLINIC, page_size=1)
    newest = await service.stub.ListRecommendationAudit(request)
    request.page_token = newest.next_page_token
    oldest = await service.stub.ListRecommendationAudit(request)

    [reopened], [dismissed] = newest.entries, oldest.entries
    assert reopened.action == audit_pb2.AUDIT_ACTION_REOPEN_RECOMMENDATION
    assert dismissed.action == audit_pb2.AUDIT_ACTION_DISMISS_RECOMMENDATION
    assert (dismissed.subject, dismissed.detail) == (one.id, "closing of Анна: not ours")
    assert reopened.actor == dismissed.actor == "olga"
    assert not oldest.next_page_token
