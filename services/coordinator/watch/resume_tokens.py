"""Resume tokens: the log that a watch followed, how far it had come, and by which filter."""

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from services.kernel.errors import InvalidInput

_LAYOUT = struct.Struct(">8sQ8s")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeToken:
    """Everything up to `revision` of the log of `epoch` was delivered to a watch with the filter of `filter_digest`."""

    epoch: bytes
    revision: int
    filter_digest: bytes

    def encode(self) -> str:
        """Return the token as URL-safe text."""
        packed = _LAYOUT.pack(self.epoch, self.revision, self.filter_digest)
        return base64.urlsafe_b64encode(packed).decode()


def decode(text: str) -> ResumeToken:
    """Parse a token; raises InvalidInput."""
    try:
        packed = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        epoch, revision, filter_digest = _LAYOUT.unpack(packed)
    except (binascii.Error, struct.error, UnicodeError):
        raise InvalidInput("resume_token: is not a token of this service") from None
    return ResumeToken(epoch=epoch, revision=revision, filter_digest=filter_digest)


def requested_token(text: str) -> ResumeToken | None:
    """Parse the token of a request; None where it has none, which asks for a snapshot. Raises InvalidInput."""
    return decode(text) if text else None


def fingerprint(text: str) -> bytes:
    """Return eight bytes that stand for a text."""
    return hashlib.sha256(text.encode()).digest()[:8]
