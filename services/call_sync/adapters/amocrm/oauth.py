"""The token endpoint of AmoCRM: tokens for a code, tokens for a refresh token, and where an account has gone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import jwt

from services.call_sync.accounts.domain import AccountTokens, Grant, GrantKind, Integration, origin
from services.kernel.clock import utc_now

_SECONDS = 12
"""An exchange holds up everybody who needs the account."""
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_REFUSED = range(400, 500)
_TOO_MANY = 429


class NotSent(Exception):
    """The endpoint cannot be reached, or had no time: the grant can still be used."""


class GrantRefused(Exception):
    """The endpoint refuses the grant, and will again."""


class OutcomeUnknown(Exception):
    """The endpoint was asked and did not answer: the grant may be used up."""


class OAuth:
    """Asks token endpoints; nothing is repeated here, since every grant can be used once."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def exchange(self, host: str, integration: Integration, grant: Grant) -> AccountTokens:
        """Return the tokens that a grant is exchanged for; raises NotSent, GrantRefused, OutcomeUnknown."""
        field = "code" if grant.kind is GrantKind.CODE else "refresh_token"
        body = {
            "client_id": integration.client_id,
            "client_secret": integration.client_secret,
            "redirect_uri": integration.redirect_uri,
            "grant_type": grant.kind.value,
            field: grant.value,
        }
        response = await self._ask("POST", f"{origin(host)}/oauth2/access_token", json=body)
        if response.status_code == _TOO_MANY:
            raise NotSent("it is asked too often")
        if response.status_code in _REFUSED:
            raise GrantRefused(f"HTTP {response.status_code}")
        tokens = _tokens(response)
        if tokens is None:
            raise OutcomeUnknown(f"HTTP {response.status_code}")
        return tokens

    async def moved_to(self, api_host: str, refresh_token: str) -> str | None:
        """Return the host that the account has moved to; None where that is not known."""
        url = f"{origin(api_host)}/oauth2/account/current/subdomain"
        try:
            response = await self._ask("GET", url, headers={"X-Refresh-Token": refresh_token})
        except (NotSent, OutcomeUnknown):
            return None
        domain = _json(response).get("domain")
        return domain if isinstance(domain, str) else None

    async def _ask(self, method: str, url: str, **request: Any) -> httpx2.Response:
        try:
            return await self._http.request(method, url, timeout=_SECONDS, **request)
        except _NOT_SENT as error:
            raise NotSent(type(error).__name__) from error
        except httpx2.TransportError as error:
            raise OutcomeUnknown(type(error).__name__) from error


def claims(token: str) -> dict[str, Any]:
    """Return what an access token says of itself; raises ValueError where it is no token.

    The claims are not to be trusted: only AmoCRM can check their signature.
    """
    try:
        return jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise ValueError("not a JSON Web Token") from None


def expires_at(found: dict[str, Any]) -> datetime | None:
    """Return when a token with these claims ends."""
    exp = found.get("exp")
    return datetime.fromtimestamp(exp, UTC) if isinstance(exp, int | float) else None


def _tokens(response: httpx2.Response) -> AccountTokens | None:
    """Return the tokens in an answer; None where there are none."""
    body = _json(response)
    access, refresh, seconds = map(body.get, ("access_token", "refresh_token", "expires_in"))
    if not (response.is_success and isinstance(access, str) and isinstance(refresh, str)):
        return None
    lasts = timedelta(seconds=seconds) if isinstance(seconds, int | float) else None
    return AccountTokens(
        access_token=access,
        refresh_token=refresh,
        access_expires_at=utc_now() + lasts if lasts else None,
    )


def _json(response: httpx2.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
