"""Duplicates: one physical call may be two notes, on a lead and on its contact. The first that is listed stays."""

from collections import defaultdict
from datetime import timedelta

from services.call_sync.adapters.amocrm.parsing import CallNote

_APART = timedelta(seconds=60)


class Listed:
    """The notes that were listed so far."""

    def __init__(self) -> None:
        self._notes: set[int] = set()
        self._uniqs: set[str] = set()
        self._by_phone: defaultdict[str, list[CallNote]] = defaultdict(list)

    def __contains__(self, note_id: int) -> bool:
        return note_id in self._notes

    def take(self, note: CallNote) -> bool:
        """Note a call; False where it is listed already, as this note or as another.

        Two notes are one call when the telephony gave them one id, and where one of them has none, when phone,
        direction and duration are the same and they were written within a minute.
        """
        if note.note_id in self._notes:
            return False
        self._notes.add(note.note_id)
        digits = "".join(filter(str.isdigit, note.phone))[-10:]
        if note.uniq in self._uniqs or any(_same(note, other) for other in self._by_phone[digits]):
            return False
        if note.uniq:
            self._uniqs.add(note.uniq)
        if digits:
            self._by_phone[digits].append(note)
        return True


def _same(note: CallNote, other: CallNote) -> bool:
    return (
        not (note.uniq and other.uniq)
        and note.direction is other.direction
        and note.duration_seconds == other.duration_seconds
        and abs(note.created_at - other.created_at) <= _APART
    )
