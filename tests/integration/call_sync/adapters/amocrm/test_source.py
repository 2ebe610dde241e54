"""AmoCRM as a source, against the sandbox that plays it."""

import contextlib
import gzip
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
import pytest
from potok.call_sync.v1.call_service_pb2 import GetCallRequest

from deploy.sandbox.crowd import crowd
from deploy.sandbox.world import Call, Entity, Note, Quirk, Recording, User, World
from services.call_sync.accounts.domain import AccountState
from services.call_sync.domain import (
    CallId,
    Card,
    Direction,
    SourceInvalid,
    SourceUnavailable,
    SourceWaits,
)
from services.call_sync.mapping import call_to_pb
from services.kernel.clock import utc_now
from services.status.domain import WaitReason
from tests.amocrm import CLINIC, DAY, OLGA, Amo, amocrm
from tests.call_scene import CLINIC as LISTED_OF
from tests.call_scene import call_scene
from tests.conftest import Database
from tests.sandbox import RunningSandbox, running_sandbox

ANNA = User(user_id=7, name="Анна")
LATE = datetime(2026, 11, 2, 20, 59, tzinfo=UTC)
"""A minute before midnight in Moscow."""


def a_call(note_id: int, at: datetime = LATE, **more: Any) -> Call:
    note = Note(
        note_id=note_id,
        entity=Entity.LEADS,
        entity_id=1,
        created_at=at,
        updated_at=at + timedelta(minutes=3),
    )
    given: dict[str, Any] = {
        "incoming": True,
        "duration_seconds": 63,
        "phone": f"+7000000{note_id:04}",
        "user_id": ANNA.user_id,
        "notes": (note,),
        "recording": Recording(),
    }
    return Call(**given | more)


def on(call: Call, *entities: Entity, **changes: Any) -> Call:
    """Return a call with a note on each entity, their ids counted up."""
    note = call.notes[0]
    notes = (
        replace(note, note_id=note.note_id + number, entity=entity, **changes)
        for number, entity in enumerate(entities)
    )
    return replace(call, notes=tuple(notes))


WORLD = World(
    users=(ANNA,),
    calls=(
        on(a_call(11), Entity.CONTACTS, Entity.LEADS, uniq="pbx-1"),
        on(a_call(21, LATE - timedelta(hours=2)), Entity.COMPANIES, Entity.LEADS),
        on(a_call(31, LATE - timedelta(hours=5)), Entity.CUSTOMERS),
        a_call(41, LATE + timedelta(minutes=1)),
        a_call(51, datetime(2026, 11, 1, 20, 59, 59, tzinfo=UTC)),
        a_call(61, LATE - timedelta(hours=7), duration_seconds=0, recording=None, incoming=False),
    ),
)
OF_THE_DAY = {"amocrm-11", "amocrm-21", "amocrm-31", "amocrm-61"}


@pytest.fixture
def box() -> Iterator[RunningSandbox]:
    with running_sandbox(WORLD) as box:
        box.behave(requests_per_second=1000)
        yield box


@pytest.fixture
async def amo(box: RunningSandbox, database: Database) -> AsyncIterator[Amo]:
    async with database.pool("call_sync_system", size=8) as pool, amocrm(pool, box) as amo:
        await amo.add()
        yield amo


async def listed(amo: Amo, **asked: Any) -> list[str]:
    return sorted(call.call_id for call in await amo.calls(**asked))


async def test_the_calls_of_a_day_come_once_with_who_spoke(amo: Amo) -> None:
    calls = {call.call_id: call for call in await amo.calls()}

    assert set(calls) == OF_THE_DAY
    first, missed = calls[CallId("amocrm-11")], calls[CallId("amocrm-61")]
    assert (first.day, first.started_at) == (DAY, LATE)
    assert (first.direction, first.duration_seconds, first.answered) == (
        Direction.INCOMING,
        63,
        True,
    )
    assert (first.employee, first.contact) == ("Анна", "+70000000011")
    assert first.recording_link
    assert first.recording_link.startswith(f"http://{amo.box.telephony}/")
    assert (missed.direction, missed.answered, missed.recording_link) == (
        Direction.OUTGOING,
        False,
        None,
    )


async def test_a_call_has_the_card_that_it_hangs_on_wherever_it_is_asked_for(
    database: Database,
) -> None:
    kinds = {
        Entity.LEADS: "lead",
        Entity.CONTACTS: "contact",
        Entity.COMPANIES: "company",
        Entity.CUSTOMERS: "customer",
    }
    calls = tuple(
        on(a_call(number), entity, entity_id=4711 + number)
        for number, entity in enumerate(kinds, 71)
    )
    with running_sandbox(World(users=(ANNA,), calls=calls)) as box:
        box.behave(requests_per_second=1000)
        cards = {
            CallId(f"amocrm-{number}"): Card(
                kind=kind,
                card_id=str(4711 + number),
                link=f"http://{box.host}/{entity.value}/detail/{4711 + number}",
            )
            for number, (entity, kind) in enumerate(kinds.items(), 71)
        }
        async with database.pool("call_sync_system", size=8) as pool, amocrm(pool, box) as amo:
            await amo.add()
            listed = await amo.calls()
    assert {call.call_id: call.card for call in listed} == cards

    async with call_scene(database) as scene:
        await scene.list(*listed)
        stored = await scene.calls.get_calls(LISTED_OF, list(cards))
        assert {call.facts.call_id: call.facts.card for call in stored} == cards
        async with scene.stub() as stub:
            for call in stored:
                request = GetCallRequest(owner=LISTED_OF, call_id=call.facts.call_id)
                answer = await stub.GetCall(request)
                assert answer.call.call.card == call_to_pb(call).card
                assert answer.call.call.card.link == cards[call.facts.call_id].link
        # A source without cards takes it back.
        await scene.list(*(replace(call, card=None) for call in listed))
        bare = await scene.calls.get_calls(LISTED_OF, list(cards))
        assert [call.facts.card for call in bare] == [None] * 4


async def test_days_are_those_of_the_client_not_of_the_account(amo: Amo) -> None:
    assert await listed(amo, time_zone="UTC") == sorted({*OF_THE_DAY, "amocrm-41"})
    assert {call.day for call in await amo.calls(time_zone="UTC")} == {date(2026, 11, 2)}


@pytest.mark.parametrize(
    "quirk",
    [q for q in Quirk if q not in (Quirk.DELETED, Quirk.PARAMS_MISSING, Quirk.UNREADABLE)],
)
async def test_odd_notes_are_the_same_calls(amo: Amo, quirk: Quirk) -> None:
    plain = {call.call_id: call for call in await amo.calls()}
    amo.box.behave(quirks={quirk: 1})

    odd = {call.call_id: call for call in await amo.calls()}

    assert set(odd) == set(plain)
    assert {key: (call.started_at, call.answered) for key, call in odd.items()} == {
        key: (call.started_at, call.answered) for key, call in plain.items()
    }
    assert {call.employee for call in odd.values()} == {"Анна"}


async def test_a_note_that_is_gone_is_no_call(amo: Amo) -> None:
    amo.box.behave(quirks={Quirk.DELETED: 1})

    assert await listed(amo) == []


async def test_a_call_without_its_event_is_found_however_late_its_note_was_edited(
    database: Database,
) -> None:
    late = on(
        a_call(71), Entity.CONTACTS, quirks=frozenset({Quirk.EVENT_LOST}),
        updated_at=LATE + timedelta(days=20),
    )  # fmt: skip
    with running_sandbox(replace(WORLD, calls=(*WORLD.calls, late))) as box:
        box.behave(requests_per_second=1000)
        async with database.pool("call_sync_system") as pool, amocrm(pool, box) as amo:
            await amo.add()

            assert await listed(amo) == sorted({*OF_THE_DAY, "amocrm-71"})


@pytest.mark.parametrize(
    "switches",
    [
        {"timeout_above": 20},
        {"empty_pages": 2},
        {"shift": 1},
        {"comma_range_only": True},
        {"lists_as_objects": True, "next_page": "bare"},
        {"next_page": "elsewhere"},
        {"forbidden": ["users", "customers/notes"]},
        {"next_statuses": [500, 502, 503]},
        {"next_statuses": [429, 401, 504]},
    ],
    ids=str,
)
async def test_every_call_of_a_large_account_comes_once_whatever_happens(
    database: Database, switches: dict[str, Any]
) -> None:
    world = crowd(calls=300, first_day=DAY, days=2)
    with running_sandbox(world) as box:
        box.behave(requests_per_second=1000)
        async with database.pool("call_sync_system", size=8) as pool, amocrm(pool, box) as amo:
            await amo.add()
            box.behave(**switches)

            calls = await amo.calls(days=2)

    ids = sorted(call.call_id for call in calls)
    assert ids == sorted(f"amocrm-{call.notes[0].note_id}" for call in world.calls)


async def test_an_account_that_is_always_too_slow_is_given_up(amo: Amo) -> None:
    amo.box.behave(timeout_above=0)

    with pytest.raises(SourceUnavailable, match=r"HTTP 504.*try again later"):
        await amo.calls()

    assert await amo.state() is AccountState.ACTIVE


async def test_the_range_that_was_asked_for_narrows_what_is_read(amo: Amo) -> None:
    await amo.calls(days=3)

    assert sorted(amo.api_requests()) == sorted(
        ["users", *["events"] * 3, *[f"{entity}/notes" for entity in Entity] * 2]
    )


async def test_an_account_that_keeps_asking_to_slow_down_is_left_alone_for_a_while(
    amo: Amo,
) -> None:
    amo.box.behave(requests_per_second=0)

    with pytest.raises(SourceWaits, match=r"paused until .*slow down") as first:
        await amo.calls()
    asked = len(amo.api_requests())
    with pytest.raises(SourceWaits, match="paused until") as second:
        await amo.calls()

    assert await amo.state() is AccountState.PAUSED
    assert len(amo.api_requests()) == asked == 5
    account = await amo.repository.get_account(CLINIC)
    assert account.resume_at
    assert {each.value.wait_reason for each in (first, second)} == {WaitReason.ACCOUNT_PAUSED}
    assert {each.value.until_at for each in (first, second)} == {account.resume_at}
    assert account.at(account.resume_at).state is AccountState.ACTIVE


async def test_a_long_retry_after_pauses_at_once(amo: Amo) -> None:
    amo.box.behave(requests_per_second=0, retry_after=1800)

    with pytest.raises(SourceWaits, match="paused until") as raised:
        await amo.calls()

    assert len(amo.api_requests()) == 1
    assert raised.value.wait_reason is WaitReason.RATE_LIMIT
    assert timedelta(minutes=29) < raised.value.until_at - utc_now() <= timedelta(minutes=30)


@pytest.mark.parametrize(
    ("switches", "why"),
    [
        ({"blocked": True}, "has blocked access"),
        ({"unpaid": True}, "not paid"),
        ({"forbidden": ["events"]}, "denies access .*Недостаточно прав"),
    ],
    ids=["block", "unpaid", "no rights"],
)
async def test_who_is_turned_away_asks_no_more_until_a_person_says_so(
    amo: Amo, switches: dict[str, Any], why: str
) -> None:
    amo.box.behave(**switches)

    with pytest.raises(SourceInvalid, match=f"{why}.*potok account resume clinic"):
        await amo.calls()
    asked = len(amo.api_requests())
    with pytest.raises(SourceInvalid, match=why):
        await amo.calls()

    assert await amo.state() is AccountState.PAUSED
    assert len(amo.api_requests()) == asked <= 5
    amo.box.behave(blocked=False, unpaid=False, forbidden=[])
    await amo.accounts.resume_account(CLINIC, OLGA)
    assert set(await listed(amo)) == OF_THE_DAY


async def test_an_account_that_does_not_answer_is_asked_four_times(amo: Amo) -> None:
    amo.box.behave(next_statuses=[503] * 4)

    with pytest.raises(SourceUnavailable, match=r"HTTP 503.*try again"):
        await amo.calls()

    assert amo.api_requests() == ["users"] * 4
    assert await amo.state() is AccountState.ACTIVE


async def test_a_redirect_is_not_followed_with_the_token(
    database: Database, box: RunningSandbox
) -> None:
    async with database.pool("call_sync_system") as pool, amocrm(pool, box) as amo:
        await amo.add(long_lived=True)
        box.behave(moved_to=f"localhost:{box.host.partition(':')[2]}")

        with pytest.raises(SourceInvalid, match=r"leads elsewhere \(HTTP 301\)"):
            await amo.calls()

        assert {each.host for each in box.requests("/api/v4/")} == {box.host}


def a_note(note_id: int, **changes: Any) -> dict[str, Any]:
    params = {
        "duration": 60,
        "phone": f"+7000000{note_id:04}",
        "link": f"https://pbx.example/{note_id}",
    }
    note = {
        "id": note_id,
        "note_type": "call_in",
        "created_at": int(LATE.timestamp()),
        "params": params,
    }
    return note | changes


BODY = json.dumps({"_embedded": {"notes": {"0": a_note(1), "1": a_note(9007199254740993)}}})


class Crm:
    """An AmoCRM that answers each request for notes of leads with what a test says; everything else is empty."""

    def __init__(self, *answers: httpx2.Response) -> None:
        self.answers = list(answers)
        self.asked: list[httpx2.URL] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if not request.url.path.endswith("/leads/notes"):
            return httpx2.Response(204)
        self.asked.append(request.url)
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer.stream, Packed):  # which is read once
            return httpx2.Response(200, headers=answer.headers, stream=answer.stream)
        return answer


class Packed(httpx2.AsyncByteStream):
    """A body as it comes over the wire."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content


def wire(content: bytes, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(200, headers=named, stream=Packed(content))


@contextlib.asynccontextmanager
async def answering(database: Database, box: RunningSandbox, crm: Crm) -> AsyncIterator[Amo]:
    async with (
        database.pool("call_sync_system") as pool,
        amocrm(pool, box, transport=httpx2.MockTransport(crm)) as amo,
    ):
        await amo.add(long_lived=True)
        yield amo


def a_page(notes: Any, following: Any = None) -> httpx2.Response:
    return httpx2.Response(200, json={"_links": {"next": following}, "_embedded": {"notes": notes}})


@pytest.mark.parametrize(
    "following",
    [
        {"href": "http://clinic.amocrm.ru/api/v4/leads/notes?page=2"},
        {"href": "https://evil.example/api/v4/events?page=2"},
        {"href": "//evil.example/?page=2"},
        {"href": "?page=2"},
        {"href": 2},
        "/x?page=2",
    ],
    ids=str,
)
async def test_the_next_page_is_one_of_the_account_itself_however_it_is_named(
    database: Database, box: RunningSandbox, following: Any
) -> None:
    crm = Crm(a_page([a_note(1)], following), a_page([a_note(2)]))
    async with answering(database, box, crm) as amo:
        assert await listed(amo) == ["amocrm-1", "amocrm-2"]

    first, second = crm.asked
    assert second.copy_with(query=None) == first.copy_with(query=None)
    assert dict(second.params) == dict(first.params) | {"page": "2"}


@pytest.mark.parametrize(
    "pages",
    [
        [a_page([a_note(1)], "?page=1")],
        [a_page([a_note(1)], "?page=2"), a_page([a_note(2)], "?page=1")],
        [a_page([], f"?page={number}") for number in range(2, 99)],
        [a_page([a_note(1)], f"?page={number}") for number in range(2, 99)],
    ],
    ids=["itself", "a circle", "empty", "the same"],
)
async def test_pages_without_an_end_are_given_up(
    database: Database, box: RunningSandbox, pages: list[httpx2.Response]
) -> None:
    crm = Crm(*pages)
    async with answering(database, box, crm) as amo:
        with pytest.raises(SourceUnavailable, match=r"leads/notes has no end"):
            await listed(amo)

    assert len(crm.asked) < 20


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(200, json={}),
        httpx2.Response(200, json={"_embedded": None}),
        httpx2.Response(200, json={"_embedded": {"notes": None}}),
        httpx2.Response(200, json=[1]),
        httpx2.Response(200, html="<html>"),
        wire(b'{"_embedded": {"no', content_type="application/json"),
        wire(b"[" * 10_000, content_type="application/json"),
        httpx2.Response(200, content=b""),
        httpx2.Response(200, json={"status": 503, "title": "Error", "detail": "busy"}),
        httpx2.Response(200, json={"response": {"error": "no", "error_code": 110}}),
        wire(gzip.compress(BODY.encode())[:50], content_encoding="gzip"),
    ],
    ids=["no list", "no entries", "no notes", "a list", "a page", "cut short", "brackets", "nothing", "an error", "old error",
         "cut gzip"],
)  # fmt: skip
async def test_an_answer_that_cannot_be_read_is_no_empty_one(
    database: Database, box: RunningSandbox, answer: httpx2.Response
) -> None:
    async with answering(database, box, Crm(answer)) as amo:
        with pytest.raises(SourceUnavailable, match="does not answer as it should"):
            await listed(amo)
    async with answering(database, box, Crm(answer, a_page([a_note(1)]))) as amo:
        assert await listed(amo) == ["amocrm-1"]


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (BODY.encode(), {}),
        (BODY.encode("utf-8-sig"), {"content_type": "text/html"}),
        (BODY.encode("utf-16"), {"content_type": "application/json"}),
        (BODY.encode("cp1251"), {"content_type": "application/json; charset=windows-1251"}),
        (BODY.encode(), {"content_encoding": "utf-8"}),
        (BODY.encode(), {"content_encoding": "gzip"}),
        (gzip.compress(BODY.encode()), {}),
    ],
    ids=["plain", "mark", "utf-16", "cp1251", "no encoding", "not packed", "packed"],
)
async def test_an_answer_is_read_however_it_is_written(
    database: Database, box: RunningSandbox, content: bytes, headers: dict[str, str]
) -> None:
    crm = Crm(wire(content, **headers))
    async with answering(database, box, crm) as amo:
        assert await listed(amo) == ["amocrm-1", "amocrm-9007199254740993"]


async def test_notes_that_cannot_be_read_are_listed_with_what_is_wrong(
    database: Database, box: RunningSandbox
) -> None:
    notes = [
        a_note(1),
        a_note(2, created_at="today", updated_at=int(LATE.timestamp())),
        a_note(3, created_at=None),
        a_note(4, id=None),
        a_note(5, params={"duration": "soon"}),
        "a note",
        a_note(6, created_at=LATE.isoformat()),
        a_note(7, params='{"duration": "1:00", "link": "//pbx.example/7"}'),
    ]
    async with answering(database, box, Crm(a_page(notes))) as amo:
        calls = await amo.listed()

    assert len(calls) == len(notes)
    assert {call.day for call in calls} == {DAY}
    assert sum(1 for call in calls if not call.fault) == 3
    faults = " ".join(sorted(call.fault for call in calls))
    for what in ("'today' is no time", "it has no time", "it has no id", "'soon' is no length"):
        assert what in faults


async def test_an_event_whose_note_nobody_can_ask_for_is_a_call_that_cannot_be_read(
    database: Database, box: RunningSandbox
) -> None:
    events = [
        {"id": "e1", "type": "incoming_call", "entity_type": "task", "value_after": [{"note": {"id": 1}}]},
        {"id": "e2", "type": "incoming_call", "entity_type": "task", "value_after": [{"note": {"id": 2}}]},
        {"id": "e3", "type": "outgoing_call", "entity_type": "lead", "value_after": []},
        {"id": "e4", "type": "lead_added", "value_after": []},
    ]  # fmt: skip

    class WithEvents(Crm):
        def __call__(self, request: httpx2.Request) -> httpx2.Response:
            if request.url.path.endswith("/events"):
                return httpx2.Response(200, json={"_embedded": {"events": events}})
            return super().__call__(request)

    async with answering(database, box, WithEvents(a_page([a_note(1)]))) as amo:
        calls = {call.call_id: bool(call.fault) for call in await amo.listed()}

    assert calls.pop(CallId("amocrm-1")) is False
    assert calls.pop(CallId("amocrm-2")) is True
    [(other, fault)] = calls.items()
    assert (other.startswith("amocrm-event-"), fault) == (True, True)


async def test_a_note_that_an_event_names_is_a_call_on_its_own_day_whatever_it_says(
    database: Database, box: RunningSandbox
) -> None:
    ids = (1, 2, 3)
    events = [
        {"id": f"e{n}", "type": "incoming_call", "entity_type": "lead", "value_after": [{"note": {"id": n}}]}
        for n in ids
    ]  # fmt: skip
    day_after = int((LATE + timedelta(days=1)).timestamp())

    class WithEvents(Crm):
        def __call__(self, request: httpx2.Request) -> httpx2.Response:
            if request.url.path.endswith("/events"):
                return httpx2.Response(200, json={"_embedded": {"events": events}})
            return super().__call__(request)

    notes = [
        a_note(1, note_type="telephony_call"),
        a_note(2, note_type={"id": 10}),
        a_note(3, created_at=day_after, params={"duration": "soon"}),
    ]
    async with answering(database, box, WithEvents(a_page(notes))) as amo:
        calls = {call.call_id: call for call in await amo.listed(days=2)}

    assert {str(call_id): call.day for call_id, call in calls.items()} == {
        "amocrm-1": DAY,
        "amocrm-2": DAY,
        "amocrm-3": DAY + timedelta(days=1),
    }
    assert [bool(call.fault) for call in calls.values()] == [False, False, True]


async def test_another_note_of_a_call_is_listed_as_that(amo: Amo) -> None:
    merged = {call.call_id: call.merged_into for call in await amo.listed() if call.merged_into}

    assert merged == {"amocrm-12": "amocrm-11", "amocrm-22": "amocrm-21"}


async def test_reread_finds_notes_wherever_they_hang_and_a_link_that_came(amo: Amo) -> None:
    amo.box.behave(withheld_links=[31])
    call_ids = [CallId(each) for each in ("amocrm-31", "amocrm-61", "amocrm-404", "other")]
    before = {c.call_id: c for c in await amo.source.reread(CLINIC, call_ids, "Europe/Moscow")}
    amo.box.behave(withheld_links=[])

    after = {c.call_id: c for c in await amo.source.reread(CLINIC, call_ids, "Europe/Moscow")}

    assert set(before) == set(after) == {"amocrm-31", "amocrm-61"}
    assert before[CallId("amocrm-31")].recording_link is None
    assert after[CallId("amocrm-31")].recording_link
    assert after[CallId("amocrm-31")].employee == "Анна"


async def test_the_token_goes_to_links_of_the_account_alone(amo: Amo) -> None:
    home = f"http://{amo.box.host}"

    own = await amo.client.credentials_for(CLINIC, f"{home}/download/1")

    assert own
    assert own.origin == home
    assert own.headers["Authorization"].startswith("Bearer ")
    for link in (
        f"http://{amo.box.telephony}/1",
        f"{home}.evil.example/1",
        f"http://evil@{amo.box.host}/1",
        f"https://{amo.box.host}/1",
    ):
        assert await amo.client.credentials_for(CLINIC, link) is None, link


async def test_a_recording_comes_from_its_telephony_host(amo: Amo) -> None:
    [link] = {c.recording_link for c in await amo.calls() if c.call_id == "amocrm-11"}
    assert link

    async with amo.source.fetch(CLINIC, link) as fetched:
        content = b"".join([chunk async for chunk in fetched.chunks])

    assert content[:4] in (b"RIFF", b"ID3\x04", b"ID3\x03") or content[0] == 0xFF


async def test_an_account_that_is_not_there_is_named_with_what_to_do(
    database: Database, box: RunningSandbox
) -> None:
    async with database.pool("call_sync_system") as pool, amocrm(pool, box) as amo:
        with pytest.raises(SourceInvalid, match="potok account add clinic"):
            await amo.calls()
