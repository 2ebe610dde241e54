"""The ports of the use cases."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from services.call_sync.domain import Call, CallFacts, CallId
from services.recordings.domain import Fetched, Recording
from services.status.domain import DateRange, ExecutionNumber, Owner, Wait

Transaction = Any
"""An open transaction of the database; opaque to the core."""


class CallSource(Protocol):
    """Where calls come from; `location` is what a client's source names after its kind."""

    def list_calls(
        self, location: str, days: DateRange, time_zone: str
    ) -> AsyncGenerator[Sequence[CallFacts] | Wait, None]:
        """Yield everything that is listed of the days in pages, none twice, and what is waited for meanwhile.

        What cannot be read, or is another listing of a call, is among it and says so. Raises SourceRefused.
        """

    async def check(self, location: str) -> None:
        """Raise SourceInvalid where there is no such place, without asking it for calls."""

    async def list_locations(self) -> Sequence[str]:
        """Return places that there are, at most twenty; none where they cannot be told."""

    async def reread(
        self, location: str, call_ids: Sequence[CallId], time_zone: str
    ) -> Sequence[CallFacts]:
        """Return what the calls are by now, without those that are no longer there; raises SourceRefused."""

    def fetch(self, location: str, link: str) -> AbstractAsyncContextManager[Fetched]:
        """Open the recording that a call's `recording_link` names; raises NotFetched."""


class RecordingStore(Protocol):
    """Where recordings are kept under the hash of their content."""

    async def keep(self, fetched: Fetched) -> Recording:
        """Store the bytes, once for all calls that share them.

        Raises NotAudio, TooLarge, StoreUnavailable, and what the chunks raise.
        """

    def read(self, recording: Recording) -> AsyncIterator[bytes]:
        """Yield the bytes in pieces of at most 256 KiB; raises RecordingNotFound, StoreUnavailable."""

    async def delete(self, hashes: Sequence[str]) -> None:
        """Delete recordings by their SHA-256; those that are not there are no error. Raises StoreUnavailable."""


class CallRepository(Protocol):
    """Calls and the addresses of their recordings."""

    async def get_calls(self, owner: Owner, call_ids: Sequence[CallId]) -> list[Call]:
        """Return the calls that are known, in the order asked for."""

    async def upsert_calls(
        self, owner: Owner, execution: ExecutionNumber, calls: Sequence[CallFacts]
    ) -> None:
        """Store what a source lists; what a later execution has listed stays. Recordings stay as they are."""

    async def set_recordings(
        self, transaction: Transaction, owner: Owner, recordings: Sequence[tuple[CallId, Recording]]
    ) -> None:
        """Write where the recordings of calls are."""

    async def clear_recordings(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        """Note that calls have no recording any more; its bytes stay in their store."""

    async def delete_calls(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        """Forget calls; recordings, which others may share, stay in their store."""
