"""Each filter of calls, their pages and their counts, over a real server and Postgres: against what Python makes of it."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import grpc
import pytest
from potok.call_sync.v1 import call_pb2, listed_call_pb2
from potok.call_sync.v1 import call_service_pb2 as pb
from potok.status.v1 import stage_pb2
from potok.status.v1.progress_pb2 import DateRange

from services.call_sync.domain import CallFacts, CallId, Direction
from services.status.domain import ItemState, Owner, Reason, Stage
from tests.builders.call_sync import a_recording
from tests.call_scene import CLINIC, START, CallScene, a_call_at, call_scene
from tests.conftest import Database
from tests.identity import token

OTHER = Owner("client:other")
ANNA = token("anna", clients=["clinic"])
WORD = "приём"


@dataclass(slots=True)
class Known:
    """A call, and what was made of it."""

    facts: CallFacts
    recorded: bool
    analysis: ItemState | None
    findings: dict[str, Any] = field(default_factory=dict)

    @property
    def call_id(self) -> str:
        return self.facts.call_id

    @property
    def digits(self) -> str:
        return "".join(filter(str.isdecimal, self.facts.contact))

    def found(self, name: str) -> Any:
        return self.findings.get(name, None if name == "score" else "")


def varied(count: int = 36) -> list[Known]:
    """Return calls of five days in which everything differs, pairs of them at the same moment."""
    chance = random.Random(7)
    calls = []
    for number in range(count):
        facts = a_call_at(
            f"c{number:02}",
            number // 2 * 397,
            direction=chance.choice(list(Direction)),
            answered=chance.random() < 0.7,
            duration_seconds=chance.choice([None, 0.0, 12.5, 60.0, 300.0]),
            employee=chance.choice(["Анна", "Олег", ""]),
            contact=chance.choice(
                ["+7 916 123-45-67", "+79990004567", "Иван Петров", "4567", "12345678", "", "100%_"]
            ),
        )
        analysis = chance.choice([None, *ItemState])
        findings: dict[str, Any] = {}
        if analysis is ItemState.SUCCESS:
            findings = {
                "call_type": chance.choice(["new_booking", "complaint"]),
                "outcome": chance.choice(["booked", "thinking"]),
                "sentiment": chance.choice(["positive", "negative"]),
                "score": chance.choice([None, 0.0, 40.0, 99.5]),
            }
        calls.append(Known(facts, chance.random() < 0.6, analysis, findings))
    return calls


async def put(scene: CallScene, calls: Iterable[Known], owner: Owner = CLINIC) -> None:
    """Have the stages say what is known of calls; each has a word in it."""
    known = list(calls)
    await scene.list(*(call.facts for call in known), owner=owner)
    async with scene.pool.acquire() as connection:
        recorded = [(CallId(call.call_id), a_recording()) for call in known if call.recorded]
        await scene.calls.set_recordings(connection, owner, recorded)
    for call in known:
        await scene.say(call.call_id, f"запишите на {WORD}", owner=owner)
        if call.analysis is ItemState.SUCCESS:
            await scene.find(call.call_id, owner=owner, **call.findings)
        elif call.analysis:
            reason = Reason.INTERNAL if call.analysis is ItemState.FAILED else None
            await scene.change(
                Stage.ANALYSIS, [call.call_id], call.analysis, owner=owner, output=0, reason=reason
            )


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[CallScene]:
    async with call_scene(database) as scene:
        yield scene


def latest_first(calls: Iterable[Known]) -> list[str]:
    """Return ids in the order of the list."""
    ordered = sorted(calls, key=lambda each: (each.facts.started_at, each.call_id), reverse=True)
    return [call.call_id for call in ordered]


async def listed(stub: Any, call_filter: listed_call_pb2.CallFilter, size: int = 7) -> list[str]:
    """Return what a filter means, page by page; the total is that of what came."""
    ids: list[str] = []
    total = 0
    request = pb.ListCallsRequest(owner=CLINIC, filter=call_filter, page_size=size)
    while True:
        page = await stub.ListCalls(request)
        assert len(page.calls) == size or not page.next_page_token
        total = total if request.page_token else page.total
        ids += [each.call.call_id for each in page.calls]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            assert total == len(ids)
            return ids


async def searched(stub: Any, call_filter: listed_call_pb2.CallFilter) -> list[str]:
    ids: list[str] = []
    request = pb.SearchCallsRequest(owner=CLINIC, query=WORD, filter=call_filter, page_size=7)
    while True:
        page = await stub.SearchCalls(request)
        ids += [each.call.call.call_id for each in page.calls]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return ids


SECOND_DAY = str((START + timedelta(days=1)).date())
THIRD_DAY = str((START + timedelta(days=2)).date())
FAILED, SKIPPED = stage_pb2.ITEM_STATE_FAILED, stage_pb2.ITEM_STATE_SKIPPED
ANALYSIS = stage_pb2.STAGE_ANALYSIS
FILTERS: dict[str, tuple[dict[str, Any], Callable[[Known], bool]]] = {
    "none": ({}, lambda _: True),
    "days": (
        {"range": DateRange(start_date=SECOND_DAY, end_date=THIRD_DAY)},
        lambda call: SECOND_DAY <= str(call.facts.day) <= THIRD_DAY,
    ),
    "employee": ({"employee": "Анна"}, lambda call: call.facts.employee == "Анна"),
    "no employee": ({"employee": ""}, lambda call: call.facts.employee == ""),
    "incoming": (
        {"direction": call_pb2.DIRECTION_INCOMING},
        lambda call: call.facts.direction is Direction.INCOMING,
    ),
    "outgoing": (
        {"direction": call_pb2.DIRECTION_OUTGOING},
        lambda call: call.facts.direction is Direction.OUTGOING,
    ),
    "answered": ({"answered": True}, lambda call: call.facts.answered),
    "missed": ({"answered": False}, lambda call: not call.facts.answered),
    "recorded": ({"recorded": True}, lambda call: call.recorded),
    "unrecorded": ({"recorded": False}, lambda call: not call.recorded),
    "name": ({"contact": "петр"}, lambda call: "Петр" in call.facts.contact),
    "digits": ({"contact": "2345"}, lambda call: "2345" in call.digits),
    "written digits": ({"contact": "916-123"}, lambda call: "916123" in call.digits),
    "at least so long": (
        {"min_duration_seconds": 60},
        lambda call: (call.facts.duration_seconds or 0) >= 60,
    ),
    "at most so long": (
        {"max_duration_seconds": 12.5},
        lambda call: call.facts.duration_seconds in (0.0, 12.5),
    ),
    "no length": ({"max_duration_seconds": 0}, lambda call: call.facts.duration_seconds == 0),
    "stage": ({"stage": ANALYSIS}, lambda call: call.analysis is not None),
    "state": (
        {"stage": ANALYSIS, "states": [FAILED]},
        lambda call: call.analysis is ItemState.FAILED,
    ),
    "states": (
        {"stage": ANALYSIS, "states": [FAILED, SKIPPED]},
        lambda call: call.analysis in (ItemState.FAILED, ItemState.SKIPPED),
    ),
    "stage that knows none": ({"stage": stage_pb2.STAGE_REPORTING}, lambda _: False),
    "type": ({"call_type": "complaint"}, lambda call: call.found("call_type") == "complaint"),
    "outcome": ({"outcome": "thinking"}, lambda call: call.found("outcome") == "thinking"),
    "sentiment": ({"sentiment": "positive"}, lambda call: call.found("sentiment") == "positive"),
    "at least this score": (
        {"min_score": 40},
        lambda call: call.found("score") is not None and call.found("score") >= 40,
    ),
    "at most this score": (
        {"max_score": 40},
        lambda call: call.found("score") is not None and call.found("score") <= 40,
    ),
    "several": (
        {"employee": "Олег", "answered": True, "recorded": True, "stage": ANALYSIS},
        lambda call: (
            call.facts.employee == "Олег"
            and call.facts.answered
            and call.recorded
            and call.analysis is not None
        ),
    ),
}


async def test_each_filter_means_what_it_says_in_lists_and_in_searches(scene: CallScene) -> None:
    calls = varied()
    await put(scene, calls)
    await put(scene, varied(8), owner=OTHER)
    wrong = {}
    async with scene.stub() as stub:
        for name, (given, means) in FILTERS.items():
            call_filter = listed_call_pb2.CallFilter(**given)
            expected = latest_first(filter(means, calls))
            assert name == "stage that knows none" or 0 < len(expected) <= len(calls), name
            said = await listed(stub, call_filter), await searched(stub, call_filter)
            if said != (expected, expected):
                wrong[name] = (expected, *said)
    assert not wrong


async def test_those_who_see_a_part_of_numbers_look_for_that_part(scene: CallScene) -> None:
    calls = varied()
    await put(scene, calls)
    shown = {
        "4567": lambda call: call.digits.endswith("4567") and len(call.digits) != 8,
        "5678": lambda _: False,  # of eight digits two are shown
        "иван": lambda call: "Иван" in call.facts.contact,
    }
    async with scene.stub(ANNA) as stub:
        for contact, means in shown.items():
            call_filter = listed_call_pb2.CallFilter(contact=contact)
            assert await listed(stub, call_filter) == latest_first(filter(means, calls)), contact


async def test_pages_repeat_and_leave_out_nothing_while_calls_come_in(scene: CallScene) -> None:
    calls = varied()
    await put(scene, calls)
    request = pb.ListCallsRequest(owner=CLINIC, page_size=7)
    ids: list[str] = []
    async with scene.stub() as stub:
        for number in range(20):
            page = await stub.ListCalls(request)
            ids += [each.call.call_id for each in page.calls]
            # One before all, one behind the page, and one at the very moment of its last call.
            last = calls[int(page.calls[-1].call.call_id[1:])].facts if page.calls else None
            fresh = [a_call_at(f"new-{number}", 100_000 + number)]
            if last and not last.call_id.startswith("new"):
                minutes = int((last.started_at - START).total_seconds() // 60)
                fresh.append(a_call_at(f"z-new-{number}", minutes))
            await scene.list(*fresh)
            request.page_token = page.next_page_token
            if not page.next_page_token:
                break
    assert ids == latest_first(calls)


async def test_a_page_token_is_of_its_filter_its_query_and_its_reader(scene: CallScene) -> None:
    await put(scene, varied())
    of_anna = listed_call_pb2.CallFilter(employee="Анна")
    async with scene.stub() as stub:
        list_page = await stub.ListCalls(pb.ListCallsRequest(owner=CLINIC, page_size=7))
        search_page = await stub.SearchCalls(
            pb.SearchCallsRequest(owner=CLINIC, query=WORD, page_size=7)
        )
    lists, searches = list_page.next_page_token, search_page.next_page_token
    assert lists
    assert searches
    refused = [
        ("", pb.ListCallsRequest(owner=CLINIC, filter=of_anna, page_token=lists)),
        ("", pb.ListCallsRequest(owner=OTHER, page_token=lists)),
        ("", pb.ListCallsRequest(owner=CLINIC, page_token=searches)),
        ("", pb.ListCallsRequest(owner=CLINIC, page_token="7")),
        (ANNA, pb.ListCallsRequest(owner=CLINIC, page_token=lists)),
        ("", pb.SearchCallsRequest(owner=CLINIC, query=WORD, filter=of_anna, page_token=searches)),
        ("", pb.SearchCallsRequest(owner=CLINIC, query="запишите", page_token=searches)),
    ]
    for as_, request in refused:
        async with scene.stub(as_) as stub:
            ask: Any = (
                stub.ListCalls if isinstance(request, pb.ListCallsRequest) else stub.SearchCalls
            )
            with pytest.raises(grpc.aio.AioRpcError) as refusal:
                await ask(request)
        assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT, request
        assert (refusal.value.details() or "").startswith("page_token: "), request


async def test_facets_count_the_calls_of_days_the_most_frequent_first(scene: CallScene) -> None:
    calls = varied()
    await put(scene, calls)
    await put(scene, varied(8), owner=OTHER)
    request = pb.GetCallFacetsRequest(
        owner=CLINIC, range=DateRange(start_date=SECOND_DAY, end_date=THIRD_DAY)
    )
    async with scene.stub() as stub:
        facets = await stub.GetCallFacets(request)
        request.range.start_date = request.range.end_date = "2020-01-01"
        none = await stub.GetCallFacets(request)
    chosen = [call for call in calls if SECOND_DAY <= str(call.facts.day) <= THIRD_DAY]

    def counted(values: Iterable[str]) -> list[tuple[str, int]]:
        return sorted(Counter(values).items(), key=lambda each: (-each[1], each[0]))

    def pairs(found: Any) -> list[tuple[str, int]]:
        assert [each.calls for each in found] == sorted(
            (each.calls for each in found), reverse=True
        )
        return sorted(((each.value, each.calls) for each in found), key=lambda e: (-e[1], e[0]))

    assert facets.calls == len(chosen) > 7
    assert pairs(facets.employees) == counted(call.facts.employee for call in chosen)
    assert pairs(facets.call_types) == counted(call.found("call_type") for call in chosen)
    assert pairs(facets.outcomes) == counted(call.found("outcome") for call in chosen)
    assert pairs(facets.sentiments) == counted(call.found("sentiment") for call in chosen)
    assert (none.calls, list(none.employees)) == (0, [])
