"""AmoCRM as a source of calls."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from urllib.parse import urljoin

from services.call_sync.accounts.domain import AccountId
from services.call_sync.adapters.amocrm.client import AmoClient
from services.call_sync.adapters.amocrm.duplicates import Listed
from services.call_sync.adapters.amocrm.listing import RangeListing, midnight
from services.call_sync.adapters.amocrm.parsing import (
    ENTITIES,
    CallNote,
    Reading,
    call_facts,
    note_id,
)
from services.call_sync.adapters.amocrm.reader import IDS, Reader
from services.call_sync.domain import CallFacts, CallId, SourceRefused, SourceWaits, client_zone
from services.kernel.clock import utc_now
from services.kernel.fetch.fetcher import OriginCredentials
from services.kernel.tasks import cancel
from services.recordings.domain import Fetched, FetchFailed
from services.recordings.download import Downloads
from services.status.domain import DateRange, Wait

_PAGE = 500
_MOST_NAMED = 20
"""Accounts that are named to who asks for one that is not there."""


class AmoSource:
    """Implements CallSource; a location is the id of an account."""

    def __init__(self, client: AmoClient, downloads: Downloads) -> None:
        self._client = client
        self._downloads = downloads

    async def list_calls(
        self, location: str, days: DateRange, time_zone: str
    ) -> AsyncGenerator[Sequence[CallFacts] | Wait, None]:
        """Yield every note about a call of the days, one merged into another that is about the same call."""
        zone = client_zone(time_zone)
        waits: asyncio.Queue[Wait] = asyncio.Queue()
        reading = Reading(zone=zone, now=utc_now(), otherwise=midnight(days.start, zone))
        reader = Reader(self._client, AccountId(location), reading, waits.put_nowait)
        home = await self._client.home(AccountId(location))
        async with (
            contextlib.aclosing(_pages(reader, days, zone, home)) as pages,
            contextlib.aclosing(_with_waits(pages, waits)) as both,
        ):
            async for each in both:
                yield each

    async def check(self, location: str) -> None:
        """Look whether there is such an account; it is not asked."""
        await self._client.require_account(AccountId(location))

    async def list_locations(self) -> Sequence[str]:
        """Return the ids of accounts."""
        return await self._client.list_accounts(_MOST_NAMED)

    async def reread(
        self, location: str, call_ids: Sequence[CallId], time_zone: str
    ) -> Sequence[CallFacts]:
        """Read notes anew. An id does not tell the entity of its note, so each entity is asked until all are found."""
        zone, now = client_zone(time_zone), utc_now()
        reading = Reading(zone=zone, now=now, otherwise=now)
        reader = Reader(self._client, AccountId(location), reading)
        missing = {number for number in map(note_id, call_ids) if number}
        found: list[CallNote] = []
        for entity in ENTITIES.values():
            note_ids = sorted(missing)
            for start in range(0, len(note_ids), IDS):
                found += await reader.notes_by_ids(entity, note_ids[start : start + IDS])
            missing -= {note.note_id for note in found}
        readable = [note for note in found if not note.fault]
        if not readable:
            return []
        home = await self._client.home(AccountId(location))
        return list(_calls(readable, zone, await reader.user_names(), home))

    @contextlib.asynccontextmanager
    async def fetch(self, location: str, link: str) -> AsyncIterator[Fetched]:
        """Open a recording at its telephony host; the account's token is for links to the account alone.

        A link without a scheme, or without a host, stood on a page of the account.
        """
        if link.startswith("/"):
            with _fetch_failed():
                link = urljoin(f"{await self._client.home(AccountId(location))}/", link)
        credentials = await self._credentials(location, link)
        async with self._downloads.fetch(link, credentials=credentials) as fetched:
            yield fetched

    async def _credentials(self, location: str, link: str) -> OriginCredentials | None:
        with _fetch_failed():
            return await self._client.credentials_for(AccountId(location), link)


@contextlib.contextmanager
def _fetch_failed() -> Iterator[None]:
    try:
        yield
    except SourceWaits as error:
        raise FetchFailed(
            str(error), retry_after=error.until_at - utc_now(), wait_reason=error.wait_reason
        ) from error
    except SourceRefused as error:
        raise FetchFailed(str(error)) from error


async def _pages(
    reader: Reader, days: DateRange, zone: tzinfo, home: str
) -> AsyncGenerator[Sequence[CallFacts], None]:
    listing, listed = RangeListing(reader, days), Listed()
    names = await reader.user_names()
    async with contextlib.aclosing(_all_notes(listing, listed)) as groups:
        async for notes in groups:
            taken = filter(None, map(listed.take, notes))
            calls = list(_calls(taken, zone, names, home))
            for start in range(0, len(calls), _PAGE):
                yield calls[start : start + _PAGE]


async def _with_waits(
    pages: AsyncGenerator[Sequence[CallFacts], None], waits: asyncio.Queue[Wait]
) -> AsyncGenerator[Sequence[CallFacts] | Wait, None]:
    """Yield pages, and between them what is waited for until the next one comes."""
    told = asyncio.create_task(waits.get())
    page: asyncio.Task[Sequence[CallFacts] | None] | None = None
    try:
        while True:
            page = page or asyncio.create_task(_next(pages))
            await asyncio.wait({page, told}, return_when=asyncio.FIRST_COMPLETED)
            if told.done():
                yield told.result()
                told = asyncio.create_task(waits.get())
            if page.done():
                found = page.result()
                page = None
                if found is None:
                    return
                yield found
    finally:
        await cancel(told, *([page] if page else []))


async def _next(pages: AsyncGenerator[Sequence[CallFacts], None]) -> Sequence[CallFacts] | None:
    return await anext(pages, None)


async def _all_notes(listing: RangeListing, listed: Listed) -> AsyncGenerator[list[CallNote], None]:
    async with contextlib.aclosing(listing.by_events()) as groups:
        async for group in groups:
            yield group
    yield await listing.by_update(listed.__contains__)
    yield listing.unread()


def _calls(
    notes: Iterable[CallNote], zone: tzinfo, names: Mapping[str, str], home: str
) -> Iterable[CallFacts]:
    return (call_facts(note, zone, names, home) for note in notes)
