"""The tokens of the account (facts on AmoCRM, 1): codes, rotating refresh tokens used once, access tokens."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt

CLIENT_ID = "8f52d38a-5fb3-406d-93a3-a4832dc28f8b"
CLIENT_SECRET = "sandbox-integration-secret"  # noqa: S105 - of nothing real
REDIRECT_URI = "https://potok.example/amocrm"

_KEY = b"what the sandbox signs its tokens with"
_LONG_LIVED = "0"
"""The grant of the long-lived token; those of codes are counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What an exchange returns; `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


class GrantRefused(Exception):
    """The token endpoint refuses; the text is the `hint` of its answer."""


@dataclass(slots=True, kw_only=True)
class Tokens:
    """Hands tokens out and judges them. What was handed out is kept in `file`, where there is one."""

    file: Path | None = None
    _codes: int = 0
    _spent: set[int] = field(default_factory=set)
    """The codes that were exchanged."""
    _turns: dict[str, int] = field(default_factory=dict)
    """Grant -> how often it was refreshed; absent once it was revoked."""
    _uses: dict[str, int] = field(default_factory=dict)
    """Access token's id -> requests with it."""

    def __post_init__(self) -> None:
        if self.file and self.file.exists():
            kept = json.loads(self.file.read_text())
            self._codes, self._spent = kept["codes"], set(kept["spent"])
            self._turns = kept["turns"]

    def new_code(self) -> str:
        """Return a code to exchange once, as the page "Keys and scopes" of an integration shows it."""
        self._codes += 1
        self._keep()
        return _signed(f"code.{self._codes}")

    def long_lived(self, host: str) -> str:
        """Return an access token for five years (1.5)."""
        return _access_token(_LONG_LIVED, 0, host, timedelta(days=5 * 365))

    def exchange(self, code: str, host: str, seconds: int) -> Pair:
        """Return the first pair of a new grant; raises GrantRefused."""
        kind, number = _parts(code, 2)
        if kind != "code" or not 0 < int(number) <= self._codes:
            raise GrantRefused("Cannot decrypt the authorization code")
        if int(number) in self._spent:
            raise GrantRefused("Authorization code has been revoked")
        self._spent.add(int(number))
        self._turns[number] = 0
        self._keep()
        return self._pair(number, host, seconds)

    def refresh(self, refresh_token: str, host: str, seconds: int, *, punish: bool) -> Pair:
        """Return the next pair, and spend the token; raises GrantRefused.

        Where reuse is to `punish`, a spent token ends its grant: the newer pair is refused, too.
        """
        grant, turn = self._grant_of(refresh_token)
        if self._turns.get(grant) != turn:
            if punish:
                self._turns.pop(grant, None)
                self._keep()
            raise GrantRefused("Token has been revoked")
        self._turns[grant] += 1
        self._keep()
        return self._pair(grant, host, seconds)

    def is_current(self, refresh_token: str) -> bool:
        """Say whether a refresh token could be used; it is not spent."""
        grant, turn = self._grant_of(refresh_token)
        return self._turns.get(grant) == turn

    def admits(self, access_token: str, *, requests: int | None) -> bool:
        """Count one request with an access token that is good for so many; says whether it passes."""
        try:
            claims = jwt.decode(
                access_token, _KEY, algorithms=["HS256"], options={"verify_aud": False}
            )
        except jwt.InvalidTokenError:
            return False
        if claims["grant"] == _LONG_LIVED:
            return True
        used = self._uses[claims["jti"]] = self._uses.get(claims["jti"], 0) + 1
        return claims["grant"] in self._turns and (requests is None or used <= requests)

    def _pair(self, grant: str, host: str, seconds: int) -> Pair:
        turn = self._turns[grant]
        return Pair(
            access_token=_access_token(grant, turn, host, timedelta(seconds=seconds)),
            refresh_token=_signed(f"refresh.{grant}.{turn}"),
            expires_in=seconds,
        )

    def _grant_of(self, refresh_token: str) -> tuple[str, int]:
        kind, grant, turn = _parts(refresh_token, 3)
        if kind != "refresh":
            raise GrantRefused("Cannot decrypt the refresh token")
        return grant, int(turn)

    def _keep(self) -> None:
        if self.file is None:
            return
        kept = {"codes": self._codes, "spent": sorted(self._spent), "turns": self._turns}
        scratch = self.file.with_suffix(".new")
        scratch.write_text(json.dumps(kept))
        scratch.replace(self.file)


def _access_token(grant: str, turn: int, host: str, holds: timedelta) -> str:
    now = datetime.now(UTC)
    claims = {
        "aud": CLIENT_ID,
        "jti": f"{grant}.{turn}",
        "iat": now,
        "exp": now + holds,
        "grant": grant,
        "api_domain": host,  # 1.4
        "scopes": ["crm"],
    }
    return jwt.encode(claims, _KEY, algorithm="HS256")


def _signed(words: str) -> str:
    return f"{words}.{hmac.new(_KEY, words.encode(), hashlib.sha256).hexdigest()}"


def _parts(token: str, count: int) -> list[str]:
    words, _, _ = token.rpartition(".")
    parts = words.split(".")
    if len(parts) != count or not hmac.compare_digest(token, _signed(words)):
        raise GrantRefused("Cannot decrypt the token")
    return parts
