"""What an account of AmoCRM is, what it is entered by, and where it may be. Nothing here does I/O."""

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NewType

from services.kernel.errors import InvalidInput, NotFound, UpstreamUnavailable, WrongState

AccountId = NewType("AccountId", str)

DOMAINS = (".amocrm.ru", ".amocrm.com", ".kommo.com")
"""Accounts are hosts below these domains; tokens are sent nowhere else."""
REQUESTS_PER_SECOND = 5.0
"""The rate an account begins with. AmoCRM blocks whoever keeps asking more than seven times a second."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class AccountNotFound(NotFound):
    """There is no account of that id."""


class HostRefused(InvalidInput):
    """The host is not one that tokens may be sent to."""


class CredentialsRefused(InvalidInput):
    """A token, code or secret is not accepted."""


class CrmUnavailable(UpstreamUnavailable):
    """The host of the account does not answer as it should."""


class NoSecretsKey(WrongState):
    """Secrets can be neither kept nor read."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason="NO_SECRETS_KEY")


class ReauthRequired(WrongState):
    """The tokens of the account are refused: only new ones help."""

    def __init__(self, account_id: AccountId) -> None:
        super().__init__(
            f"account {account_id}: its tokens are refused; add it again with new ones",
            reason="REAUTH_REQUIRED",
        )


class AccountKind(enum.Enum):
    """How an account is entered."""

    LONG_LIVED = "LONG_LIVED"
    OAUTH = "OAUTH"


class AccountState(enum.Enum):
    """Whether an account is read from."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    REAUTH_REQUIRED = "REAUTH_REQUIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as everybody may see it.

    `message` says why it is not ACTIVE; a pause without `resume_at` ends when a person resumes the account. `name`
    and `time_zone` are its own words, empty until it has answered.
    """

    account_id: AccountId
    host: str
    kind: AccountKind
    state: AccountState = AccountState.ACTIVE
    message: str = ""
    resume_at: datetime | None = None
    requests_per_second: float = REQUESTS_PER_SECOND
    name: str = ""
    time_zone: str = ""
    access_expires_at: datetime | None = None

    def at(self, now: datetime) -> "Account":
        """Return the account at a moment: a pause whose time is over has ended."""
        if self.resume_at is None or self.resume_at > now:
            return self
        return replace(self, state=AccountState.ACTIVE, message="", resume_at=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """An integration (OAuth 2.0) that an account has installed; `redirect_uri` is as it is registered."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTokens:
    """The tokens that requests are made with; a refresh token can be used once, and without one there is no renewal."""

    access_token: str = field(repr=False)
    access_expires_at: datetime | None
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCredentials:
    """Everything of an account that is secret; `integration` is None where it is entered by a long-lived token."""

    tokens: AccountTokens
    integration: Integration | None = None


class GrantKind(enum.Enum):
    """What tokens are given in exchange for, in the words of OAuth."""

    CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105  # the name of a grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A code or a refresh token; each can be used once."""

    kind: GrantKind
    value: str = field(repr=False)


def account_host(text: str, sandboxes: Sequence[str]) -> str:
    """Return the host that is meant by `https://example.amocrm.ru/` and the like.

    `sandboxes` are further hosts, `host[:port]`, that are allowed. Raises HostRefused.
    """
    host = text.strip().lower().removeprefix("https://").removeprefix("http://").removesuffix("/")
    if host in sandboxes or is_crm_host(host):
        return host
    raise HostRefused(
        f"host: {text[:80]!r} is no account of AmoCRM; write its name alone, "
        f"as example{DOMAINS[0]} (or {', '.join(DOMAINS[1:])})"
    )


def is_crm_host(host: str) -> bool:
    """Tell whether the host is an account of AmoCRM or Kommo itself."""
    return any(
        host.endswith(domain) and _NAME.fullmatch(host.removesuffix(domain)) and host[:4] != "www."
        for domain in DOMAINS
    )


def origin(host: str) -> str:
    """Return the origin at which an account is asked: https, or http for a sandbox, which has no certificate."""
    return f"https://{host}" if is_crm_host(host) else f"http://{host}"
