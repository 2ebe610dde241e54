"""Answers of AmoCRM, read leniently, since integrations fill notes as they please. Pure functions.

What cannot be read is never left out: a note keeps what is wrong with it as its fault.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from services.call_sync import spellings
from services.call_sync.domain import CallFacts, CallId, Card, Direction
from services.call_sync.spellings import Unreadable

T = TypeVar("T")

ENTITIES = {
    "lead": "leads",
    "contact": "contacts",
    "company": "companies",
    "customer": "customers",
}
"""The kinds of entity that have notes: the name in events, and the name in addresses."""
CALL_EVENTS = ("incoming_call", "outgoing_call")

_DIRECTIONS = {
    **dict.fromkeys(("call_in", "incoming_call", "10"), Direction.INCOMING),
    **dict.fromkeys(("call_out", "outgoing_call", "11"), Direction.OUTGOING),
}
_NOT_REACHED = frozenset({3, 5, 6, 7})
"""The `call_status` of calls without a conversation: absent, wrong number, not reached, busy."""
_NO_UNIQ = frozenset({"0", "null", "none", "undefined", "nan", "-"})
_ID = "amocrm-"
_MAX_TEXT = 200
_MAX_FAULT = 500
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""No account is older, so no call is."""
_AHEAD = timedelta(days=1)
"""How far a clock may be ahead."""

Json = Mapping[str, Any]
Query = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNote:
    """A note about a call; `spoke` are the users who may have spoken, by id or name, the likeliest first.

    `note_id` is 0 where it cannot be read; `entity_id` is what the note hangs on, `entity` its kind as addresses name it.
    `fault` says what cannot be read that a call cannot do without; `is_dated` tells whether `created_at` is its time, and
    not the best that is known of it. `merged_into` is the call that it is another note of.
    """

    call_id: CallId
    note_id: int
    entity_id: int | None
    created_at: datetime
    updated_at: int
    direction: Direction
    duration_seconds: float | None
    answered: bool
    uniq: str
    spoke: tuple[str, ...]
    phone: str = field(repr=False)
    link: str | None = field(repr=False)
    fault: str = ""
    is_dated: bool = True
    merged_into: CallId | None = None
    entity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What notes are read by: the zone of times without an offset, the present, and the time of what has none."""

    zone: tzinfo
    now: datetime
    otherwise: datetime


def embedded(body: Json, key: str) -> list[Any]:
    """Return the entries of a page, of which some may be no objects; raises Unreadable where it is no page.

    PHP writes a list with gaps as an object, and an object without members as a list.
    """
    found = body.get("_embedded")
    if found in ([], {}):
        return []
    items = found.get(key) if isinstance(found, dict) else None
    if isinstance(items, dict):
        return [items] if "id" in items else list(items.values())
    if not isinstance(items, list):
        raise Unreadable(f"it has no list _embedded.{key}")
    return items


def embedded_one(body: Json, key: str) -> Json:
    """Return an object that comes with another; empty where it does not."""
    found = body.get("_embedded")
    one = found.get(key) if isinstance(found, dict) else None
    return one if isinstance(one, dict) else {}


def next_query(body: Json) -> Query | None:
    """Return the parameters of the next page; None on the last. Raises Unreadable.

    Only they count: scheme, host and path of the address may be those of a proxy, another name of the account, or none.
    """
    links = body.get("_links")
    found = links.get("next") if isinstance(links, dict) else None
    href = found["href"] if isinstance(found, dict) and "href" in found else found
    if href is None or href in (False, "", [], {}):
        return None
    if isinstance(href, int) or (isinstance(href, str) and href.isdecimal()):
        return [("page", str(href))]
    with contextlib.suppress(ValueError):
        address = urlsplit(href) if isinstance(href, str) else None
        query = address and parse_qsl(address.query, keep_blank_values=True)
        if query:
            return query
    raise Unreadable(f"it names a next page that is no address: {spellings.shown(href)}")


def refusal(body: Json) -> int | None:
    """Return the status of an error that came as a success; None where it is none."""
    status = body.get("status")
    if "_embedded" in body or not isinstance(status, int) or not 400 <= status < 600:  # noqa: PLR2004
        return None
    return status if {"title", "detail", "type"} & set(body) else None


def note_references(event: Any) -> Iterator[tuple[str, int]]:
    """Yield what an event is about: the entity as addresses name it, and the id of the note.

    The entity is empty where notes do not hang on such; nothing comes of what cannot be read.
    """
    if not isinstance(event, dict):
        return
    entity = ENTITIES.get(str(event.get("entity_type")).lower(), "")
    changes = event.get("value_after")
    if isinstance(changes, dict) and "note" not in changes:
        changes = list(changes.values())
    for change in changes if isinstance(changes, list) else [changes]:
        note = change.get("note") if isinstance(change, dict) else None
        number = _lenient(spellings.whole, note.get("id")) if isinstance(note, dict) else None
        if number and number > 0:
            yield entity, number


def event_time(event: Any, default: float) -> float:
    """Return when an event was, in seconds since 1970; `default` where it does not say."""
    if not isinstance(event, dict):
        return default
    found = _lenient(lambda value: spellings.moment(value, UTC), event.get("created_at"))
    return found.timestamp() if found else default


def unread_event(event: Any, reading: Reading, note_id: int = 0) -> CallNote | None:
    """Return the call that an event tells of whose note cannot be found by it; None where it tells of something else."""
    kind = event.get("type") if isinstance(event, dict) else None
    if kind is not None and kind not in CALL_EVENTS:
        return None
    at = datetime.fromtimestamp(event_time(event, reading.otherwise.timestamp()), UTC)
    return CallNote(
        call_id=call_id(note_id) if note_id else CallId(f"{_ID}event-{_digest(event)}"),
        note_id=note_id,
        entity_id=None,
        created_at=at,
        updated_at=int(at.timestamp()),
        direction=Direction.UNKNOWN,
        duration_seconds=None,
        answered=True,
        uniq="",
        spoke=(),
        phone="",
        link=None,
        fault="an event tells of this call, and names no note of it that can be found",
    )


def user_names(users: list[Any]) -> dict[str, str]:
    """Return id -> name."""
    found = (user for user in users if isinstance(user, dict))
    return {_who(user.get("id")): _text(user.get("name")) for user in found if user.get("id")}


def call_note(raw: Any, reading: Reading, *, surely: bool = False) -> CallNote | None:
    """Return the call that a note is about; None where it is about something else.

    It is `surely` about one where an event of a call names it, whatever kind it says it is.
    """
    if not isinstance(raw, dict):
        return _note({}, raw, {}, Direction.UNKNOWN, reading)
    params = _params(raw)
    kind = raw.get("note_type")
    direction = _DIRECTIONS.get(_who(kind).lower().replace("-", "_"))
    if direction is None:
        is_other = isinstance(kind, str | int | float) and kind != ""
        if is_other and not surely:
            return None
        direction = Direction.UNKNOWN
    return _note(raw, raw, params, direction, reading)


def call_facts(note: CallNote, zone: tzinfo, names: Mapping[str, str], home: str = "") -> CallFacts:
    """Return a note as a call; `names` are those of users by id, which stand in where a name is not known.

    `home` is the origin of the account, under which people see what the note hangs on.
    """
    spoke = next((each for each in note.spoke if each != "0"), "")  # 0 is a robot
    return CallFacts(
        call_id=note.call_id,
        day=note.created_at.astimezone(zone).date(),
        started_at=note.created_at,
        direction=note.direction,
        duration_seconds=note.duration_seconds,
        employee=names.get(spoke) or spoke,
        contact=note.phone,
        answered=note.answered,
        recording_link=note.link,
        merged_into=note.merged_into,
        fault=note.fault,
        card=_card(note, home),
    )


def call_id(note_id: int) -> CallId:
    """Return the id of the call that a note is about."""
    return CallId(f"{_ID}{note_id}")


def note_id(call: CallId) -> int | None:
    """Return the note that a call is; None for an id that this source did not give."""
    number = call.removeprefix(_ID)
    return int(number) if number != call and number.isdecimal() else None


def _card(note: CallNote, home: str) -> Card | None:
    if not (home and note.entity and note.entity_id and note.entity_id > 0):
        return None
    kind = next(kind for kind, entity in ENTITIES.items() if entity == note.entity)
    return Card(
        kind=kind,
        card_id=str(note.entity_id),
        link=f"{home}/{note.entity}/detail/{note.entity_id}",
    )


def _note(
    note: Json, raw: Any, params: dict[str, Any], direction: Direction, reading: Reading
) -> CallNote:
    faults: list[str] = []

    def read(how: Callable[[Any], T | None], value: Any, what: str) -> T | None:
        try:
            return how(value)
        except Unreadable as error:
            faults.append(f"{what}: {error}" if what else str(error))
            return None

    number = read(spellings.whole, note.get("id"), "its id")
    created_at = read(
        lambda value: spellings.moment(value, reading.zone), note.get("created_at"), "its time"
    )
    updated = _lenient(lambda value: spellings.moment(value, reading.zone), note.get("updated_at"))
    if not faults and (number is None or number <= 0):
        faults.append("it has no id")
    if not faults and created_at is None:
        faults.append("it has no time")
    if created_at and not _FIRST <= created_at <= reading.now + _AHEAD:
        faults.append(f"its time, {created_at:%Y-%m-%d}, is that of no call")
        created_at = None
    if updated and updated > reading.now + _AHEAD:
        updated = None  # a listing that is begun again would skip what was updated before
    unsure = len(faults)
    duration = read(spellings.seconds, params.get("duration"), "its duration")
    link = read(spellings.link, params.get("link"), "")
    if link is None:
        link = _lenient(spellings.link, params.get("text"))
    status = _status(params.get("call_status"))
    missed = not duration and (status in _NOT_REACHED or (duration == 0 and not link))
    if link or (missed and len(faults) == unsure):
        del faults[unsure:]  # what can be done without
    number = number if number and number > 0 else 0
    at = created_at or updated or reading.otherwise
    return CallNote(
        call_id=call_id(number) if number else CallId(f"{_ID}note-{_digest(raw)}"),
        note_id=number,
        entity_id=_lenient(spellings.whole, note.get("entity_id")),
        created_at=at,
        updated_at=int((updated or at).timestamp()),
        direction=direction,
        duration_seconds=duration,
        answered=not missed,
        uniq=_uniq(params.get("uniq")),
        spoke=tuple(filter(None, map(_who, (
            params.get("call_responsible"), note.get("created_by"), note.get("responsible_user_id"),
        )))),
        phone=_who(params.get("phone")),
        link=link,
        fault=f"the note cannot be read: {'; '.join(faults)}"[:_MAX_FAULT] if faults else "",
        is_dated=created_at is not None,
    )  # fmt: skip


def _params(raw: Json) -> dict[str, Any]:
    """Return the parameters of a call: an object, its JSON, or free text with a link in it."""
    for found in (raw.get("params"), raw.get("text")):
        params: Any = found
        for _ in range(2):  # JSON of JSON was met, too
            if isinstance(params, str) and params.strip():
                with contextlib.suppress(ValueError, RecursionError):
                    params = json.loads(params)
        if isinstance(params, list) and len(params) == 1:
            params = params[0]
        if isinstance(found, str) and found.strip() and not isinstance(params, dict):
            params = {"text": found}
        if isinstance(params, dict) and params:
            return {str(name).lower(): value for name, value in params.items()}
    return {}


def _status(value: object) -> int | None:
    """Return a `call_status`, which may stand before its name."""
    found = (
        re.match(r"\s*(\d{1,3})\b", str(value)) if isinstance(value, int | float | str) else None
    )
    return int(found[1]) if found else None


def _uniq(value: object) -> str:
    text = _who(value)
    return "" if text.lower() in _NO_UNIQ else text


def _who(value: object) -> str:
    """Return an id or a name as text, an id alike whether it came as a number, a text or a float."""
    number = _lenient(spellings.whole, value)
    return str(number) if number is not None and isinstance(value, float) else _text(value)


def _lenient(read: Callable[[Any], T | None], value: Any) -> T | None:
    """Read what a call can do without."""
    try:
        return read(value)
    except Unreadable:
        return None


def _digest(raw: Any) -> str:
    """Return a name of what has no id."""
    plain = json.dumps(raw, sort_keys=True, default=str)
    return hashlib.sha256(plain.encode()).hexdigest()[:12]


def _text(value: object) -> str:
    """Return a name, a number or nothing as one short line."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(spellings.line(str(value)).split())[:_MAX_TEXT]
