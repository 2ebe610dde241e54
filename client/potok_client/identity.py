"""Who a program is to the system: a token that it was given, or on a developer's machine one that it makes itself."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import jwt

ISSUER = AUDIENCE = "potok"
"""The issuer and the audience that services expect by default."""
KEY_ID = "issuer"
LIFETIME = timedelta(minutes=15)
"""The life of a token that is made for a call and used for the next ones."""


class NoIdentity(Exception):
    """There is neither a token nor a key to make one with; `advice` are commands and settings, one a line."""

    def __init__(self, message: str, *advice: str) -> None:
        super().__init__(message)
        self.advice = advice


def mint(
    key: str,
    user: str,
    *,
    roles: Sequence[str],
    clients: Sequence[str] = (),
    lifetime: timedelta = LIFETIME,
) -> str:
    """Return a signed token of a user; `key` is an EC private key, P-256, as PEM.

    `roles` are of `operator`, `admin`, `service`; `clients` are the ids that an operator may see.
    """
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": user,
        "roles": list(roles),
        "clients": list(clients),
        "iat": now,
        "exp": now + int(lifetime.total_seconds()),
        "jti": uuid4().hex,
    }
    return jwt.encode(claims, key, "ES256", {"kid": KEY_ID})


def development_key() -> str:
    """Return the key that development tokens are signed with: of the local system of this checkout.

    POTOK_ISSUER_KEY names the file elsewhere. Raises NoIdentity.
    """
    checkout = Path(sys.prefix).parent
    named = os.environ.get("POTOK_ISSUER_KEY")
    file = Path(named or checkout / ".potok" / "keys" / "issuer.pem")
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        given = "POTOK_TOKEN=…   is a token that you were given"
        if named:
            why = error.strerror if isinstance(error, OSError) else "no key"
            raise NoIdentity(f"POTOK_ISSUER_KEY: {file} cannot be read, {why}", given) from None
        if (checkout / "Makefile").exists():
            raise NoIdentity(
                "there is no token, and no system of this checkout has made a key for one yet",
                "make up   makes the key of the system on this machine",
                given,
            ) from None
        raise NoIdentity(
            "there is no token that says who you are: ask whoever runs the system for one",
            given,
            "POTOK_ADDRESS=host:port   is the gateway it is for",
        ) from None


def own_token() -> Callable[[], str]:
    """Return what gives a token for each call.

    That is POTOK_TOKEN, or on a developer's machine one of an administrator that is made anew in time. Raises NoIdentity.
    """
    given = os.environ.get("POTOK_TOKEN")
    if given:
        return lambda: given
    key = development_key()
    user = os.environ.get("USER") or "developer"
    made = ""
    renew_at = 0.0

    def fresh() -> str:
        nonlocal made, renew_at
        if time.monotonic() >= renew_at:
            made = mint(key, user, roles=["admin"])
            renew_at = time.monotonic() + LIFETIME.total_seconds() / 2
        return made

    return fresh
