"""Answers of AmoCRM, read leniently, since integrations fill notes as they please. Pure functions."""

import contextlib
import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from services.call_sync.domain import CallFacts, CallId, Direction

ENTITIES = {
    "lead": "leads",
    "contact": "contacts",
    "company": "companies",
    "customer": "customers",
}
"""The kinds of entity that have notes: the name in events, and the name in addresses."""

_DIRECTIONS = {
    "call_in": Direction.INCOMING,
    "10": Direction.INCOMING,
    "call_out": Direction.OUTGOING,
    "11": Direction.OUTGOING,
}
_ID = "amocrm-"
_URL = re.compile(r"https?://[^\s\"'<>]+")
_MAX_TEXT = 200
_MAX_LINK = 2000
_MAX_SECONDS = 86_400
_MILLISECONDS_FROM = 1e11
"""A time beyond it (the year 5138 in seconds) is in milliseconds."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNote:
    """A note about a call; `spoke` are the users who may have spoken, by id or name, the likeliest first."""

    note_id: int
    created_at: datetime
    updated_at: int
    direction: Direction
    duration_seconds: float | None
    uniq: str
    spoke: tuple[str, ...]
    phone: str = field(repr=False)
    link: str | None = field(repr=False)


def embedded(body: Json, key: str) -> list[Json]:
    """Return the objects of a page."""
    found = body.get("_embedded")
    items = found.get(key) if isinstance(found, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def embedded_one(body: Json, key: str) -> Json:
    """Return an object that comes with another; empty where it does not."""
    found = body.get("_embedded")
    one = found.get(key) if isinstance(found, dict) else None
    return one if isinstance(one, dict) else {}


def next_link(body: Json) -> str | None:
    """Return the address of the next page; None on the last."""
    links = body.get("_links")
    link = links.get("next") if isinstance(links, dict) else None
    href = link.get("href") if isinstance(link, dict) else None
    return href if isinstance(href, str) and href else None


def note_references(event: Json) -> Iterator[tuple[str, int]]:
    """Yield what an event is about: the entity as addresses name it, and the id of the note."""
    entity = ENTITIES.get(str(event.get("entity_type")))
    changes = event.get("value_after")
    for change in changes if isinstance(changes, list) else [changes]:
        note = change.get("note") if isinstance(change, dict) else None
        note_id = _integer(note.get("id")) if isinstance(note, dict) else None
        if entity and note_id:
            yield entity, note_id


def event_time(event: Json, default: float) -> float:
    """Return when an event was, in seconds since 1970; `default` where it does not say."""
    moment = _moment(event.get("created_at"))
    return moment.timestamp() if moment else default


def user_names(users: list[Json]) -> dict[str, str]:
    """Return id -> name."""
    return {str(user["id"]): _text(user.get("name")) for user in users if user.get("id")}


def call_note(raw: Json) -> CallNote | None:
    """Return the call that a note is about; None where it is about no call, or has no id or no time."""
    direction = _DIRECTIONS.get(str(raw.get("note_type")))
    note_id, created_at = _integer(raw.get("id")), _moment(raw.get("created_at"))
    if direction is None or not note_id or created_at is None:
        return None
    params = _params(raw)
    spoke = (params.get("call_responsible"), raw.get("created_by"), raw.get("responsible_user_id"))
    return CallNote(
        note_id=note_id,
        created_at=created_at,
        updated_at=_integer(raw.get("updated_at")) or int(created_at.timestamp()),
        direction=direction,
        duration_seconds=_seconds(params.get("duration")),
        uniq=_text(params.get("uniq")),
        spoke=tuple(filter(None, map(_text, spoke))),
        phone=_text(params.get("phone")),
        link=_link(params.get("link")) or _link(params.get("text")),
    )


def call_facts(note: CallNote, zone: tzinfo, names: Mapping[str, str]) -> CallFacts:
    """Return a note as a call; `names` are those of users by id, which stand in where a name is not known."""
    spoke = next((each for each in note.spoke if each != "0"), "")  # 0 is a robot
    return CallFacts(
        call_id=call_id(note.note_id),
        day=note.created_at.astimezone(zone).date(),
        started_at=note.created_at,
        direction=note.direction,
        duration_seconds=note.duration_seconds,
        employee=names.get(spoke) or spoke,
        contact=note.phone,
        answered=bool(note.duration_seconds or note.link),
        recording_link=note.link,
    )


def call_id(note_id: int) -> CallId:
    """Return the id of the call that a note is about."""
    return CallId(f"{_ID}{note_id}")


def note_id(call: CallId) -> int | None:
    """Return the note that a call is; None for an id that this source did not give."""
    number = call.removeprefix(_ID)
    return int(number) if number != call and number.isdecimal() else None


def _params(raw: Json) -> dict[str, Any]:
    """Return the parameters of a call: an object, its JSON, or free text with a link in it."""
    for found in (raw.get("params"), raw.get("text")):
        params: Any = found
        if isinstance(found, str) and found.strip():
            with contextlib.suppress(ValueError):
                params = json.loads(found)
            if not isinstance(params, dict):
                params = {"text": found}
        if isinstance(params, dict) and params:
            return {str(name).lower(): value for name, value in params.items()}
    return {}


def _link(value: object) -> str | None:
    found = _URL.search(value.strip()) if isinstance(value, str) else None
    return found.group() if found and len(found.group()) <= _MAX_LINK else None


def _seconds(value: object) -> float | None:
    number = _number(value)
    return number if number is not None and 0 <= number <= _MAX_SECONDS else None


def _moment(value: object) -> datetime | None:
    number = _number(value)
    if not number or number < 0:
        return None
    seconds = number / 1000 if number > _MILLISECONDS_FROM else number
    with contextlib.suppress(OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(seconds, UTC)
    return None


def _integer(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _text(value: object) -> str:
    """Return a name, a number or nothing as one short line."""
    if not isinstance(value, str | int | float):
        return ""
    plain = "".join(" " if unicodedata.category(c) == "Cc" else c for c in str(value))
    return " ".join(plain.split())[:_MAX_TEXT]
