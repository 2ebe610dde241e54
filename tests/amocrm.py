"""AmoCRM as call_sync reads it, over a sandbox and a real database, in this process."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import asyncpg
import httpx2
from cryptography.fernet import Fernet

from services.call_sync.accounts.domain import (
    Account,
    AccountId,
    AccountState,
    Grant,
    GrantKind,
    Integration,
)
from services.call_sync.accounts.repository import PostgresAccounts, PostgresRates
from services.call_sync.accounts.sealing import Seal
from services.call_sync.accounts.usecases import Accounts
from services.call_sync.adapters.amocrm.accounts import AmoCrm
from services.call_sync.adapters.amocrm.answer import open_http
from services.call_sync.adapters.amocrm.client import AmoClient, RetryPolicy
from services.call_sync.adapters.amocrm.limiter import Limiter
from services.call_sync.adapters.amocrm.oauth import OAuth
from services.call_sync.adapters.amocrm.source import AmoSource
from services.call_sync.adapters.amocrm.tokens import AccessTokens
from services.call_sync.audit.repository import PostgresAudit
from services.call_sync.domain import CallFacts
from services.kernel.fetch.addresses import parse_host
from services.kernel.fetch.fetcher import Fetcher
from services.recordings.download import Downloads
from services.status.domain import DateRange, Wait
from tests.identity import everything
from tests.sandbox import RunningSandbox

CLINIC = AccountId("clinic")
OLGA = "olga"
"""Who changes accounts."""
DAY = date(2026, 11, 2)
FAST = 1000.0
"""Requests a second, more than a test makes."""
PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amo:
    """The parts, for an account CLINIC that is yet to be added."""

    box: RunningSandbox
    repository: PostgresAccounts
    accounts: Accounts
    client: AmoClient
    tokens: AccessTokens
    source: AmoSource
    limiter: Limiter = field(repr=False)

    async def add(self, *, rate: float = FAST, long_lived: bool = False) -> Account:
        """Add the sandbox's account, as an integration unless by its long-lived token."""
        if long_lived:
            token = self.box.long_lived_token()
            return await self.accounts.add_long_lived(CLINIC, self.box.host, rate, token, OLGA)
        integration = Integration(
            client_id=self.box.client_id,
            client_secret=self.box.client_secret,
            redirect_uri=self.box.redirect_uri,
        )
        grant = Grant(kind=GrantKind.CODE, value=self.box.code())
        return await self.accounts.add_integration(
            CLINIC, self.box.host, rate, integration, grant, OLGA
        )

    async def calls(self, *, days: int = 1, time_zone: str = "Europe/Moscow") -> list[CallFacts]:
        """List the calls of DAY and those after it, each once."""
        listed = await self.listed(days=days, time_zone=time_zone)
        return [call for call in listed if call.merged_into is None]

    async def listed(self, *, days: int = 1, time_zone: str = "Europe/Moscow") -> list[CallFacts]:
        """List everything that there is of the days."""
        range_ = DateRange(start=DAY, end=DAY + timedelta(days - 1))
        pages = self.source.list_calls(CLINIC, range_, time_zone)
        return [call async for page in pages if not isinstance(page, Wait) for call in page]

    async def state(self) -> AccountState:
        return (await self.repository.get_account(CLINIC)).state

    def api_requests(self) -> list[str]:
        """Return the paths of the API that were asked for."""
        return [each.path.removeprefix("/api/v4/") for each in self.box.requests("/api/v4/")]


@contextlib.asynccontextmanager
async def amocrm(
    pool: asyncpg.Pool,
    box: RunningSandbox,
    *,
    keys: str = "",
    also: Sequence[str] = (),
    transport: httpx2.AsyncBaseTransport | None = None,
) -> AsyncIterator[Amo]:
    """Put AmoCRM together; waits are short. `also` are further hosts, `transport` answers instead of the network."""
    repository = PostgresAccounts(pool, Seal(keys or Fernet.generate_key().decode()))
    sandboxes = [box.host, *also]
    fetcher = Fetcher(private_hosts=[parse_host(box.host), parse_host(box.telephony)])
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(fetcher.close)
        mocked = httpx2.AsyncClient(transport=transport) if transport else open_http()
        http = await stack.enter_async_context(mocked)
        oauth = OAuth(http)
        tokens = await stack.enter_async_context(
            AccessTokens(repository, oauth, sandboxes=sandboxes)
        )
        limiter = Limiter(PostgresRates(pool), FAST)
        policy = RetryPolicy(backoff=timedelta(milliseconds=5), pause=PAUSE)
        client = AmoClient(http, repository, tokens, limiter, policy)
        yield Amo(
            box=box,
            repository=repository,
            accounts=Accounts(
                repository,
                AmoCrm(client, tokens, oauth),
                PostgresAudit(pool, everything(pool)),
                sandboxes=sandboxes,
                renew_after=timedelta(days=7),
            ),
            client=client,
            tokens=tokens,
            source=AmoSource(
                client,
                Downloads(
                    fetcher, max_bytes=10_000_000, private_hosts="POTOK_CALL_SYNC_PRIVATE_HOSTS"
                ),
            ),
            limiter=limiter,
        )
