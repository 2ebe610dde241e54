"""Pages of what one account has: users, events, notes."""

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from typing import NoReturn

import structlog

from services.call_sync.accounts.domain import AccountId
from services.call_sync.adapters.amocrm.answer import Query
from services.call_sync.adapters.amocrm.client import AmoClient, TooMuchAsked
from services.call_sync.adapters.amocrm.parsing import (
    CallNote,
    Json,
    call_note,
    embedded,
    next_link,
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


class Reader:
    """Reads one account; every method raises SourceRefused, and TooMuchAsked where it says so."""

    def __init__(self, client: AmoClient, account_id: AccountId) -> None:
        self._client = client
        self.account_id = account_id

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
        return names

    def notes(self, entity: str, query: Query) -> AsyncGenerator[list[Json], None]:
        """Yield pages of the notes of one entity; raises TooMuchAsked."""
        return self.pages(f"{entity}/notes", query, "notes", optional=entity == _OPTIONAL)

    async def notes_by_ids(self, entity: str, ids: Sequence[int]) -> list[CallNote]:
        """Return the call notes of one entity by at most IDS ids; those that are gone are left out."""
        query: Query = [*(("filter[id][]", each) for each in ids), ("limit", len(ids))]
        try:
            body = await self._client.get(
                self.account_id, f"{entity}/notes", query, optional=entity == _OPTIONAL
            )
            return list(call_notes(embedded(body or {}, "notes")))
        except TooMuchAsked as error:
            if len(ids) == 1:
                give_up(error)
        half = len(ids) // 2
        first = await self.notes_by_ids(entity, ids[:half])
        return [*first, *await self.notes_by_ids(entity, ids[half:])]

    async def pages(
        self, path: str, query: Query, key: str, *, optional: bool = False
    ) -> AsyncGenerator[list[Json], None]:
        """Yield the objects of all pages; begins once more when a page that was promised is not there.

        Raises TooMuchAsked; `optional` is what an account may lack.
        """
        for last in (False, True):
            target, asked = path, query
            for number in range(_MAX_PAGES):
                body = await self._client.get(
                    self.account_id, target, asked, optional=optional and not number
                )
                if body is None and number and not last:
                    log.info("pages_shifted", account_id=self.account_id, path=path)
                    break
                yield embedded(body or {}, key)
                following = next_link(body or {})
                if following is None:
                    return
                target, asked = following, ()
            else:
                raise SourceUnavailable(
                    f"account {self.account_id}: {path} does not end after {_MAX_PAGES} pages"
                )


def call_notes(page: Iterable[Json]) -> Iterator[CallNote]:
    """Yield the notes of a page that are about calls."""
    return filter(None, map(call_note, page))


def give_up(error: TooMuchAsked) -> NoReturn:
    """Raise SourceUnavailable with a text that says that the account is too slow."""
    raise SourceUnavailable(f"{error}, though little was asked for; try again later") from error
