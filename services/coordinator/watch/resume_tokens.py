"""Resume tokens: where a watch was in which log, and what it watched."""

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from services.coordinator.watch.hub import Filter
from services.kernel.errors import InvalidInput

_LAYOUT = struct.Struct(">8sQ8s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Everything up to `revision` of log `epoch` was delivered to the watch of `watched`."""

    epoch: bytes
    revision: int
    watched: bytes

    def encode(self) -> str:
        """Return the token as URL-safe text."""
        packed = _LAYOUT.pack(self.epoch, self.revision, self.watched)
        return base64.urlsafe_b64encode(packed).decode()


def decode(text: str) -> Token:
    """Parse a token; raises InvalidInput."""
    try:
        packed = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        epoch, revision, watched = _LAYOUT.unpack(packed)
    except (binascii.Error, struct.error, UnicodeError):
        raise InvalidInput("resume_token: is not a token of this service") from None
    return Token(epoch=epoch, revision=revision, watched=watched)


def resumed(text: str) -> Token | None:
    """Parse the token of a request; None where it has none, and wants a snapshot. Raises InvalidInput."""
    return decode(text) if text else None


def fingerprint(text: str) -> bytes:
    """Return eight bytes that stand for a text."""
    return hashlib.sha256(text.encode()).digest()[:8]


def watched(wanted: Filter) -> bytes:
    """Return what stands for a filter in its tokens."""
    return fingerprint(f"{wanted.everything} {sorted(wanted.owners)} {sorted(wanted.topics)}")
