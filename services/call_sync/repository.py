"""Calls in Postgres, and which recordings the store was given for them."""

from collections.abc import Sequence
from datetime import timedelta

import asyncpg

from services.call_sync.domain import Call, CallFacts, CallId, Card, Direction
from services.call_sync.ports import Transaction
from services.kernel.postgres import Reading, afresh, load_queries
from services.kernel.strangers import storable
from services.recordings.domain import Recording
from services.recordings.repository import RecordingRegistry
from services.status.domain import ExecutionNumber, Owner

_QUERIES = load_queries(__file__)


class PostgresCalls:
    """Implements CallRepository; `reading` sees what whoever asks may see."""

    def __init__(self, pool: asyncpg.Pool, reading: Reading) -> None:
        self._pool = pool
        self._reading = reading

    @afresh
    async def get_calls(self, owner: Owner, call_ids: Sequence[CallId]) -> list[Call]:
        async with self._reading() as connection:
            rows = _QUERIES.get_calls(connection, owner=owner, call_ids=call_ids)
            return [call_of(row) async for row in rows]

    async def upsert_calls(
        self, owner: Owner, execution: ExecutionNumber, calls: Sequence[CallFacts]
    ) -> None:
        await _QUERIES.upsert_calls(
            self._pool,
            owner=owner,
            execution=execution,
            call_ids=[call.call_id for call in calls],
            days=[call.day for call in calls],
            started_at=[call.started_at for call in calls],
            directions=[call.direction.value for call in calls],
            durations=[call.duration_seconds for call in calls],
            employees=[storable(call.employee) for call in calls],
            contacts=[storable(call.contact) for call in calls],
            answered=[call.answered for call in calls],
            links=[call.recording_link and storable(call.recording_link) for call in calls],
            merged_into=[call.merged_into for call in calls],
            faults=[storable(call.fault) for call in calls],
            languages=[call.language for call in calls],
            card_kinds=[call.card and call.card.kind for call in calls],
            card_ids=[call.card and call.card.card_id for call in calls],
            card_links=[call.card and call.card.link for call in calls],
        )

    async def set_recordings(
        self, transaction: Transaction, owner: Owner, recordings: Sequence[tuple[CallId, Recording]]
    ) -> None:
        await _QUERIES.set_recordings(
            transaction,
            owner=owner,
            call_ids=[call_id for call_id, _ in recordings],
            hashes=[recording.sha256 for _, recording in recordings],
            sizes=[recording.size_bytes for _, recording in recordings],
            content_types=[recording.content_type for _, recording in recordings],
            file_names=[recording.file_name for _, recording in recordings],
        )

    async def clear_recordings(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        await _QUERIES.clear_recordings(transaction, owner=owner, call_ids=call_ids)

    async def delete_calls(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        await _QUERIES.delete_calls(transaction, owner=owner, call_ids=call_ids)


def recording_registry(pool: asyncpg.Pool, grace: timedelta) -> RecordingRegistry:
    """Return the registry of what the store holds; a recording that no call has is kept for `grace` at the least."""
    return RecordingRegistry(pool, _QUERIES, grace)


def call_of(row: asyncpg.Record) -> Call:
    """Return the call that a row of calls holds."""
    return Call(
        owner=Owner(row["owner"]),
        facts=CallFacts(
            call_id=CallId(row["call_id"]),
            day=row["day"],
            started_at=row["started_at"],
            direction=Direction(row["direction"]),
            duration_seconds=row["duration_seconds"],
            employee=row["employee"],
            contact=row["contact"],
            answered=row["answered"],
            recording_link=row["recording_link"],
            merged_into=row["merged_into"],
            fault=row["fault"],
            language=row["language"],
            card=_card(row),
        ),
        recording=_recording(row),
    )


def _card(row: asyncpg.Record) -> Card | None:
    if row["card_kind"] is None:
        return None
    return Card(kind=row["card_kind"], card_id=row["card_id"], link=row["card_link"])


def _recording(row: asyncpg.Record) -> Recording | None:
    if row["recording_sha256"] is None:
        return None
    return Recording(
        sha256=row["recording_sha256"],
        size_bytes=row["recording_size_bytes"],
        content_type=row["recording_content_type"],
        file_name=row["recording_file_name"],
    )
