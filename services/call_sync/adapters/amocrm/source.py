"""AmoCRM as a source of calls."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from datetime import tzinfo

from services.call_sync.accounts.domain import AccountId
from services.call_sync.adapters.amocrm.client import AmoClient
from services.call_sync.adapters.amocrm.duplicates import Listed
from services.call_sync.adapters.amocrm.listing import RangeListing
from services.call_sync.adapters.amocrm.parsing import ENTITIES, CallNote, call_facts, note_id
from services.call_sync.adapters.amocrm.reader import IDS, Reader
from services.call_sync.domain import CallFacts, CallId, SourceRefused, SourceWaits, client_zone
from services.kernel.clock import utc_now
from services.kernel.fetch.fetcher import OriginCredentials
from services.recordings.domain import Fetched, FetchFailed
from services.recordings.download import Downloads
from services.status.domain import DateRange

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
    ) -> AsyncGenerator[Sequence[CallFacts], None]:
        """Yield the calls of the days; a call that two notes are about is yielded once."""
        zone = client_zone(time_zone)
        reader = Reader(self._client, AccountId(location))
        listing, listed = RangeListing(reader, days, zone), Listed()
        names = await reader.user_names()
        async with contextlib.aclosing(_all_notes(listing, listed)) as groups:
            async for notes in groups:
                taken = [note for note in notes if listed.take(note)]
                calls = list(_calls(taken, zone, names))
                for start in range(0, len(calls), _PAGE):
                    yield calls[start : start + _PAGE]

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
        zone = client_zone(time_zone)
        reader = Reader(self._client, AccountId(location))
        missing = {number for number in map(note_id, call_ids) if number}
        found: list[CallNote] = []
        for entity in ENTITIES.values():
            note_ids = sorted(missing)
            for start in range(0, len(note_ids), IDS):
                found += await reader.notes_by_ids(entity, note_ids[start : start + IDS])
            missing -= {note.note_id for note in found}
        return list(_calls(found, zone, await reader.user_names() if found else {}))

    @contextlib.asynccontextmanager
    async def fetch(self, location: str, link: str) -> AsyncIterator[Fetched]:
        """Open a recording at its telephony host; the account's token is for links to the account alone."""
        credentials = await self._credentials(location, link)
        async with self._downloads.fetch(link, credentials=credentials) as fetched:
            yield fetched

    async def _credentials(self, location: str, link: str) -> OriginCredentials | None:
        try:
            return await self._client.credentials_for(AccountId(location), link)
        except SourceWaits as error:
            raise FetchFailed(
                str(error), retry_after=error.until_at - utc_now(), wait_reason=error.wait_reason
            ) from error
        except SourceRefused as error:
            raise FetchFailed(str(error)) from error


async def _all_notes(listing: RangeListing, listed: Listed) -> AsyncGenerator[list[CallNote], None]:
    async with contextlib.aclosing(listing.by_events()) as groups:
        async for group in groups:
            yield group
    yield await listing.by_update(listed.__contains__)


def _calls(
    notes: Iterable[CallNote], zone: tzinfo, names: Mapping[str, str]
) -> Iterable[CallFacts]:
    return (call_facts(note, zone, names) for note in notes)
