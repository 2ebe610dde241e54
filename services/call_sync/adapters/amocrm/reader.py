"""Pages of what one account has: users, events, notes."""

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, NoReturn

import structlog

from services.call_sync.accounts.domain import AccountId
from services.call_sync.adapters.amocrm.answer import Query
from services.call_sync.adapters.amocrm.client import AmoClient, TooMuchAsked
from services.call_sync.adapters.amocrm.limiter import Told
from services.call_sync.adapters.amocrm.parsing import (
    CallNote,
    Reading,
    call_note,
    embedded,
    next_query,
    user_names,
)
from services.call_sync.domain import SourceUnavailable

log = structlog.get_logger()

NOTES = 250
"""AmoCRM gives no more notes, nor users, a page."""
IDS = 100
"""Ids in one request; more make an address that proxies refuse."""
LEAST_PAGE = 10
"""An account that cannot gather so few objects in time is given up."""

_OPTIONAL = "customers"
"""Many accounts do not have this part."""
_MAX_PAGES = 10_000
_MOST_STALE = 10
"""Pages one after another that bring nothing new: whoever lists so never ends."""


class Reader:
    """Reads one account; every method raises SourceRefused, and TooMuchAsked where it says so."""

    def __init__(
        self,
        client: AmoClient,
        account_id: AccountId,
        reading: Reading,
        told: Told | None = None,
    ) -> None:
        self._client = client
        self.account_id = account_id
        self.reading = reading
        self._told = told

    async def user_names(self, limit: int = NOTES) -> dict[str, str]:
        """Return the names of the users by id; it is empty where the token may not read them."""
        names: dict[str, str] = {}
        try:
            async for page in self.pages("users", [("limit", limit)], "users", optional=True):
                names |= user_names(page)
        except TooMuchAsked as error:
            if limit <= LEAST_PAGE:
                give_up(error)
            return await self.user_names(limit // 2)
        except Endless as error:  # names are not worth a run
            log.warning("users_do_not_end", account_id=self.account_id, error=str(error))
        return names

    def notes(self, entity: str, query: Query) -> AsyncGenerator[list[Any], None]:
        """Yield pages of the notes of one entity; raises TooMuchAsked."""
        return self.pages(f"{entity}/notes", query, "notes", optional=entity == _OPTIONAL)

    async def notes_by_ids(self, entity: str, ids: Sequence[int]) -> list[CallNote]:
        """Return the call notes of one entity by at most IDS ids; those that are gone are left out."""
        query: Query = [*(("filter[id][]", each) for each in ids), ("limit", len(ids))]
        try:
            async with aclosing(self.notes(entity, query)) as pages:
                found = [
                    note
                    async for page in pages
                    for raw in page
                    if (note := call_note(raw, self.reading, surely=True))
                ]
            found = [replace(note, entity=entity) for note in found]
            return [note for note in found if note.note_id in ids or not note.note_id]
        except TooMuchAsked as error:
            if len(ids) == 1:
                give_up(error)
        half = len(ids) // 2
        first = await self.notes_by_ids(entity, ids[:half])
        return [*first, *await self.notes_by_ids(entity, ids[half:])]

    def call_notes(self, entity: str, page: Iterable[Any]) -> Iterator[CallNote]:
        """Yield the notes of a page of one entity that are about calls."""
        for raw in page:
            if note := call_note(raw, self.reading):
                yield replace(note, entity=entity)

    async def pages(
        self, path: str, query: Query, key: str, *, optional: bool = False
    ) -> AsyncGenerator[list[Any], None]:
        """Yield the entries of all pages; begins once more when a page that was promised is not there.

        Raises TooMuchAsked, and Endless where the pages lead in a circle or on for ever; `optional` is what an account
        may lack.
        """
        for last in (False, True):
            asked = [(name, str(value)) for name, value in query]
            before, known, stale = set[Query](), set[str](), 0
            for number in range(_MAX_PAGES):
                if (this := tuple(sorted(asked))) in before:
                    raise self._endless(path, f"page {number} names one before it as the next")
                before.add(this)
                body = await self._client.get(
                    self.account_id,
                    path,
                    asked,
                    page_of=key,
                    optional=optional and not number,
                    told=self._told,
                )
                if body is None and number and not last:
                    log.info("pages_shifted", account_id=self.account_id, path=path)
                    break
                entries = embedded(body, key) if body else []
                fresh = {_identity(entry) for entry in entries} - known
                known |= fresh
                yield entries
                following = next_query(body) if body else None
                if following is None:
                    return
                stale = 0 if fresh else stale + 1
                if stale == _MOST_STALE:
                    raise self._endless(path, f"{stale} pages one after another bring nothing new")
                names = {name for name, _ in following}
                asked = [(n, v) for n, v in asked if n not in names] + list(following)
            else:
                raise self._endless(path, f"there are more than {_MAX_PAGES} pages")

    def _endless(self, path: str, why: str) -> "Endless":
        return Endless(f"account {self.account_id}: the list {path} has no end ({why})")


class Endless(SourceUnavailable):
    """A list of an account leads on and on."""


def _identity(entry: Any) -> str:
    """Return what tells an entry from others."""
    found = entry.get("id") if isinstance(entry, dict) else None
    return str(found or entry)


def give_up(error: TooMuchAsked) -> NoReturn:
    """Raise SourceUnavailable with a text that says that the account is too slow."""
    raise SourceUnavailable(f"{error}, though little was asked for; try again later") from error
