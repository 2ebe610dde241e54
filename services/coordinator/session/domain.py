"""Tokens of the local issuer, and the cookie that one must fit into. Nothing here does I/O."""

from dataclasses import dataclass, field
from datetime import timedelta

from services.kernel.errors import WrongState
from services.status.identity import Caller

COOKIE = "potok_session"
GUARDED_COOKIE = f"__Host-{COOKIE}"
"""Its name over TLS: browsers let no other host and no page without TLS set one of that name (RFC 6265bis)."""
LONGEST_COOKIE = 4_096 - len(GUARDED_COOKIE)
"""Bytes that the name leaves for the value: RFC 6265bis lets browsers refuse more, and they do so without a word."""
LIFETIME = timedelta(hours=12)
"""Of a token for which nothing else is asked."""


class NoIssuerKey(WrongState):
    """There is no key to sign tokens of users with: they come from elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token that was made, and what it says of its user."""

    token: str = field(repr=False)
    caller: Caller
