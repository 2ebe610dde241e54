"""Signed tokens (JSON Web Tokens, RFC 7519, by ES256): made for a service of ours, checked by published keys."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import structlog

log = structlog.get_logger()

ALGORITHM = "ES256"
LEEWAY_SECONDS = 5
"""A token may have expired for so long."""
SKEW_SECONDS = 60
"""The clock of whoever made a token may be so far ahead."""
LAST_SECOND = 253_402_300_799
"""Of the year 9999."""
LOOK_SECONDS = 5.0
"""How often a file of keys is looked at for a newer one."""


class TokenRefused(Exception):
    """The token is not good; the text says why, for its sender."""


def claimed_issuer(token: str) -> object:
    """Return who a token says has issued it, which nobody has checked yet; raises TokenRefused."""
    try:
        return jwt.decode(token, options={"verify_signature": False}).get("iss")
    except (jwt.InvalidTokenError, RecursionError) as error:
        raise TokenRefused(f"the token is not good: {error}") from None


class KeySet:
    """The public keys of an issuer, from a file that holds a JSON Web Key Set (RFC 7517).

    The file may be replaced at any time: whoever verifies looks for a newer one now and then. An unusable one leaves the
    old keys.
    Raises OSError or ValueError where the first one cannot be used.
    """

    def __init__(self, file: Path, *, issuer: str, audience: str) -> None:
        self._file = file
        self._issuer = issuer
        self._audience = audience
        self._changed = 0
        self._looked_at = 0.0
        self._keys: dict[str, Any] = {}
        self._read()

    def verify(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a token, with its key's id as `kid`; raises TokenRefused."""
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = self._keys.get(str(kid))
            if key is None:
                raise TokenRefused("the token is signed by a key that nobody here knows")
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "sub"], "verify_iat": False},
            )
        except jwt.ExpiredSignatureError:
            raise TokenRefused("the token has expired: get a new one") from None
        except (jwt.InvalidTokenError, OverflowError) as error:  # it takes times for whole numbers
            raise TokenRefused(f"the token is not good: {error}") from None
        for name in ("exp", "iat", "nbf"):
            _check_time(name, claims.get(name, 0))
        if claims["iat"] > time.time() + SKEW_SECONDS:
            raise TokenRefused("the token was made in the future: are the clocks right?")
        return claims | {"kid": str(kid)}

    def look(self) -> bool:
        """Take up a newer file; True where the keys may be others than at the look before."""
        now = time.monotonic()
        if now < self._looked_at + LOOK_SECONDS:
            return False
        try:
            return self._read()
        except (OSError, ValueError) as error:
            log.warning("keys_unusable", file=str(self._file), error=str(error))
            return False

    def _read(self) -> bool:
        self._looked_at = time.monotonic()
        changed = self._file.stat().st_mtime_ns
        if changed == self._changed:
            return False
        found = json.loads(self._file.read_text())
        try:
            keys = jwt.PyJWKSet.from_dict(found).keys
        except (jwt.PyJWTError, AttributeError, TypeError) as error:
            raise ValueError(f"{self._file} is no set of keys: {error}") from None
        self._keys = {str(key.key_id): key.key for key in keys}
        self._changed = changed
        return True


def _check_time(name: str, seconds: object) -> None:
    """Refuse what is no time, such as text that reads like one, or one that no clock gets to."""
    known = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not (known and 0 <= seconds <= LAST_SECOND):  # type: ignore[operator]  # it is a number
        raise TokenRefused(f"{name}: must be seconds since 1970, up to the year 9999")


class Signer:
    """Makes the tokens by which a service is known to the others: each is used for most of its short life."""

    def __init__(
        self,
        key: str,
        *,
        name: str,
        issuer: str,
        audience: str,
        lifetime: timedelta = timedelta(minutes=5),
        clock: Callable[[], float] = time.time,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        """`key` is an EC private key, P-256, as PEM; `name` is the service's, and the id of its key."""
        self._clock = clock
        self._stopwatch = stopwatch
        self._key = key
        self._name = name
        self._claims = {"iss": issuer, "aud": audience, "sub": name}
        self._lifetime = lifetime.total_seconds()
        self._token = ""
        self._made_at = 0.0
        self._renew_at = 0.0

    def token(self) -> str:
        """Return a token that is good for a while, also where the clock has been set since the last one."""
        now, passed = self._clock(), self._stopwatch()
        young = self._made_at <= now < self._made_at + self._lifetime / 2
        if not (self._token and young and passed < self._renew_at):
            times = {"iat": int(now), "exp": int(now + self._lifetime), "jti": uuid4().hex}
            self._token = jwt.encode(
                self._claims | times, self._key, ALGORITHM, {"kid": self._name}
            )
            self._made_at, self._renew_at = now, passed + self._lifetime / 2
        return self._token

    def renew(self) -> None:
        """Make the next token anew: the one before was refused."""
        self._token = ""
