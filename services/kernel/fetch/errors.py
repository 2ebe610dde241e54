"""Why a download cannot be had. The texts name scheme and host only: paths and queries hold signatures."""

from datetime import timedelta


class FetchError(Exception):
    """Base of them all; the text is for people."""


class BadLink(FetchError):
    """No http or https address, or one with a user in it."""


class ForbiddenAddress(FetchError):
    """The host is not on the public internet, and nobody listed it; `host` is what would have to be listed."""

    def __init__(self, message: str, *, host: str) -> None:
        super().__init__(message)
        self.host = host


class TooManyRedirects(FetchError):
    """It leads on and on."""


class BodyTooLarge(FetchError):
    """More bytes than the limit, announced or sent."""


class FetchTimedOut(FetchError):
    """The host did not answer, or not send all, in time."""


class Unreachable(FetchError):
    """The host has no address, refuses to connect, has no valid certificate or does not speak HTTP."""


class BodyTruncated(FetchError):
    """Less came than was announced."""


class Encoded(FetchError):
    """The body is compressed in a way that nothing here undoes."""


class UnexpectedStatus(FetchError):
    """An answer other than 200 or a whole 206; `retry_after` is the pause that it asks for."""

    def __init__(self, message: str, *, status: int, retry_after: timedelta | None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
