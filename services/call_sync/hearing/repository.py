"""How recordings are heard, and who heard them, in Postgres."""

from datetime import datetime, timedelta

import asyncpg

from services.call_sync.domain import CallId
from services.call_sync.hearing.domain import Rendition, Waveform
from services.kernel.postgres import Reading, afresh, load_queries
from services.recordings.domain import Recording
from services.status.domain import AuditAction, AuditEntry, Owner

_QUERIES = load_queries(__file__)


class PostgresRenditions:
    """Implements RenditionRepository."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def get_rendition(self, sha256: str) -> Rendition | None:
        row = await _QUERIES.get_rendition(self._pool, sha256=sha256)
        if row is None:
            return None
        played = None
        if row["played_sha256"]:
            played = Recording(
                sha256=row["played_sha256"],
                size_bytes=row["played_size"],
                content_type=row["played_type"],
                file_name="",
            )
        waveform = None
        if row["peaks"]:
            waveform = Waveform(duration_seconds=row["duration_seconds"], peaks=tuple(row["peaks"]))
        return Rendition(played=played, waveform=waveform, fault=row["fault"])

    async def put_rendition(self, sha256: str, rendition: Rendition) -> None:
        played, waveform = rendition.played, rendition.waveform
        await _QUERIES.put_rendition(
            self._pool,
            sha256=sha256,
            fault=rendition.fault,
            played_sha256=played and played.sha256,
            played_size=played and played.size_bytes,
            played_type=played and played.content_type,
            duration_seconds=waveform.duration_seconds if waveform else 0,
            peaks=list(waveform.peaks) if waveform else [],
        )


class PostgresHearingAudit:
    """Implements HearingAudit; `reading` sees what whoever asks may see."""

    def __init__(self, pool: asyncpg.Pool, reading: Reading) -> None:
        self._pool = pool
        self._reading = reading

    async def keep_hearing(
        self, owner: Owner, call_id: CallId, actor: str, at: datetime, once: timedelta
    ) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            of = {"owner": owner, "actor": actor, "call_id": call_id}
            await _QUERIES.lock_hearing(connection, **of)
            await _QUERIES.keep_hearing(connection, **of, at=at, since=at - once)

    @afresh
    async def list_audit_entries(
        self, owner: Owner, before: int | None, page_size: int
    ) -> list[AuditEntry]:
        async with self._reading() as connection:
            rows = _QUERIES.list_audit_entries(
                connection, owner=owner, before=before, page_size=page_size
            )
            return [_audit_entry(row) async for row in rows]


def _audit_entry(row: asyncpg.Record) -> AuditEntry:
    return AuditEntry(
        actor=row["actor"],
        action=AuditAction(row["action"]),
        owner=row["owner"],
        subject=row["subject"],
        detail=row["detail"],
        at=row["at"],
        number=row["number"],
    )
