"""How a recording is heard, and which part of it is asked for. Nothing here does I/O."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from services.kernel.errors import LimitReached, OutOfRange, WrongState
from services.recordings.domain import Recording

HEARD_ONCE = timedelta(minutes=10)
"""Whoever goes on hearing a recording for so long has heard it once: a player asks for it piece by piece."""

_RANGE = re.compile(r"bytes=\s*(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))\s*", re.IGNORECASE | re.ASCII)


class NotPlayable(WrongState):
    """The recording cannot be decoded within what it may take; another try might do better."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason="NOT_PLAYABLE")


class CannotDecode(NotPlayable):
    """What is wrong is in the recording, so that no other try does better."""


class TooManyAtOnce(LimitReached):
    """So many recordings wait to be coded that another one would wait too long."""


class BehindTheEnd(OutOfRange):
    """The part that is asked for begins behind the end of `size` bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(f"range: it begins behind the end, there are {size} bytes")
        self.size = size


class Extent(NamedTuple):
    """The bytes from `first` to before `end`, at least one."""

    first: int
    end: int

    @property
    def size(self) -> int:
        """How many there are."""
        return self.end - self.first


@dataclass(frozen=True, slots=True, kw_only=True)
class Waveform:
    """How loud a recording is: of each channel a byte for each of equal parts of the time, 255 the loudest there is."""

    duration_seconds: float
    peaks: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """How a recording is heard.

    `played` is None where it is played as it is kept, `waveform` until all of it was decoded. Where it cannot be,
    `fault` says why, and there is nothing else.
    """

    played: Recording | None = None
    waveform: Waveform | None = None
    fault: str = ""


def extent_of(asked: str, size: int) -> Extent | None:
    """Return the part of `size` bytes that a header `range` asks for; None where that is the whole.

    What is no range, or several, counts for nothing (RFC 9110, 14.2). Raises BehindTheEnd.
    """
    found = _RANGE.fullmatch(asked.strip())
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        if int(suffix) == 0:
            raise BehindTheEnd(size)
        return Extent(first=max(0, size - int(suffix)), end=size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise BehindTheEnd(size)
    return Extent(first=int(first), end=min(int(last) + 1, size) if last else size)
