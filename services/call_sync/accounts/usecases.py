"""What people do with accounts, and what keeps accounts usable while nobody looks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from services.call_sync.accounts.domain import (
    Account,
    AccountCredentials,
    AccountId,
    AccountKind,
    AccountState,
    Grant,
    Integration,
    NoSecretsKey,
    ReauthRequired,
    account_host,
)
from services.call_sync.accounts.ports import AccountAudit, AccountRepository, Crm
from services.call_sync.domain import SourceRefused
from services.kernel.clock import utc_now
from services.kernel.paging import Page, page_of, page_start, serial, text
from services.status.domain import AuditEntry, Owner

log = structlog.get_logger()

_WARN = timedelta(days=14)
"""People are warned so long before a long-lived token ends."""
_MOST_ACCOUNTS = 1000
"""Accounts whose tokens one turn looks at."""
_LISTING = "ListAccounts"
_AUDIT_LISTING = "ListAccountAudit"
_FIRST = AccountId("")
"""Before the first account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The result of a check; `message` says why the account does not work, or what will soon end it."""

    account: Account
    works: bool
    message: str


class Accounts:
    """The accounts of AmoCRM; `sandboxes` are further hosts that an account may be at, an `actor` is who changes one."""

    def __init__(
        self,
        accounts: AccountRepository,
        crm: Crm,
        audit: AccountAudit,
        *,
        sandboxes: Sequence[str],
        renew_after: timedelta,
    ) -> None:
        """`renew_after` is how long tokens may lie unused: after three months they are worth nothing."""
        self._accounts = accounts
        self._crm = crm
        self._audit = audit
        self._sandboxes = sandboxes
        self._renew_after = renew_after

    async def add_long_lived(
        self, account_id: AccountId, host: str, requests_per_second: float, token: str, actor: str
    ) -> Account:
        """Keep an account that is entered by a long-lived token; raises HostRefused, CredentialsRefused."""
        account = Account(
            account_id=account_id,
            host=account_host(host, self._sandboxes),
            kind=AccountKind.LONG_LIVED,
            requests_per_second=requests_per_second,
        )
        credentials = AccountCredentials(tokens=self._crm.long_lived(token))
        return await self._put(account, credentials, actor)

    async def add_integration(
        self,
        account_id: AccountId,
        host: str,
        requests_per_second: float,
        integration: Integration,
        grant: Grant,
        actor: str,
    ) -> Account:
        """Use up the grant and keep the account; raises HostRefused, CredentialsRefused, CrmUnavailable."""
        account = Account(
            account_id=account_id,
            host=account_host(host, self._sandboxes),
            kind=AccountKind.OAUTH,
            requests_per_second=requests_per_second,
        )
        self._accounts.check_key()  # before the grant is spent
        tokens = await self._crm.authorise(account.host, integration, grant)
        credentials = AccountCredentials(tokens=tokens, integration=integration)
        return await self._put(account, credentials, actor)

    async def get_account(self, account_id: AccountId) -> Account:
        """Return an account; raises AccountNotFound."""
        return await self._accounts.get_account(account_id)

    async def list_accounts(self, page_size: int, page_token: str) -> Page[Account]:
        """Return a page of accounts in the order of their ids; raises InvalidInput for a token of another list."""
        after = AccountId(page_start(_LISTING, page_token, (text,), str) or _FIRST)
        found = await self._accounts.list_accounts(after, page_size + 1)
        return page_of(_LISTING, found, page_size, lambda account: [account.account_id])

    async def check_account(self, account_id: AccountId) -> Check:
        """Ask an account who it is, unless it must be left alone; raises AccountNotFound, NoSecretsKey."""
        account = await self._accounts.get_account(account_id)
        if account.state is not AccountState.ACTIVE:
            return Check(account=account, works=False, message=account.message)
        try:
            description = await self._crm.describe(account_id)
        except SourceRefused as error:
            account = await self._accounts.get_account(account_id)
            return Check(account=account, works=False, message=str(error))
        await self._accounts.set_description(account_id, description.name, description.time_zone)
        account = await self._accounts.get_account(account_id)
        return Check(account=account, works=True, message=_warning(account, utc_now()))

    async def resume_account(self, account_id: AccountId, actor: str) -> Account:
        """End a pause; raises AccountNotFound, ReauthRequired."""
        account = await self._accounts.get_account(account_id)
        if account.state is AccountState.REAUTH_REQUIRED:
            raise ReauthRequired(account_id)
        await self._accounts.resume(account_id, actor)
        return await self._accounts.get_account(account_id)

    async def delete_account(self, account_id: AccountId, actor: str) -> None:
        """Forget an account and its secrets; raises AccountNotFound."""
        await self._accounts.delete_account(account_id, actor)

    async def list_audit_entries(self, page_size: int, page_token: str) -> Page[AuditEntry]:
        """Return a page of who changed accounts, newest first; raises InvalidInput for a token of another list."""
        before = page_start(_AUDIT_LISTING, page_token, (serial,), int)
        found = await self._audit.list_audit_entries(Owner(""), before, page_size + 1)
        return page_of(_AUDIT_LISTING, found, page_size, lambda entry: [entry.number])

    async def turn(self) -> None:
        """Renew tokens that lay unused, warn of tokens that end, and encrypt anew what an old key holds.

        Any number of processes may do so at once.
        """
        for account_id in await self._accounts.list_unrenewed(utc_now() - self._renew_after):
            try:
                await self._crm.renew(account_id)
            except SourceRefused as error:
                log.warning("account_not_renewed", account_id=account_id, error=str(error))
        for account in await self._accounts.list_accounts(_FIRST, _MOST_ACCOUNTS):
            if warning := _warning(account, utc_now()):
                log.warning("account_ends", account_id=account.account_id, warning=warning)
        try:
            await self._accounts.reseal()
        except NoSecretsKey as error:
            log.warning("secrets_unreadable", error=str(error))

    async def _put(self, account: Account, credentials: AccountCredentials, actor: str) -> Account:
        await self._accounts.put_account(account, credentials, actor)
        return replace(account, access_expires_at=credentials.tokens.access_expires_at)


def _warning(account: Account, now: datetime) -> str:
    ends_at = account.access_expires_at
    if account.kind is not AccountKind.LONG_LIVED or ends_at is None or ends_at - now > _WARN:
        return ""
    return f"its token ends on {ends_at:%Y-%m-%d}: make another and add the account again"
