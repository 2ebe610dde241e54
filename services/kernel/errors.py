"""What a use case may raise. The text of a DomainError is shown to the caller."""

import re
from collections.abc import Mapping

_FIELD = re.compile(r"(?:^|; )([a-z]\w*(?:\.\w+)*): ")


class DomainError(Exception):
    """Base of every error that is part of the contract.

    `reason` is a stable UPPER_SNAKE word a program can act on, `metadata` the facts beside it.
    """

    def __init__(
        self, message: str, *, reason: str = "", metadata: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.metadata = dict(metadata or {})


class InvalidInput(DomainError):
    """The request can never succeed as it is; says `field: what to do`, of several fields with `; ` between."""

    @property
    def faults(self) -> list[tuple[str, str]]:
        """The fields that it names, and what to do about each."""
        before, *named = _FIELD.split(str(self))
        return [] if before else list(zip(named[::2], named[1::2], strict=True))


class NotFound(DomainError):
    """The resource does not exist."""


class Unauthenticated(DomainError):
    """The call has no token that says whose it is."""


class Forbidden(DomainError):
    """The caller may not do this."""


class WrongState(DomainError):
    """The resource exists but is not in a state that allows this."""


class Conflict(DomainError):
    """Something else is under way; read again and decide."""


class LimitReached(DomainError):
    """The caller must back off."""


class UpstreamUnavailable(DomainError):
    """Something this service needs does not answer; try again."""


class DatabaseAway(UpstreamUnavailable):
    """The database of this service does not do its work for the moment."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}: try again in a moment", reason="DATABASE_AWAY")
        self.why = why


class OutOfRange(DomainError):
    """What is asked for is no longer kept."""


class TookTooLong(DomainError):
    """It took too long to wait for; it goes on by itself."""
