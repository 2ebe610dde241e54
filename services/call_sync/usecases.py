"""The use cases: list calls and fetch recordings for the stage, hand both out to the stages after it."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta

from services.call_sync.domain import (
    Call,
    CallFacts,
    CallId,
    SourceInvalid,
    SourceWaits,
    source_address,
)
from services.call_sync.ports import (
    CallRepository,
    CallSource,
    RecordingStore,
    Transaction,
)
from services.kernel.clock import utc_now
from services.recordings.domain import Recording, RecordingNotFound
from services.status.domain import DateRange, ExecutionNumber, Owner, SettingFault, Wait

_PATIENCE = timedelta(seconds=5)
"""How long somebody who looks on is kept waiting for a source."""


class CallSync:
    """Calls of all owners; `sources` are the kinds of source by the name that addresses use."""

    def __init__(
        self,
        calls: CallRepository,
        recordings: RecordingStore,
        sources: Mapping[str, CallSource],
    ) -> None:
        self._calls = calls
        self._recordings = recordings
        self._sources = sources

    async def list_calls(
        self,
        *,
        owner: Owner,
        execution: ExecutionNumber,
        source: str,
        days: DateRange,
        time_zone: str,
    ) -> AsyncGenerator[Sequence[CallFacts] | Wait, None]:
        """Yield what is listed of the days in pages, each stored before it is seen, and waits; raises SourceRefused."""
        at, location = self._source(source)
        async with aclosing(at.list_calls(location, days, time_zone)) as pages:
            async for page in pages:
                if not isinstance(page, Wait):
                    await self._calls.upsert_calls(owner, execution, page)
                yield page

    async def check_source(self, source: str) -> SettingFault | None:
        """Return why no calls can ever be listed of a source; None where they may."""
        try:
            at, location = self._source(source)
        except SourceInvalid as error:
            return _fault(error, ())
        try:
            await at.check(location)
        except SourceInvalid as error:
            return _fault(error, await at.list_locations())
        return None

    async def preview_calls(
        self, *, source: str, days: DateRange, time_zone: str
    ) -> AsyncGenerator[Sequence[CallFacts], None]:
        """Yield the calls of the days in pages, each of them once, and store none; raises SourceRefused."""
        at, location = self._source(source)
        async with aclosing(at.list_calls(location, days, time_zone)) as pages:
            async for page in pages:
                if isinstance(page, Wait):
                    _wait_a_moment(page)
                else:
                    yield [call for call in page if call.merged_into is None]

    async def reread_calls(
        self,
        *,
        owner: Owner,
        execution: ExecutionNumber,
        source: str,
        call_ids: Sequence[CallId],
        time_zone: str,
    ) -> Sequence[CallFacts]:
        """Store and return what the source says of calls by now; calls it no longer has stay stored. Raises SourceRefused."""
        at, location = self._source(source)
        calls = await at.reread(location, call_ids, time_zone)
        await self._calls.upsert_calls(owner, execution, calls)
        return calls

    async def fetch_recording(self, source: str, link: str) -> Recording:
        """Bring a recording from its source into the store; raises NotFetched, StoreUnavailable."""
        at, location = self._source(source)
        async with at.fetch(location, link) as fetched:
            return await self._recordings.keep(fetched)

    async def set_recordings(
        self, transaction: Transaction, owner: Owner, recordings: Sequence[tuple[CallId, Recording]]
    ) -> None:
        """Write where the recordings of calls are."""
        await self._calls.set_recordings(transaction, owner, recordings)

    async def clear_recordings(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        """Note that calls have no recording any more."""
        await self._calls.clear_recordings(transaction, owner, call_ids)

    async def delete_calls(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        """Forget calls that their source no longer lists."""
        await self._calls.delete_calls(transaction, owner, call_ids)

    async def get_calls(self, owner: Owner, call_ids: Sequence[CallId]) -> list[Call]:
        """Return the calls that are known, in the order asked for."""
        return await self._calls.get_calls(owner, call_ids)

    async def read_recording(
        self, owner: Owner, call_id: CallId
    ) -> tuple[CallFacts, Recording, AsyncIterator[bytes]]:
        """Return a call, what is kept of it, and the bytes.

        Raises RecordingNotFound, the bytes StoreUnavailable too.
        """
        found = await self._calls.get_calls(owner, [call_id])
        if not found:
            raise RecordingNotFound(f"call {call_id} is not known")
        recording = found[0].recording
        if recording is None:
            raise RecordingNotFound(f"call {call_id} has no recording")
        return found[0].facts, recording, self._recordings.read(recording)

    def _source(self, source: str) -> tuple[CallSource, str]:
        address = source_address(source)
        if address.kind not in self._sources:
            kinds = ", ".join(sorted(self._sources))
            raise SourceInvalid(
                f"source: {address.kind!r} is no kind of source, there are: {kinds}"
            )
        return self._sources[address.kind], address.location


def _fault(error: SourceInvalid, known: Sequence[str]) -> SettingFault:
    return SettingFault(
        field="source", message=str(error).removeprefix("source: "), known=tuple(known)
    )


def _wait_a_moment(wait: Wait) -> None:
    """Let somebody who looks on wait, but not for long; raises SourceWaits."""
    if wait.until_at and wait.until_at - utc_now() > _PATIENCE:
        text = f"the source asks to come back at {wait.until_at:%H:%M:%S} UTC"
        raise SourceWaits(text, wait.reason, wait.until_at)
