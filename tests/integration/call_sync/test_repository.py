"""The contract of CallRepository, for Postgres and for the fake; and what only the database does."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import asyncpg
import pytest

from services.call_sync.domain import Call, CallId, Direction
from services.call_sync.ports import CallRepository
from services.call_sync.repository import PostgresCalls
from services.status.domain import ExecutionNumber, Owner
from tests.builders.call_sync import a_call, a_recording
from tests.conftest import Database
from tests.fakes.call_sync import FakeCalls
from tests.identity import everything, seen_by

CLINIC, OTHER = Owner("client:clinic"), Owner("client:other")
FIRST, SECOND = ExecutionNumber(1), ExecutionNumber(2)
C1, C2 = CallId("c1"), CallId("c2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository and the transaction to hand to it."""

    calls: CallRepository
    transaction: Any


@pytest.fixture(params=["fake", "postgres"])
async def repository(
    request: pytest.FixtureRequest, database: Database
) -> AsyncIterator[Repository]:
    if request.param == "fake":
        yield Repository(calls=FakeCalls(), transaction=None)
        return
    async with database.pool("call_sync_system") as pool, pool.acquire() as connection:
        yield Repository(calls=PostgresCalls(pool, everything(pool)), transaction=connection)


async def test_calls_come_back_as_listed_and_in_the_order_asked_for(repository: Repository) -> None:
    plain = a_call("c1")
    bare = replace(
        a_call("c2", link=None, answered=False),
        direction=Direction.UNKNOWN,
        duration_seconds=None,
        employee="",
        contact="",
    )
    await repository.calls.upsert_calls(CLINIC, FIRST, [bare, plain])

    calls = await repository.calls.get_calls(CLINIC, [C1, CallId("nope"), C2])

    assert calls == [
        Call(owner=CLINIC, facts=plain, recording=None),
        Call(owner=CLINIC, facts=bare, recording=None),
    ]


async def test_a_text_of_a_source_is_kept_without_what_postgres_cannot_hold(
    database: Database,
) -> None:
    odd = replace(a_call("c1", link="a\0.wav"), employee="Ан\0на\ud800", contact="+7\x1b[2J")
    async with database.pool("call_sync_system") as pool:
        calls = PostgresCalls(pool, everything(pool))
        await calls.upsert_calls(CLINIC, FIRST, [odd])

        [call] = await calls.get_calls(CLINIC, [C1])

    assert (call.facts.employee, call.facts.contact) == ("Анна\ufffd", "+7[2J")
    assert call.facts.recording_link == "a.wav"


async def test_owners_do_not_share_calls(repository: Repository) -> None:
    await repository.calls.upsert_calls(CLINIC, FIRST, [a_call("c1")])
    await repository.calls.upsert_calls(OTHER, FIRST, [replace(a_call("c1"), employee="Ivan")])
    await repository.calls.set_recordings(repository.transaction, CLINIC, [(C1, a_recording())])
    await repository.calls.delete_calls(repository.transaction, CLINIC, [C1])

    assert await repository.calls.get_calls(CLINIC, [C1]) == []
    [call] = await repository.calls.get_calls(OTHER, [C1])
    assert (call.facts.employee, call.recording) == ("Ivan", None)


async def test_a_later_listing_changes_the_facts_and_keeps_the_recording(
    repository: Repository,
) -> None:
    moved = replace(a_call("c1"), day=date(2026, 3, 2))
    await repository.calls.upsert_calls(CLINIC, FIRST, [a_call("c1")])
    await repository.calls.set_recordings(repository.transaction, CLINIC, [(C1, a_recording())])
    await repository.calls.upsert_calls(CLINIC, SECOND, [moved])

    calls = await repository.calls.get_calls(CLINIC, [C1])

    assert calls == [Call(owner=CLINIC, facts=moved, recording=a_recording())]


async def test_an_older_listing_changes_nothing(repository: Repository) -> None:
    await repository.calls.upsert_calls(CLINIC, SECOND, [a_call("c1")])
    await repository.calls.upsert_calls(CLINIC, FIRST, [replace(a_call("c1"), employee="Ivan")])

    [call] = await repository.calls.get_calls(CLINIC, [C1])

    assert call.facts == a_call("c1")


async def test_another_recording_takes_the_place_of_the_first(repository: Repository) -> None:
    await repository.calls.upsert_calls(CLINIC, FIRST, [a_call("c1"), a_call("c2")])
    changed = a_recording(b"changed")
    await repository.calls.set_recordings(
        repository.transaction, CLINIC, [(C1, a_recording()), (C2, a_recording())]
    )
    await repository.calls.set_recordings(repository.transaction, CLINIC, [(C1, changed)])

    first, second = await repository.calls.get_calls(CLINIC, [C1, C2])

    assert (first.recording, second.recording) == (changed, a_recording())


async def test_cleared_recordings_leave_the_calls_and_those_of_others(
    repository: Repository,
) -> None:
    await repository.calls.upsert_calls(CLINIC, FIRST, [a_call("c1"), a_call("c2")])
    both = [(C1, a_recording()), (C2, a_recording())]
    await repository.calls.set_recordings(repository.transaction, CLINIC, both)

    await repository.calls.clear_recordings(repository.transaction, CLINIC, [C1])

    first, second = await repository.calls.get_calls(CLINIC, [C1, C2])
    assert (first.recording, second.recording) == (None, a_recording())


async def test_a_recording_of_a_forgotten_call_is_no_call(repository: Repository) -> None:
    await repository.calls.set_recordings(repository.transaction, CLINIC, [(C1, a_recording())])

    assert await repository.calls.get_calls(CLINIC, [C1]) == []


async def test_writes_of_a_transaction_that_fails_are_undone(database: Database) -> None:
    async with database.pool("call_sync_system") as pool:
        calls = PostgresCalls(pool, everything(pool))
        await calls.upsert_calls(CLINIC, FIRST, [a_call("c1"), a_call("c2")])
        async with pool.acquire() as connection:
            with contextlib.suppress(ZeroDivisionError):
                async with connection.transaction():
                    await calls.set_recordings(connection, CLINIC, [(C1, a_recording())])
                    await calls.delete_calls(connection, CLINIC, [C2])
                    raise ZeroDivisionError

        stored = await calls.get_calls(CLINIC, [C1, C2])

    assert [call.recording for call in stored] == [None, None]


async def test_a_reader_for_users_sees_its_owners_only_and_writes_nothing(
    database: Database,
) -> None:
    async with database.pool("call_sync_system") as pool:
        for owner in (CLINIC, OTHER):
            await PostgresCalls(pool, everything(pool)).upsert_calls(owner, FIRST, [a_call("c1")])

    async with database.pool("call_sync_app") as pool:
        assert await PostgresCalls(pool, seen_by(pool)).get_calls(CLINIC, [C1]) == []
        assert len(await PostgresCalls(pool, everything(pool)).get_calls(CLINIC, [C1])) == 1
        async with seen_by(pool, "client:x", CLINIC)() as connection:
            seen = await connection.fetch("SELECT owner FROM call_sync.calls")
            assert [row["owner"] for row in seen] == [CLINIC]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await PostgresCalls(pool, everything(pool)).upsert_calls(CLINIC, SECOND, [a_call("c1")])


async def test_even_the_owner_of_the_table_sees_no_calls(database: Database) -> None:
    async with database.pool("call_sync_system") as pool:
        await PostgresCalls(pool, everything(pool)).upsert_calls(CLINIC, FIRST, [a_call("c1")])

    async with database.pool("call_sync_owner") as pool:
        assert await PostgresCalls(pool, seen_by(pool)).get_calls(CLINIC, [C1]) == []
