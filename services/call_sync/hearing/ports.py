"""What the use cases of hearing need from the outside."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from services.call_sync.domain import CallId
from services.call_sync.hearing.domain import Extent, Rendition
from services.recordings.domain import Fetched, Recording
from services.status.domain import AuditEntry, Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """What decoding a recording tells; `file` is what it was coded to, None where browsers play it as it is."""

    file: Path | None
    duration_seconds: float
    peaks: tuple[bytes, ...]


class Coder(Protocol):
    """Decodes recordings, and codes them again where browsers could not play them.

    Both raise CannotDecode, NotPlayable, TooLarge, and what the chunks raise.
    """

    async def look(self, chunks: AsyncIterator[bytes]) -> bool:
        """Tell whether browsers play a recording as it is, by its beginning."""

    def code(self, chunks: AsyncIterator[bytes]) -> AbstractAsyncContextManager[Coded]:
        """Decode all of a recording, and code it where browsers do not play it; the file is gone when the block ends."""


class PlayedStore(Protocol):
    """Where recordings are kept, and what was coded of them."""

    async def keep(self, fetched: Fetched) -> Recording:
        """Store bytes under their hash; raises StoreUnavailable, and what the chunks raise."""

    def read(self, recording: Recording, extent: Extent | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes, or a part of them; raises RecordingNotFound, StoreUnavailable."""

    async def has(self, recording: Recording) -> bool:
        """Tell whether all bytes of it are there; raises StoreUnavailable."""


class RenditionRepository(Protocol):
    """How recordings are heard, as far as that is known."""

    async def get_rendition(self, sha256: str) -> Rendition | None:
        """Return how a recording is heard."""

    async def put_rendition(self, sha256: str, rendition: Rendition) -> None:
        """Write how a recording is heard; one that was deleted meanwhile is left out, and a waveform that is known stays."""


class HearingAudit(Protocol):
    """Who heard what."""

    async def keep_hearing(
        self, owner: Owner, call_id: CallId, actor: str, at: datetime, once: timedelta
    ) -> None:
        """Keep that somebody hears a call, unless the same is kept of less than `once` ago."""

    async def list_audit_entries(
        self, owner: Owner, before: int | None, page_size: int
    ) -> list[AuditEntry]:
        """Return who heard recordings of an owner, newest first."""
