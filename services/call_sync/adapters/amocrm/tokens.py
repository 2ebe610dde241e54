"""Access tokens that are fresh. A renewal happens once, whoever asks, since a refresh token can be used once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Self

import structlog

from services.call_sync.accounts.domain import (
    Account,
    AccountCredentials,
    AccountId,
    AccountState,
    AccountTokens,
    Grant,
    GrantKind,
    HostRefused,
    account_host,
)
from services.call_sync.accounts.ports import AccountRepository, Renewal
from services.call_sync.adapters.amocrm.oauth import (
    GrantRefused,
    NotSent,
    OAuth,
    OutcomeUnknown,
    claims,
)
from services.call_sync.domain import SourceInvalid, SourceUnavailable
from services.kernel.clock import utc_now

log = structlog.get_logger()

_RESERVE = timedelta(minutes=5)
"""A token is renewed when so little of its time is left."""
_LONGEST_SECONDS = 35
"""How long a renewal may take; the row is locked for no longer."""

REFUSED = "AmoCRM refuses its tokens; add it again with new ones"
ENDED = "its long-lived token has ended or was revoked; make another and add it again"


class AccessTokens:
    """Hands out access tokens.

    A renewal holds the row of the account's tokens, reads it again, and stores the new pair before anybody may use
    it. It goes on when those who wait for it are cancelled: an answer that nobody stores would lose the account.
    """

    def __init__(
        self, accounts: AccountRepository, oauth: OAuth, *, sandboxes: Sequence[str]
    ) -> None:
        self._accounts = accounts
        self._oauth = oauth
        self._sandboxes = sandboxes
        self._renewals: dict[AccountId, asyncio.Task[AccountTokens]] = {}

    async def fresh(self, account: Account, credentials: AccountCredentials) -> str:
        """Return a token that lasts for a while, renewed where needed; raises SourceRefused."""
        tokens = credentials.tokens
        if not _is_fresh(tokens):
            tokens = await self.renew(account.account_id)
        return tokens.access_token

    async def renew(self, account_id: AccountId, *, refused: str | None = None) -> AccountTokens:
        """Renew the tokens unless somebody has meanwhile; `refused` is a token that AmoCRM does not take any more.

        Raises SourceInvalid when only new tokens help, SourceUnavailable.
        """
        renewal = self._renewals.get(account_id)
        if renewal is None:
            renewal = asyncio.create_task(self._renew(account_id, refused))
            self._renewals[account_id] = renewal
            renewal.add_done_callback(lambda done: self._forget(account_id, done))
        tokens = await asyncio.shield(renewal)
        if tokens.access_token == refused:
            # The renewal that was joined did not know of the refusal.
            return await self.renew(account_id, refused=refused)
        return tokens

    async def give_up(self, account_id: AccountId, refused: str) -> None:
        """Note that AmoCRM refuses a token that is new; does nothing where there is another by now."""
        async with self._accounts.renewal(account_id) as held:
            if held.credentials.tokens.access_token == refused:
                await held.refuse(REFUSED if held.credentials.integration else ENDED)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let renewals under way end."""
        await asyncio.gather(*self._renewals.values(), return_exceptions=True)

    def _forget(self, account_id: AccountId, renewal: "asyncio.Task[AccountTokens]") -> None:
        del self._renewals[account_id]
        renewal.exception()  # all who waited for it may be gone

    async def _renew(self, account_id: AccountId, refused: str | None) -> AccountTokens:
        async with self._accounts.renewal(account_id) as held:
            # Another process may have noted it while this one waited.
            if held.account.state is AccountState.REAUTH_REQUIRED:
                raise SourceInvalid(f"account {account_id}: {held.account.message}")
            tokens = held.credentials.tokens
            if tokens.access_token != refused and _is_fresh(tokens):
                return tokens
            try:
                async with asyncio.timeout(_LONGEST_SECONDS):
                    renewed, host = await self._exchange(held)
            except GrantRefused as error:
                message = str(error)
                await held.refuse(message)
            except (NotSent, OutcomeUnknown, TimeoutError) as error:
                raise SourceUnavailable(
                    f"account {account_id}: {held.account.host} does not renew its tokens ({error}); "
                    "try again later"
                ) from error
            else:
                await held.keep(replace(held.credentials, tokens=renewed), host)
                log.info("tokens_renewed", account_id=account_id)
                return renewed
        log.warning("tokens_refused", account_id=account_id)
        raise SourceInvalid(f"account {account_id}: {message}")

    async def _exchange(self, held: Renewal) -> tuple[AccountTokens, str]:
        """Return new tokens and the host they are for; raises GrantRefused with a text for people."""
        account, credentials = held.account, held.credentials
        integration, spent = credentials.integration, credentials.tokens
        if integration is None or spent.refresh_token is None:
            raise GrantRefused(ENDED)
        grant = Grant(kind=GrantKind.REFRESH_TOKEN, value=spent.refresh_token)
        try:
            try:
                return await self._oauth.exchange(account.host, integration, grant), account.host
            except OutcomeUnknown:  # only asking again can show whether the grant was used up
                return await self._oauth.exchange(account.host, integration, grant), account.host
        except GrantRefused:
            host = await self._moved_to(spent)
            if host is None or host == account.host:
                raise GrantRefused(REFUSED) from None
        try:
            return await self._oauth.exchange(host, integration, grant), host
        except GrantRefused:
            raise GrantRefused(REFUSED) from None

    async def _moved_to(self, tokens: AccountTokens) -> str | None:
        """Return the host that an account has moved to, by the domain its access token names."""
        try:
            api_host = account_host(str(claims(tokens.access_token)["api_domain"]), self._sandboxes)
            moved = await self._oauth.moved_to(api_host, str(tokens.refresh_token))
        except (ValueError, KeyError, HostRefused):
            return None
        try:
            return account_host(moved, self._sandboxes) if moved else None
        except HostRefused:
            raise GrantRefused(
                f"AmoCRM says that it has moved to {moved!r:.100}, which is none of its hosts; add it again where it is"
            ) from None


def _is_fresh(tokens: AccountTokens) -> bool:
    expires_at = tokens.access_expires_at
    return expires_at is None or expires_at - utc_now() > _RESERVE
