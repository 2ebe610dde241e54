"""The contract of TranscriptRepository, for Postgres and for the fake; and what only the database does."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from services.status.domain import AuditAction, AuditEntry, ExecutionNumber, Owner
from services.transcription.domain import CallId, Transcript
from services.transcription.ports import TranscriptRepository
from services.transcription.repository import PostgresTranscriptAudit, PostgresTranscripts
from tests.builders.transcription import a_transcript, without_words
from tests.conftest import Database
from tests.fakes.transcription import FakeTranscripts
from tests.identity import everything, seen_by

CLINIC, OTHER = Owner("client:clinic"), Owner("client:other")
FIRST, SECOND = ExecutionNumber(1), ExecutionNumber(2)
C1, C2 = CallId("c1"), CallId("c2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository and the transaction to hand to it."""

    transcripts: TranscriptRepository
    transaction: Any

    async def upsert(self, owner: Owner, *transcripts: Transcript) -> None:
        await self.transcripts.upsert_transcripts(self.transaction, owner, FIRST, transcripts)

    async def get(self, owner: Owner, *call_ids: CallId, words: bool = True) -> list[Transcript]:
        stored = await self.transcripts.get_transcripts(owner, call_ids, words=words)
        assert all(each.owner == owner for each in stored)
        return [each.transcript for each in stored]


@pytest.fixture(params=["fake", "postgres"])
async def repository(
    request: pytest.FixtureRequest, database: Database
) -> AsyncIterator[Repository]:
    if request.param == "fake":
        yield Repository(transcripts=FakeTranscripts(), transaction=None)
        return
    async with database.pool("transcription_system") as pool, pool.acquire() as connection:
        yield Repository(transcripts=PostgresTranscripts(everything(pool)), transaction=connection)


async def test_transcripts_come_back_as_they_were_and_in_the_order_asked_for(
    repository: Repository,
) -> None:
    silent = replace(a_transcript("c2"), channels=1, overlap_reliable=False, segments=())
    await repository.upsert(CLINIC, silent, a_transcript("c1"))

    found = await repository.get(CLINIC, C1, CallId("nope"), C2)

    assert found == [a_transcript("c1"), silent]


async def test_words_come_only_where_they_are_asked_for(repository: Repository) -> None:
    await repository.upsert(CLINIC, a_transcript("c1"))

    assert await repository.get(CLINIC, C1, words=False) == [without_words(a_transcript("c1"))]


async def test_owners_do_not_share_transcripts(repository: Repository) -> None:
    await repository.upsert(CLINIC, a_transcript("c1"))
    await repository.upsert(OTHER, replace(a_transcript("c1"), language="en"))
    await repository.transcripts.delete_transcripts(repository.transaction, CLINIC, [C1])

    assert await repository.get(CLINIC, C1) == []
    assert [found.language for found in await repository.get(OTHER, C1)] == ["en"]


async def test_a_later_transcript_takes_the_place_of_the_first(repository: Repository) -> None:
    await repository.upsert(CLINIC, a_transcript("c1"), a_transcript("c2"))
    later = replace(
        a_transcript("c1"),
        language="en",
        duration_seconds=9.5,
        channels=1,
        overlap_reliable=False,
        model="whisper-large@0",
        told_seconds=30.0,
        segments=a_transcript("c1").segments[:1],
    )
    await repository.upsert(CLINIC, later)

    assert await repository.get(CLINIC, C1, C2) == [later, a_transcript("c2")]


async def test_a_transcript_knows_when_it_was_made_and_the_row_by_which_execution(
    database: Database,
) -> None:
    async with database.pool("transcription_system") as pool:
        transcripts = PostgresTranscripts(everything(pool))
        before = datetime.now(UTC)
        for execution in (FIRST, SECOND):
            await transcripts.upsert_transcripts(pool, CLINIC, execution, [a_transcript("c1")])
            [stored] = await transcripts.get_transcripts(CLINIC, [C1], words=False)
            assert before < stored.created_at < datetime.now(UTC)
            before = stored.created_at

        assert await pool.fetchval("SELECT execution FROM transcripts") == SECOND


async def test_writes_of_a_transaction_that_fails_are_undone(database: Database) -> None:
    async with database.pool("transcription_system") as pool:
        transcripts = PostgresTranscripts(everything(pool))
        await transcripts.upsert_transcripts(pool, CLINIC, FIRST, [a_transcript("c1")])
        async with pool.acquire() as connection:
            with contextlib.suppress(ZeroDivisionError):
                async with connection.transaction():
                    await transcripts.delete_transcripts(connection, CLINIC, [C1])
                    await transcripts.upsert_transcripts(
                        connection, CLINIC, SECOND, [a_transcript("c2")]
                    )
                    raise ZeroDivisionError

        stored = await transcripts.get_transcripts(CLINIC, [C1, C2], words=True)

    assert [each.transcript for each in stored] == [a_transcript("c1")]


async def test_a_reader_for_users_sees_its_owners_only_and_writes_nothing(
    database: Database,
) -> None:
    async with database.pool("transcription_system") as pool:
        for owner in (CLINIC, OTHER):
            await PostgresTranscripts(everything(pool)).upsert_transcripts(
                pool, owner, FIRST, [a_transcript("c1")]
            )

    async with database.pool("transcription_app") as pool:
        transcripts = PostgresTranscripts(seen_by(pool))
        assert await transcripts.get_transcripts(CLINIC, [C1], words=True) == []
        all_of_them = PostgresTranscripts(everything(pool))
        assert len(await all_of_them.get_transcripts(CLINIC, [C1], words=True)) == 1
        async with seen_by(pool, "client:x", CLINIC)() as connection:
            seen = await connection.fetch("SELECT owner FROM transcripts")
            assert [row["owner"] for row in seen] == [CLINIC]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await transcripts.upsert_transcripts(pool, CLINIC, SECOND, [a_transcript("c1")])


async def test_even_the_owner_of_the_table_sees_no_transcripts(database: Database) -> None:
    async with database.pool("transcription_system") as pool:
        await PostgresTranscripts(everything(pool)).upsert_transcripts(
            pool, CLINIC, FIRST, [a_transcript("c1")]
        )

    async with database.pool("transcription_owner") as pool:
        assert (
            await PostgresTranscripts(everything(pool)).get_transcripts(CLINIC, [C1], words=True)
            == []
        )


async def test_who_took_which_is_listed_newest_first_and_seen_by_their_owner_alone(
    database: Database,
) -> None:
    async with (
        database.pool("transcription_system") as pool,
        database.pool("transcription_app") as readers,
    ):
        audit = PostgresTranscriptAudit(pool, everything(pool))
        for owner, call_id in ((CLINIC, C1), (OTHER, C1), (CLINIC, C2)):
            entry = AuditEntry(
                actor="anna",
                action=AuditAction.EXPORT_TRANSCRIPT,
                owner=owner,
                subject=call_id,
                detail="srt",
                at=datetime(2026, 3, 1, tzinfo=UTC),
            )
            await audit.insert_audit_entry(entry)

        listed = await audit.list_audit_entries(CLINIC, None, 10)
        assert [each.subject for each in listed] == [C2, C1]
        assert await audit.list_audit_entries(CLINIC, listed[0].number, 10) == listed[1:]
        theirs = PostgresTranscriptAudit(pool, seen_by(readers, OTHER))
        assert await theirs.list_audit_entries(CLINIC, None, 10) == []
        assert len(await theirs.list_audit_entries(OTHER, None, 10)) == 1
