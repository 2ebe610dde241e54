"""The use cases: list, get, search and count calls."""

from collections.abc import Sequence
from datetime import datetime

from services.call_sync.calls.domain import (
    CallFilter,
    CallNotFound,
    Facets,
    FoundCall,
    ListedCall,
    Position,
)
from services.call_sync.calls.ports import ListedCalls
from services.call_sync.domain import CallId
from services.kernel.paging import Page, moment, page_of, page_start, text
from services.status.domain import DateRange, Owner

PAGE_SIZE = 50
SEARCH_PAGE_SIZE = 20
_POSITION = (moment, text)


class Calls:
    """Calls as people look for them; each answer comes with when all was known that is in it."""

    def __init__(self, calls: ListedCalls) -> None:
        self._calls = calls

    async def list_calls(
        self,
        owner: Owner,
        call_filter: CallFilter,
        *,
        whole: bool,
        page_size: int,
        page_token: str,
    ) -> tuple[Page[ListedCall], int | None, datetime | None]:
        """Return a page of calls, the latest first, and with the first page how many there are.

        `whole`: the caller may see numbers whole. Raises InvalidInput for a token of another list.
        """
        page_size = page_size or PAGE_SIZE
        listing = f"ListCalls {owner} {call_filter_key(call_filter)}"
        before = page_start(listing, page_token, _POSITION, _position)
        found, total, as_of = await self._calls.list_calls(
            owner, call_filter, whole=whole, before=before, page_size=page_size + 1
        )
        return page_of(listing, found, page_size, _keys), total, as_of

    async def get_call(self, owner: Owner, call_id: CallId) -> tuple[ListedCall, datetime | None]:
        """Return a call; raises CallNotFound."""
        call, as_of = await self._calls.get_call(owner, call_id)
        if call is None:
            raise CallNotFound(f"call {call_id} is not known")
        return call, as_of

    async def search_calls(
        self,
        owner: Owner,
        query: str,
        call_filter: CallFilter,
        *,
        whole: bool,
        page_size: int,
        page_token: str,
    ) -> tuple[Page[FoundCall], datetime | None]:
        """Return a page of calls in which something was said, the latest first.

        Raises NothingToLookFor, InvalidInput for a token of another search.
        """
        page_size = page_size or SEARCH_PAGE_SIZE
        listing = f"SearchCalls {owner} {call_filter_key(call_filter)} {query}"
        before = page_start(listing, page_token, _POSITION, _position)
        found, as_of = await self._calls.search_calls(
            owner, query, call_filter, whole=whole, before=before, page_size=page_size + 1
        )
        return page_of(listing, found, page_size, lambda call: _keys(call.listed)), as_of

    async def get_call_facets(
        self, owner: Owner, days: DateRange
    ) -> tuple[Facets, datetime | None]:
        """Count the calls of days."""
        return await self._calls.get_call_facets(owner, days)


def call_filter_key(call_filter: CallFilter) -> str:
    """Return what tells filters apart, for page tokens."""
    fields: Sequence[str] = CallFilter.__slots__
    return "\0".join(str(getattr(call_filter, name)) for name in fields)


def _position(started_at: datetime, call_id: str) -> Position:
    return Position(started_at, CallId(call_id))


def _keys(listed: ListedCall) -> list[str]:
    facts = listed.call.facts
    return [facts.started_at.isoformat(), facts.call_id]
