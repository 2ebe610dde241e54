"""Tokens, secrets and the rate of accounts: shared by processes, against a sandbox that punishes reuse."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import jwt
import pytest
from cryptography.fernet import Fernet

from deploy.sandbox.world import World
from services.call_sync.accounts.domain import (
    AccountId,
    AccountState,
    CredentialsRefused,
    Grant,
    GrantKind,
    HostRefused,
    Integration,
    NoSecretsKey,
    ReauthRequired,
)
from services.call_sync.accounts.repository import PostgresAccounts, PostgresRates
from services.call_sync.accounts.sealing import Seal
from services.call_sync.adapters.amocrm.limiter import Limiter
from services.call_sync.domain import SourceInvalid, SourceUnavailable
from tests.amocrm import CLINIC, OLGA, Amo, amocrm
from tests.conftest import Database
from tests.sandbox import RunningSandbox, running_sandbox
from tests.waiting import until

TOKENS = "/oauth2/access_token"


@pytest.fixture
def box() -> Iterator[RunningSandbox]:
    with running_sandbox(World()) as box:
        box.behave(requests_per_second=1000)
        yield box


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    async with database.pool("call_sync_system", size=8) as pool:
        yield pool


@asynccontextmanager
async def two_processes(pool: asyncpg.Pool, box: RunningSandbox) -> AsyncIterator[list[Amo]]:
    """Two of everything, which share nothing but the database."""
    keys = Fernet.generate_key().decode()
    async with amocrm(pool, box, keys=keys) as first, amocrm(pool, box, keys=keys) as second:
        yield [first, second]


async def expired(amo: Amo) -> None:
    """Add the account with a token that ends at once; later ones last."""
    amo.box.behave(access_token_seconds=1)
    await amo.add()
    amo.box.behave(access_token_seconds=86400)


def renewals(box: RunningSandbox) -> list[int]:
    """Return how the token endpoint answered after the account was added."""
    return [each.status for each in box.requests(TOKENS)][1:]


async def test_many_who_need_a_token_at_once_renew_it_once(
    pool: asyncpg.Pool, box: RunningSandbox
) -> None:
    async with two_processes(pool, box) as both:
        await expired(both[0])

        bodies = await asyncio.gather(
            *(amo.client.get(CLINIC, "account") for amo in both for _ in range(10))
        )

        assert all(bodies)
        assert renewals(box) == [200]
        assert {each.status for each in box.requests("/api/v4/account")} == {200}


async def test_many_whose_token_is_refused_at_once_renew_it_once(
    pool: asyncpg.Pool, box: RunningSandbox
) -> None:
    async with two_processes(pool, box) as both:
        await both[0].add()
        box.behave(access_token_requests=0)
        held = asyncio.gather(
            *(amo.client.get(CLINIC, "account") for amo in both for _ in range(5))
        )
        box.behave(hold=TOKENS)
        await until(lambda: renewals(box), "a token is renewed")
        box.behave(access_token_requests=None, hold="")

        assert all(await held)
        assert renewals(box) == [200]


async def test_a_renewal_goes_on_when_those_who_wait_for_it_are_gone(
    pool: asyncpg.Pool, box: RunningSandbox
) -> None:
    async with amocrm(pool, box) as amo:
        await expired(amo)
        box.behave(hold=TOKENS)
        asking = asyncio.create_task(amo.client.get(CLINIC, "account"))
        await until(lambda: renewals(box), "a token is renewed")
        asking.cancel()
        await asyncio.wait({asking})
        box.behave(hold="")

        assert await amo.client.get(CLINIC, "account")
        assert renewals(box) == [200]


async def test_an_answer_that_was_lost_is_asked_for_again_and_then_needs_a_person(
    pool: asyncpg.Pool, box: RunningSandbox
) -> None:
    async with amocrm(pool, box) as amo:
        await expired(amo)
        box.behave(lost_answers=1)

        with pytest.raises(SourceInvalid, match="refuses its tokens; add it again"):
            await amo.client.get(CLINIC, "account")

        assert len(renewals(box)) == 2
        assert await amo.state() is AccountState.REAUTH_REQUIRED
        with pytest.raises(SourceInvalid, match="refuses its tokens"):
            await amo.client.get(CLINIC, "account")
        assert len(renewals(box)) == 2
        with pytest.raises(ReauthRequired):
            await amo.accounts.resume_account(CLINIC, OLGA)
        await amo.add()
        assert await amo.client.get(CLINIC, "account")


async def test_a_refusal_is_heard_by_all_who_wait(pool: asyncpg.Pool, box: RunningSandbox) -> None:
    async with two_processes(pool, box) as both:
        await expired(both[0])
        box.behave(moved_to="127.0.0.1:1")  # the endpoint knows the account no more

        refused = await asyncio.gather(
            *(amo.client.get(CLINIC, "account") for amo in both), return_exceptions=True
        )

        assert [type(each) for each in refused] == [SourceInvalid] * 2
        assert renewals(box) == [404]


async def test_an_endpoint_that_cannot_be_reached_costs_no_tokens(
    pool: asyncpg.Pool,
) -> None:
    keys = Fernet.generate_key().decode()
    with running_sandbox(World()) as box:
        async with amocrm(pool, box, keys=keys) as amo:
            await expired(amo)
    async with amocrm(pool, box, keys=keys) as amo:
        with pytest.raises(SourceUnavailable, match="does not renew its tokens"):
            await amo.client.get(CLINIC, "account")

        assert await amo.state() is AccountState.ACTIVE


async def test_an_account_that_has_moved_is_followed_and_remembered(
    pool: asyncpg.Pool, box: RunningSandbox
) -> None:
    moved_to = f"localhost:{box.host.partition(':')[2]}"
    async with amocrm(pool, box, also=[moved_to]) as amo:
        await amo.add()
        # The host that the tokens name still answers where the account has gone.
        box.behave(moved_to=moved_to)

        body = await amo.client.get(CLINIC, "account")

        assert body
        assert (await amo.repository.get_account(CLINIC)).host == moved_to


async def test_an_account_is_not_followed_to_a_host_that_is_none_of_amocrms(
    pool: asyncpg.Pool, box: RunningSandbox
) -> None:
    async with amocrm(pool, box) as amo:
        await amo.add()
        box.behave(moved_to=f"localhost:{box.host.partition(':')[2]}")

        with pytest.raises(SourceInvalid, match=r"has moved to .localhost:"):
            await amo.client.get(CLINIC, "account")

        assert {each.host for each in box.requests()} == {box.host}


async def test_a_long_lived_token_that_is_refused_needs_a_person(
    pool: asyncpg.Pool, box: RunningSandbox
) -> None:
    async with amocrm(pool, box) as amo:
        ended = jwt.encode(
            {"exp": datetime.now(UTC) + timedelta(days=3)}, "k" * 32, algorithm="HS256"
        )
        account = await amo.accounts.add_long_lived(CLINIC, box.host, 100, f" {ended}\n", OLGA)
        assert account.access_expires_at

        check = await amo.accounts.check_account(CLINIC)

        assert not check.works
        assert "long-lived token has ended or was revoked" in check.message
        assert check.account.state is AccountState.REAUTH_REQUIRED
        assert not box.requests(TOKENS)


async def test_a_check_says_who_the_account_is_and_when_its_token_ends(
    pool: asyncpg.Pool, box: RunningSandbox
) -> None:
    async with amocrm(pool, box) as amo:
        await amo.add(long_lived=True)
        check = await amo.accounts.check_account(CLINIC)
        assert (check.works, check.message) == (True, "")
        assert (check.account.name, check.account.time_zone) == (
            "Клиника Здоровье",
            "Europe/Moscow",
        )

        soon = datetime.now(UTC) + timedelta(days=3)
        await pool.execute("UPDATE call_sync.account_tokens SET access_expires_at = $1", soon)

        check = await amo.accounts.check_account(CLINIC)
        assert check.works
        assert f"ends on {soon:%Y-%m-%d}" in check.message


async def test_tokens_that_lay_unused_are_renewed_and_others_are_not(
    pool: asyncpg.Pool, box: RunningSandbox
) -> None:
    async with amocrm(pool, box) as amo:
        await expired(amo)
        await amo.accounts.turn()
        assert renewals(box) == []
        await pool.execute("UPDATE call_sync.account_tokens SET renewed_at = now() - interval '8d'")

        await asyncio.gather(amo.accounts.turn(), amo.accounts.turn())

        assert renewals(box) == [200]
        await amo.accounts.turn()
        assert renewals(box) == [200]


async def test_a_code_or_secret_that_is_refused_stores_nothing(
    pool: asyncpg.Pool, box: RunningSandbox
) -> None:
    async with amocrm(pool, box) as amo:
        grant = Grant(kind=GrantKind.CODE, value="wrong")
        integration = Integration(
            client_id=box.client_id, client_secret="wrong", redirect_uri=box.redirect_uri
        )
        with pytest.raises(CredentialsRefused, match="20 minutes"):
            await amo.accounts.add_integration(CLINIC, box.host, 5, integration, grant, OLGA)
        with pytest.raises(CredentialsRefused, match="three parts"):
            await amo.accounts.add_long_lived(CLINIC, box.host, 5, "no token", OLGA)

        assert (await amo.accounts.list_accounts(10, "")).items == []


@pytest.mark.parametrize(
    "host",
    ["evil.example", "amocrm.ru.evil.example", "a.b.amocrm.ru", "www.amocrm.ru", "x@a.amocrm.ru",
     "example.amocrm.ru:8080", "example.amocrm.ru/x", ".amocrm.ru", "127.0.0.1"],
)  # fmt: skip
async def test_a_host_that_is_none_of_amocrms_gets_no_token(
    pool: asyncpg.Pool, box: RunningSandbox, host: str
) -> None:
    async with amocrm(pool, box) as amo:
        with pytest.raises(HostRefused, match="host:"):
            await amo.accounts.add_long_lived(CLINIC, host, 5, box.long_lived_token(), OLGA)


async def test_secrets_are_nowhere_to_be_read(
    pool: asyncpg.Pool, box: RunningSandbox, database: Database
) -> None:
    async with amocrm(pool, box) as amo:
        await amo.add()
        _, credentials = await amo.repository.get_credentials(CLINIC)
        secrets = (credentials.tokens.access_token, box.client_secret)
        stored = str([dict(row) for row in await pool.fetch("TABLE call_sync.account_tokens")])
        async with database.pool("call_sync_app") as readers:
            seen = await readers.fetch("SELECT * FROM call_sync.account_tokens")
            accounts = await readers.fetch("SELECT * FROM call_sync.accounts")

    assert not [secret for secret in secrets if secret in stored or secret in repr(credentials)]
    assert (seen, accounts) == ([], [])


async def test_keys_can_be_replaced_and_the_old_one_forgotten(
    pool: asyncpg.Pool, box: RunningSandbox
) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    async with amocrm(pool, box, keys=old) as amo:
        await amo.add()
    async with amocrm(pool, box, keys=f"{new}, {old}") as amo:
        await amo.accounts.turn()

    _, credentials = await PostgresAccounts(pool, Seal(new)).get_credentials(CLINIC)
    assert credentials.integration
    with pytest.raises(NoSecretsKey, match="POTOK_CALL_SYNC_SECRETS_KEY"):
        await PostgresAccounts(pool, Seal(old)).get_credentials(CLINIC)


async def test_secrets_that_were_moved_to_another_account_are_refused(
    pool: asyncpg.Pool, box: RunningSandbox
) -> None:
    async with amocrm(pool, box) as amo:
        await amo.add()
        other = AccountId("other")
        await amo.accounts.add_long_lived(other, box.host, 5, box.long_lived_token(), OLGA)
        await pool.execute(
            "UPDATE call_sync.account_tokens SET sealed = (SELECT sealed FROM call_sync.account_tokens"
            " WHERE account_id = 'clinic')"
        )

        with pytest.raises(NoSecretsKey, match="another's"):
            await amo.repository.get_credentials(other)


async def test_turns_are_shared_by_processes_and_so_is_being_slowed_down(
    pool: asyncpg.Pool, box: RunningSandbox
) -> None:
    async with amocrm(pool, box) as amo:
        account = await amo.add(rate=1000)
    rates = [PostgresRates(pool), PostgresRates(pool)]

    for number in range(4):
        slots = await rates[number % 2].reserve_slots(CLINIC, 500, 1000)
    assert slots.rate == 1000
    assert 1.5 > slots.first_in > 0.5  # those of the other process come first

    await pool.execute("UPDATE call_sync.account_rates SET changed_at = now() - interval '1 hour'")
    await Limiter(rates[0], 1000).slow_down(account, 100)
    await Limiter(rates[1], 1000).slow_down(account, 50)
    slots = await rates[1].reserve_slots(CLINIC, 1, 1000)
    assert slots.rate == 500
    assert 100 >= slots.first_in > 90

    await rates[0].raise_rate(CLINIC, 1000)
    assert (await rates[1].reserve_slots(CLINIC, 1, 1000)).rate == 500
    await pool.execute("UPDATE call_sync.account_rates SET changed_at = now() - interval '2 min'")
    await rates[0].raise_rate(CLINIC, 800)
    assert (await rates[1].reserve_slots(CLINIC, 1, 1000)).rate == 800


async def test_who_waits_together_reserves_together_and_who_is_gone_takes_no_turn(
    pool: asyncpg.Pool, box: RunningSandbox
) -> None:
    async with amocrm(pool, box) as amo:
        account = await amo.add(rate=1000)

    class Counting(PostgresRates):
        reserved: list[int] = []  # noqa: RUF012

        async def reserve_slots(self, account_id: AccountId, slots: int, top: float) -> Any:
            self.reserved.append(slots)
            return await super().reserve_slots(account_id, slots, top)

    limiter = Limiter(Counting(pool), 1000)
    gone = asyncio.create_task(limiter.turn(account))
    async with asyncio.TaskGroup() as tasks:
        for _ in range(20):
            tasks.create_task(limiter.turn(account))
        gone.cancel()

    assert sum(Counting.reserved) <= 21
    assert len(Counting.reserved) <= 3
