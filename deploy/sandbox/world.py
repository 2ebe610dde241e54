"""What the sandbox is asked about: an account, its users, calls, and how their recordings behave. Pure data."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


class Entity(enum.StrEnum):
    """What a note hangs on, as the paths of the API have it."""

    LEADS = "leads"
    CONTACTS = "contacts"
    COMPANIES = "companies"
    CUSTOMERS = "customers"

    @property
    def one(self) -> str:
        """Return the word that events have for it, as in `lead`."""
        return {"companies": "company"}.get(self.value, self.value.removesuffix("s"))


class Quirk(enum.StrEnum):
    """What is odd about a note; each was met in real accounts (facts on AmoCRM, 2.2 and 2.4)."""

    PARAMS_AS_STRING = "params_as_string"
    """`params` is a string that holds JSON."""
    PARAMS_MISSING = "params_missing"
    """`params` is empty."""
    NUMBERS_AS_STRINGS = "numbers_as_strings"
    MILLISECONDS = "milliseconds"
    """Times are in milliseconds."""
    ISO_TIMES = "iso_times"
    """Times are in ISO 8601."""
    CLOCK_DURATION = "clock_duration"
    """The length is written as `0:01:03`."""
    LINK_IN_BRACKETS = "link_in_brackets"
    """The recording's address stands in brackets, in capitals where those do not count, and as HTML has it."""
    LINK_IN_TEXT = "link_in_text"
    """The recording's address stands within free text."""
    RESPONSIBLE_BY_NAME = "responsible_by_name"
    """`call_responsible` is a name, and the note was made by a robot."""
    UNREADABLE = "unreadable"
    """Nobody can tell when the call was, nor how long."""
    EVENT_LOST = "event_lost"
    """No event tells of the note."""
    DELETED = "deleted"
    """An event tells of the note, and the note is gone."""


class Manner(enum.StrEnum):
    """How the telephony host answers who asks for a recording (facts on AmoCRM, 4)."""

    PLAIN = "plain"
    HTML = "html"
    """200 and a page: the recording is not ready, or the viewer has no licence."""
    NOT_FOUND = "not_found"
    GONE = "gone"
    ACCEPTED = "accepted"
    EMPTY = "empty"
    FORBIDDEN = "forbidden"
    BUSY = "busy"
    """429 with Retry-After."""
    UNAVAILABLE = "unavailable"
    REDIRECTED = "redirected"
    """Two redirects, then the sound."""
    REDIRECT_LOOP = "redirect_loop"
    REDIRECT_PRIVATE = "redirect_private"
    """A redirect into somebody's private network."""
    TRUNCATED = "truncated"
    """The connection ends in the middle of the sound."""
    SLOW = "slow"
    HUGE = "huge"
    """It says no length and does not end for a gigabyte."""
    GZIP = "gzip"
    """Compressed, though nobody asked for that."""
    MISNAMED = "misnamed"
    """It says `Content-Encoding: aws-chunked`, which means nothing, and ends of lines stand before the sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording: a file, or where there is none so many seconds of the noise that `seed` makes.

    The first `tries` requests meet `manner`, all where it is None; later ones get the plain sound.
    """

    file: Path | None = None
    seconds: float = 2.0
    seed: int = 0
    manner: Manner = Manner.PLAIN
    tries: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What the CRM keeps of a call on one entity. `uniq` is the telephony's id of the call, or empty."""

    note_id: int
    entity: Entity
    entity_id: int
    created_at: datetime
    updated_at: datetime
    uniq: str = ""
    quirks: frozenset[Quirk] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One physical call, and the notes on it: more than one where several entities got one."""

    incoming: bool
    duration_seconds: int
    phone: str = field(repr=False)
    user_id: int
    notes: tuple[Note, ...]
    recording: Recording | None = None
    call_status: int = 4
    source: str = "sandbox-pbx"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who takes calls."""

    user_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One account of the CRM and all that is in it."""

    account_id: int = 17079858
    name: str = "Клиника Здоровье"
    subdomain: str = "sandbox"
    time_zone: str = "Europe/Moscow"
    users: tuple[User, ...] = ()
    calls: tuple[Call, ...] = ()

    def notes(self) -> Iterator[tuple[Call, Note]]:
        """Yield every note with its call."""
        for call in self.calls:
            for note in call.notes:
                yield call, note
