"""The ports of the use cases of accounts."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.call_sync.accounts.domain import (
    Account,
    AccountCredentials,
    AccountId,
    AccountTokens,
    Grant,
    Integration,
)
from services.status.domain import AuditEntry, Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """Turns to send a request: the first in `first_in` seconds, each further one 1 / `rate` seconds later."""

    first_in: float
    rate: float


class Renewal(Protocol):
    """The tokens of an account while nobody else can renew them."""

    @property
    def account(self) -> Account:
        """The account."""

    @property
    def credentials(self) -> AccountCredentials:
        """What is stored, read under the lock; raises NoSecretsKey."""

    async def keep(self, credentials: AccountCredentials, host: str) -> None:
        """Store new credentials and the host they are for, when the block ends."""

    async def refuse(self, message: str) -> None:
        """Note that the tokens are worth nothing, and why, when the block ends."""


class AccountRepository(Protocol):
    """Accounts and their secrets; every method that is given an id raises AccountNotFound where there is none."""

    async def get_account(self, account_id: AccountId) -> Account:
        """Return an account."""

    async def list_accounts(self, after: AccountId, limit: int) -> list[Account]:
        """Return the first accounts after an id, in the order of ids."""

    def check_key(self) -> None:
        """Make sure that secrets can be kept; raises NoSecretsKey."""

    async def put_account(
        self, account: Account, credentials: AccountCredentials, actor: str
    ) -> None:
        """Store an account, in the place of one of the same id, and who did it; raises NoSecretsKey."""

    async def delete_account(self, account_id: AccountId, actor: str) -> None:
        """Forget an account and its secrets, and keep who did it."""

    async def get_credentials(self, account_id: AccountId) -> tuple[Account, AccountCredentials]:
        """Return an account and its secrets; raises NoSecretsKey."""

    def renewal(self, account_id: AccountId) -> AbstractAsyncContextManager[Renewal]:
        """Lock the account's tokens against all other processes, for half a minute at the most."""

    async def pause(self, account_id: AccountId, message: str, resume_at: datetime | None) -> None:
        """Leave an account alone; a pause that a person has to end stays, and so does REAUTH_REQUIRED."""

    async def resume(self, account_id: AccountId, actor: str) -> None:
        """End a pause, and keep who did it where there was one."""

    async def set_description(self, account_id: AccountId, name: str, time_zone: str) -> None:
        """Store what the account says of itself."""

    async def list_unrenewed(self, before: datetime) -> Sequence[AccountId]:
        """Return ACTIVE accounts of integrations whose tokens were last renewed before a moment."""

    async def reseal(self) -> int:
        """Encrypt by the newest key what an older one still holds; returns how many accounts."""


class Rates(Protocol):
    """How fast accounts are asked, over all processes."""

    async def reserve_slots(self, account_id: AccountId, slots: int, top: float) -> Slots:
        """Take the next turns, at no more than `top` a second; raises AccountNotFound."""

    async def halve_rate(self, account_id: AccountId, wait_seconds: float) -> None:
        """Go on at half the rate after a wait."""

    async def raise_rate(self, account_id: AccountId, top: float) -> None:
        """Double a rate that was halved more than a minute ago, up to `top`."""


class AccountAudit(Protocol):
    """Who did what."""

    async def list_audit_entries(
        self, owner: Owner, before: int | None, page_size: int
    ) -> list[AuditEntry]:
        """Return what was done to what an owner has, newest first; accounts are of no owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What an account says of itself; `time_zone` is empty where it does not say."""

    name: str
    time_zone: str


class Crm(Protocol):
    """What setting up accounts asks of AmoCRM."""

    def long_lived(self, token: str) -> AccountTokens:
        """Read when a long-lived token ends; raises CredentialsRefused for what is no token."""

    async def authorise(self, host: str, integration: Integration, grant: Grant) -> AccountTokens:
        """Exchange a grant for the first tokens of an integration; raises CredentialsRefused, CrmUnavailable."""

    async def renew(self, account_id: AccountId) -> None:
        """Renew the tokens of an account now; raises SourceRefused."""

    async def describe(self, account_id: AccountId) -> Description:
        """Ask an account who it is; raises SourceRefused."""
