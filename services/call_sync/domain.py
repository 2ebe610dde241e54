"""What a call and its recording are, and why one may not be had. Nothing here does I/O."""

import enum
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import ClassVar, NewType
from zoneinfo import ZoneInfo

from services.kernel.errors import NotFound, UpstreamUnavailable
from services.status.domain import Owner, Reason, WaitReason

CallId = NewType("CallId", str)

YOUNG = timedelta(hours=24)
"""For so long after a call its recording may still come."""


class RecordingNotFound(NotFound):
    """The call is not known, or no recording of it is kept."""


class StoreUnavailable(UpstreamUnavailable):
    """The store of recordings does not answer."""


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


class NotFetched(Exception):
    """A recording could not be fetched from its source; the text is for people.

    `may_come`: a recording of a young call may stand there later. `retry_after`: the pause the source asked for, and
    `wait_reason` what it is.
    """

    reason: ClassVar[Reason]

    def __init__(
        self,
        message: str,
        *,
        may_come: bool = False,
        retry_after: timedelta | None = None,
        wait_reason: WaitReason = WaitReason.RATE_LIMIT,
    ) -> None:
        super().__init__(message)
        self.may_come = may_come
        self.retry_after = retry_after
        self.wait_reason = wait_reason


class RecordingNotReady(NotFetched):
    """The source says that the recording will come."""

    reason = Reason.NO_RECORDING_YET


class RecordingMissing(NotFetched):
    """The source names a recording that it does not have."""

    reason = Reason.RECORDING_MISSING


class AccessDenied(NotFetched):
    """The source has the recording and does not hand it out."""

    reason = Reason.ACCESS_DENIED


class NotAudio(NotFetched):
    """What the source serves is no recording."""

    reason = Reason.NOT_AUDIO


class TooLarge(NotFetched):
    """The recording is larger than the limit."""

    reason = Reason.TOO_LARGE


class NotAllowed(NotFetched):
    """The recording lies where the source may not lead."""

    reason = Reason.INVALID_INPUT


class FetchFailed(NotFetched):
    """The source did not answer as it should: another try may help."""

    reason = Reason.UPSTREAM_UNAVAILABLE


class Direction(enum.Enum):
    """Which side placed the call; UNKNOWN where the source does not say."""

    INCOMING = "INCOMING"
    OUTGOING = "OUTGOING"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """A call as its source lists it.

    `day` is in the client's time zone. `recording_link` says to the source where the recording is, None where there
    is none. It and `contact` may hold phone numbers and signatures, so neither is in the repr. `version` grows when
    the call or its recording changes at the source; it is 0 where the source does not tell, and is not stored.
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

    def is_young(self, now: datetime) -> bool:
        """Whether its recording may still come."""
        return now - self.started_at < YOUNG


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording that is kept, named by the SHA-256 of its bytes."""

    sha256: str
    size_bytes: int
    content_type: str
    file_name: str = field(repr=False)


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
