"""Duplicates: one physical call may be two notes, on a lead and on its contact. The first that is listed stays."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta

from services.call_sync.adapters.amocrm.parsing import CallNote
from services.call_sync.domain import CallId, Direction

_APART = timedelta(seconds=60)

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
        digits = "".join(filter(str.isdigit, note.phone))[-10:]
        calls = self._calls[digits, note.direction, note.duration_seconds]
        for call in calls:
            if _same(note, call, known=bool(digits and note.duration_seconds is not None)):
                call.entities.add(note.entity_id)
                return replace(note, merged_into=call.note.call_id)
        calls.append(_Call(note, {note.entity_id}))
        return note


def _same(note: CallNote, call: _Call, *, known: bool) -> bool:
    """Whether a note is about a call; `known`: it says who spoke and for how long, else something else must agree."""
    other = call.note
    if abs(note.created_at - other.created_at) > _APART:
        return False
    if note.uniq and other.uniq and note.uniq != other.uniq:
        return False
    if note.link and note.link != other.link:
        return False
    certain = bool(note.uniq and other.uniq) or bool(note.link)
    elsewhere = note.entity_id is not None and note.entity_id not in call.entities
    return certain or (known and elsewhere)
