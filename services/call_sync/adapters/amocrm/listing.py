"""The calls of a range as AmoCRM lists them: by events, and by notes that were written since."""

from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import replace
from datetime import date, datetime, time, timedelta, tzinfo
from functools import partial

import structlog

from services.call_sync.adapters.amocrm.answer import Query
from services.call_sync.adapters.amocrm.client import TooMuchAsked
from services.call_sync.adapters.amocrm.ordered import in_order
from services.call_sync.adapters.amocrm.parsing import (
    ENTITIES,
    CallNote,
    event_time,
    note_references,
    unread_event,
)
from services.call_sync.adapters.amocrm.reader import (
    IDS,
    LEAST_PAGE,
    NOTES,
    Reader,
    give_up,
)
from services.call_sync.domain import CallId
from services.status.domain import DateRange

log = structlog.get_logger()

EVENTS = 100
"""AmoCRM gives no more events a page."""

_AHEAD = 4
"""Requests under way together: enough to fill the rate in spite of slow answers."""
_GATHER = 500
"""Events whose notes are asked for together, so that batches are full."""
_LEAST_WINDOW_SECONDS = 1800
_CALL_TYPES = (("filter[note_type][]", "call_in"), ("filter[note_type][]", "call_out"))

Window = tuple[int, int]
"""From and to, both inclusive, in seconds since 1970."""
Reference = tuple[str, int]
"""The entity that a note hangs on, and the note's id."""


class _NotNarrowed(Exception):
    """Events of other times came: this account does not understand the range as it was written."""


class RangeListing:
    """Reads what one account has about the calls of a range of days; every method raises SourceRefused."""

    def __init__(self, reader: Reader, days: DateRange) -> None:
        self._reader = reader
        zone = reader.reading.zone
        self._windows: list[Window] = [
            (_second(day, zone), _second(day + timedelta(1), zone) - 1) for day in days.days
        ]
        self._from, self._to = self._windows[0][0], self._windows[-1][1]
        self._unread: dict[CallId, CallNote] = {}
        self._comma = False
        """Whether a range of events is written `from,to`, as it once was everywhere."""

    async def by_events(self) -> AsyncGenerator[list[CallNote], None]:
        """Yield the notes that events of the range name, in groups, each in the order of ids."""
        gathered: dict[Reference, None] = {}
        works = [partial(self._events, window) for window in self._windows]
        async with aclosing(in_order(works, _AHEAD)) as days:
            async for references in days:
                gathered |= dict.fromkeys(references)
                if len(gathered) >= _GATHER:
                    yield await self._notes(gathered)
                    gathered = {}
        if gathered:
            yield await self._notes(gathered)

    def unread(self) -> list[CallNote]:
        """Return the calls of events that name no note which could be asked for; it may have come by its update."""
        return [note for note in self._unread.values() if self._holds(note)]

    async def by_update(self, known: Callable[[CallId], bool]) -> list[CallNote]:
        """Return notes of the range that are not `known`, in the order of ids: events come late, and some never.

        A note may be written or edited long after its call, so the time of its update has no upper bound.
        """
        works = [partial(self._updated, entity, known) for entity in ENTITIES.values()]
        async with aclosing(in_order(works, _AHEAD)) as entities:
            notes = [note async for entity in entities for note in entity]
        return sorted(notes, key=lambda note: note.note_id)

    async def _notes(self, references: Iterable[Reference]) -> list[CallNote]:
        by_entity: defaultdict[str, list[int]] = defaultdict(list)
        for entity, note_id in references:
            by_entity[entity].append(note_id)
        works = [
            partial(self._reader.notes_by_ids, entity, ids[start : start + IDS])
            for entity, ids in by_entity.items()
            for start in range(0, len(ids), IDS)
        ]
        async with aclosing(in_order(works, _AHEAD)) as batches:
            found = [note async for batch in batches for note in batch]
        gone = sum(map(len, by_entity.values())) - len(found)
        if gone:
            log.info("notes_gone", account_id=self._reader.account_id, notes=gone)
        # Of a note without a time, the event tells that it is of the range.
        placed = (
            note if note.is_dated else replace(note, created_at=self._reader.reading.otherwise)
            for note in found
        )
        notes = [note for note in placed if self._holds(note)]
        return sorted(notes, key=lambda note: note.note_id)

    async def _events(self, window: Window, limit: int = EVENTS) -> list[Reference]:
        """Return the notes that events of a window name; the window is split where AmoCRM has no time for it."""
        start, end = window
        try:
            return [reference async for reference in self._window(window, limit)]
        except _NotNarrowed:
            log.warning("events_not_narrowed", account_id=self._reader.account_id)
            self._comma = True
            return await self._events(window, limit)
        except TooMuchAsked as error:
            if limit > LEAST_PAGE:
                return await self._events(window, limit // 2)
            if end - start < _LEAST_WINDOW_SECONDS:
                give_up(error)
        middle = (start + end) // 2
        first = await self._events((start, middle))
        return [*first, *await self._events((middle + 1, end))]

    async def _window(self, window: Window, limit: int) -> AsyncIterator[Reference]:
        start, end = window
        comma = self._comma
        created: Query = (
            [("filter[created_at]", f"{start},{end}")]
            if comma
            else [("filter[created_at][from]", start), ("filter[created_at][to]", end)]
        )
        query: Query = [("filter[type]", "incoming_call,outgoing_call"), *created, ("limit", limit)]
        async for page in self._reader.pages("events", query, "events"):
            for event in page:
                if not comma and not start <= event_time(event, start) < end + 1:
                    raise _NotNarrowed
                references = list(note_references(event))
                for entity, note_id in references or [("", 0)]:
                    if entity:
                        yield entity, note_id
                    elif unread := unread_event(event, self._reader.reading, note_id):
                        self._unread[unread.call_id] = unread

    async def _updated(self, entity: str, known: Callable[[CallId], bool]) -> list[CallNote]:
        """Return notes of the range that were updated since it began, the oldest update first."""
        found: dict[CallId, CallNote] = {}
        since, limit = self._from, NOTES
        while True:
            query: Query = [
                *_CALL_TYPES,
                ("filter[updated_at][from]", since),
                ("order[updated_at]", "asc"),
                ("limit", limit),
            ]
            try:
                async for page in self._reader.notes(entity, query):
                    for note in self._reader.call_notes(entity, page):
                        since = max(since, note.updated_at)
                        if self._holds(note) and not known(note.call_id):
                            found[note.call_id] = note
            except TooMuchAsked as error:
                if limit <= LEAST_PAGE:
                    give_up(error)
                limit //= 2
            else:
                return list(found.values())

    def _holds(self, note: CallNote) -> bool:
        return self._from <= note.created_at.timestamp() < self._to + 1


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return the first moment of a day."""
    return datetime.combine(day, time(), zone)


def _second(day: date, zone: tzinfo) -> int:
    return int(midnight(day, zone).timestamp())
