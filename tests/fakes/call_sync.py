"""Stand-ins for the ports of call_sync, and valid objects with defaults."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from services.call_sync.domain import Call, CallFacts, CallId, SourceInvalid
from services.call_sync.ports import Transaction
from services.recordings.domain import Fetched, Recording, RecordingNotFound
from services.recordings.store import ObjectRecordings, open_store
from services.status.domain import DateRange, ExecutionNumber, Owner
from tests.builders.call_sync import WAV, a_recording


async def register_nowhere(name: str) -> None:
    """Take the hash of a recording that no sweep will ever look for."""
    del name


def kept_at(
    url: str,
    max_bytes: int = 1_000_000,
    register: Callable[[str], Awaitable[None]] = register_nowhere,
) -> ObjectRecordings:
    """Return what keeps recordings in the store of an URL."""
    return ObjectRecordings(
        open_store(url),
        max_bytes=max_bytes,
        register=register,
        mend="run CALL_SYNC for its day in mode ALL",
    )


async def chunks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


class FakeCalls:
    """A CallRepository in memory; a transaction is whatever it is given."""

    def __init__(self) -> None:
        self.stored: dict[tuple[Owner, CallId], tuple[ExecutionNumber, Call]] = {}

    async def get_calls(self, owner: Owner, call_ids: Sequence[CallId]) -> list[Call]:
        return [self.stored[owner, i][1] for i in call_ids if (owner, i) in self.stored]

    async def upsert_calls(
        self, owner: Owner, execution: ExecutionNumber, calls: Sequence[CallFacts]
    ) -> None:
        for facts in calls:
            before, call = self.stored.get((owner, facts.call_id), (execution, None))
            if before <= execution:
                recording = call.recording if call else None
                call = Call(owner=owner, facts=facts, recording=recording)
                self.stored[owner, facts.call_id] = execution, call

    async def set_recordings(
        self, transaction: Transaction, owner: Owner, recordings: Sequence[tuple[CallId, Recording]]
    ) -> None:
        del transaction
        for call_id, recording in recordings:
            if (owner, call_id) in self.stored:
                execution, call = self.stored[owner, call_id]
                self.stored[owner, call_id] = execution, replace(call, recording=recording)

    async def clear_recordings(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        del transaction
        for call_id in call_ids:
            execution, call = self.stored[owner, call_id]
            self.stored[owner, call_id] = execution, replace(call, recording=None)

    async def delete_calls(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        del transaction
        for call_id in call_ids:
            self.stored.pop((owner, call_id), None)


class FakeSource:
    """A CallSource of the calls it is given; fetching raises `refusal` while it is set, rereading `away`, listing `unreadable`.

    Links in `hanging` never lead to anything.
    """

    def __init__(self, *calls: CallFacts) -> None:
        self.calls = {call.call_id: call for call in calls}
        self.refusal: Exception | None = None
        self.away: Exception | None = None
        self.unreadable: Exception | None = None
        self.hanging: frozenset[str] = frozenset()
        self.reread_ids: list[CallId] = []
        self.listings_closed = 0
        self.locations = ["here"]

    async def list_calls(
        self, location: str, days: DateRange, time_zone: str
    ) -> AsyncGenerator[Sequence[CallFacts], None]:
        del location, days, time_zone
        try:
            if self.unreadable:
                raise self.unreadable
            yield list(self.calls.values())
        finally:
            self.listings_closed += 1

    async def check(self, location: str) -> None:
        if location not in self.locations:
            raise SourceInvalid(f"source: there is no {location}")

    async def list_locations(self) -> Sequence[str]:
        return self.locations

    async def reread(
        self, location: str, call_ids: Sequence[CallId], time_zone: str
    ) -> Sequence[CallFacts]:
        del location, time_zone
        if self.away:
            raise self.away
        self.reread_ids += call_ids
        return [self.calls[call_id] for call_id in call_ids if call_id in self.calls]

    @asynccontextmanager
    async def fetch(self, location: str, link: str) -> AsyncIterator[Fetched]:
        del location
        if self.refusal:
            raise self.refusal
        if link in self.hanging:
            await asyncio.Event().wait()
        yield Fetched(file_name=link, chunks=chunks(WAV))


class FakeRecordings:
    """A RecordingStore in memory that takes everything for audio; raises `broken` when it is set."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.broken: Exception | None = None

    async def keep(self, fetched: Fetched) -> Recording:
        content = b"".join([chunk async for chunk in fetched.chunks])
        if self.broken:
            raise self.broken
        recording = replace(a_recording(content), file_name=fetched.file_name)
        self.kept[recording.sha256] = content
        return recording

    async def read(self, recording: Recording) -> AsyncIterator[bytes]:
        if self.broken:
            raise self.broken
        if recording.sha256 not in self.kept:
            raise RecordingNotFound("lost")
        yield self.kept[recording.sha256]

    async def delete(self, hashes: Sequence[str]) -> None:
        if self.broken:
            raise self.broken
        for name in hashes:
            self.kept.pop(name, None)
