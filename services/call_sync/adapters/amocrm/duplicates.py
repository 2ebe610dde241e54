"""Duplicates: one physical call may be two notes, on a lead and on its contact. The first that is listed stays."""

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import parse_qsl, unquote, urlsplit

from services.call_sync.adapters.amocrm.parsing import CallNote
from services.call_sync.domain import CallId, Direction

_APART = timedelta(seconds=60)
_SIGNED = re.compile(
    r"x-(?:amz|goog|oss|cos)-.*|(?:.*[_-])?sign(?:ature|ed)?|sig|expir\w*|.*token|policy|key-pair-id|"
    r"(?:aws|google|oss)access(?:key)?id|s[etprv]|spr|sks|skoid|sktid|skt|ske|skv",
    re.IGNORECASE,
)
"""Parameters with which storages sign a link, anew each time they are asked for one."""
_BESIDE_NUMBER = re.compile(r"[@;,#/?]|(?:доб|вн|ext|доп)", re.IGNORECASE)
"""What comes after a number: an extension, or the host of a SIP address."""

_Key = tuple[str, Direction, float | None]


@dataclass(slots=True)
class _Call:
    """A call that was listed, and what its notes hang on."""

    note: CallNote
    entities: set[int | None]


class Listed:
    """The notes that were listed so far."""

    def __init__(self) -> None:
        self._notes: set[CallId] = set()
        self._calls: defaultdict[_Key, list[_Call]] = defaultdict(list)

    def __contains__(self, call_id: CallId) -> bool:
        return call_id in self._notes

    def take(self, note: CallNote) -> CallNote | None:
        """Note a call, and return it, merged into another where it is that; None where this very note is listed.

        Two notes are one call when they agree in phone, direction, length, link and the telephony's id, as far as both
        have one, were written within a minute, and hang on different things. A telephony's id alone proves nothing: one
        gives 0 to all its calls, another the same to all parts of a call that is handed on.
        """
        if note.call_id in self._notes:
            return None
        self._notes.add(note.call_id)
        if note.fault:
            return note
        number = _number(note.phone)
        calls = self._calls[number, note.direction, note.duration_seconds]
        for call in calls:
            if _same(note, call, number):
                call.entities.add(note.entity_id)
                return replace(note, merged_into=call.note.call_id)
        calls.append(_Call(note, {note.entity_id}))
        return note


def _same(note: CallNote, call: _Call, number: str) -> bool:
    """Whether a note is about a call that agrees with it in `number`, direction and length."""
    other = call.note
    if abs(note.created_at - other.created_at) > _APART:
        return False
    if note.uniq and other.uniq and note.uniq != other.uniq:
        return False
    if note.link and (not other.link or _place(note.link) != _place(other.link)):
        return False
    if note.link and note.link == other.link:
        return True
    # Without the very same link it has to be known who spoke; and one thing has each call once.
    elsewhere = note.entity_id is not None and note.entity_id not in call.entities
    known = elsewhere and note.duration_seconds is not None
    return bool(number) and (known or bool(note.uniq and other.uniq))


def _number(phone: str) -> str:
    """Return the last ten digits of a number, however it is written; empty where it is hidden."""
    before = _BESIDE_NUMBER.split(phone.removeprefix("sip:").removeprefix("tel:"))[0]
    digits = "".join(str(int(each)) for each in before if each.isdecimal())[-10:]
    return digits if digits.strip("0") else ""


def _place(link: str) -> tuple[str, str, list[tuple[str, str]]]:
    """Return what of a link tells one recording from another: not its scheme, nor what signs it."""
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "", parts.port if parts.port not in (80, 443) else None)
    except ValueError:
        return link, "", []
    query = parse_qsl(parts.query, keep_blank_values=True)
    return (
        f"{host[0]}:{host[1] or ''}",
        unquote(parts.path),
        sorted(pair for pair in query if not _SIGNED.fullmatch(pair[0])),
    )
