"""What a call and its recording are, and why one may not be had. Nothing here does I/O."""

import enum
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import ClassVar, NewType
from zoneinfo import ZoneInfo

from services.recordings.domain import Recording
from services.status.domain import Owner, Reason, WaitReason

CallId = NewType("CallId", str)

YOUNG = timedelta(hours=24)
"""How long after a call its recording may still come."""


class SourceRefused(Exception):
    """A source could not be listed; the text tells people what to mend."""

    reason: ClassVar[Reason]


class SourceInvalid(SourceRefused):
    """The source contradicts its description: only a person can mend it."""

    reason = Reason.SOURCE_INVALID


class SourceUnavailable(SourceRefused):
    """The source cannot be read at the moment."""

    reason = Reason.SOURCE_UNAVAILABLE


class SourceWaits(SourceUnavailable):
    """The source is left alone until `until_at`; then it may be read again."""

    def __init__(self, message: str, wait_reason: WaitReason, until_at: datetime) -> None:
        super().__init__(message)
        self.wait_reason = wait_reason
        self.until_at = until_at


class Direction(enum.Enum):
    """Which side placed the call; UNKNOWN where the source does not say."""

    INCOMING = "INCOMING"
    OUTGOING = "OUTGOING"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a call hangs on in the CRM that it comes from: its kind, as `lead`, its id, and where people see it."""

    kind: str
    card_id: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """A call as its source lists it.

    `day` is in the client's time zone. `recording_link` says to the source where the recording is, None where there
    is none. It and `contact` may hold phone numbers and signatures, so neither is in the repr. `version` grows when
    the call or its recording changes at the source; it is 0 where the source does not tell, and is not stored.
    `merged_into` is the call that this is another listing of, and `fault` what of it cannot be read, for people: of
    either kind nothing is fetched, and both are counted. `language`, ISO 639-1, is what the source says is spoken,
    empty where it does not say. `card` is None where its source has none.
    """

    call_id: CallId
    day: date
    started_at: datetime
    direction: Direction
    duration_seconds: float | None
    employee: str
    contact: str = field(repr=False)
    answered: bool
    recording_link: str | None = field(repr=False)
    version: int = 0
    merged_into: CallId | None = None
    fault: str = ""
    language: str = ""
    card: Card | None = None

    def is_young(self, now: datetime) -> bool:
        """Whether its recording may still come."""
        return now - self.started_at < YOUNG


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of an owner; `recording` is None until it has been fetched."""

    owner: Owner
    facts: CallFacts
    recording: Recording | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAddress:
    """Where a client's calls come from: the kind of source and where it is."""

    kind: str
    location: str


def client_zone(name: str) -> ZoneInfo:
    """Return a client's time zone; raises SourceInvalid."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SourceInvalid(
            f"time zone {name!r} is not known; write an IANA name such as Europe/Moscow"
        ) from None


def source_address(source: str) -> SourceAddress:
    """Parse `kind:location`; raises SourceInvalid."""
    kind, _, location = source.partition(":")
    if not (kind and location):
        raise SourceInvalid(
            f"source {source!r}: write it as folder:/absolute/directory or amocrm:ACCOUNT"
        )
    return SourceAddress(kind=kind, location=location)
