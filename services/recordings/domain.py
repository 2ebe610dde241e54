"""A recording, and the reasons why there may be none. Nothing here does I/O."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from services.kernel.errors import NotFound, UpstreamUnavailable
from services.status.domain import Reason, WaitReason


class RecordingNotFound(NotFound):
    """What is asked for is not known, or no recording of it is kept."""


class StoreUnavailable(UpstreamUnavailable):
    """The store of recordings does not answer."""


class NotFetched(Exception):
    """A recording could not be fetched from its source; the text is for people.

    `may_come` tells that a recording of a young call may stand there later; `retry_after` is the pause that the source
    asked for, and `wait_reason` the reason of the pause.
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


FOR_NOW = (FetchFailed, RecordingNotReady)
"""The errors after which a recording may be had later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A recording on its way from the source; `chunks` can be read once, and raise NotFetched."""

    file_name: str
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording that is kept, named by the SHA-256 of its bytes."""

    sha256: str
    size_bytes: int
    content_type: str
    file_name: str = field(repr=False)
