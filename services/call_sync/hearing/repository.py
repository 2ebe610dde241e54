"""How recordings are heard, in Postgres."""

import asyncpg

from services.call_sync.hearing.domain import Rendition, Waveform
from services.kernel.postgres import load_queries
from services.recordings.domain import Recording

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
