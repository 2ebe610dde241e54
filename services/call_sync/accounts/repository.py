"""Accounts in Postgres: their secrets encrypted, their tokens under a lock, their rates shared by all processes."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import asyncpg

from services.call_sync.accounts.domain import (
    Account,
    AccountCredentials,
    AccountId,
    AccountKind,
    AccountNotFound,
    AccountState,
)
from services.call_sync.accounts.ports import Renewal, Slots
from services.call_sync.accounts.sealing import Seal
from services.call_sync.audit.repository import keep_account_change
from services.kernel.clock import utc_now
from services.kernel.postgres import Connection, load_queries
from services.status.domain import AuditAction

_QUERIES = load_queries(__file__)


class PostgresAccounts:
    """Implements AccountRepository."""

    def __init__(self, pool: asyncpg.Pool, seal: Seal) -> None:
        self._pool = pool
        self._seal = seal

    async def get_account(self, account_id: AccountId) -> Account:
        row = await _QUERIES.get_account(self._pool, account_id=account_id)
        return _account(_found(row, account_id))

    async def list_accounts(self, after: AccountId, limit: int) -> list[Account]:
        rows = _QUERIES.list_accounts(self._pool, after=after, most=limit)
        return [_account(row) async for row in rows]

    def check_key(self) -> None:
        self._seal.check_key()

    async def put_account(
        self, account: Account, credentials: AccountCredentials, actor: str
    ) -> None:
        account_id = account.account_id
        sealed = self._seal.seal(account_id, credentials)
        async with self._holding(account_id) as connection:
            await _QUERIES.put_account(
                connection,
                account_id=account_id,
                host=account.host,
                kind=account.kind.value,
                requests_per_second=account.requests_per_second,
            )
            await _QUERIES.put_rate(
                connection, account_id=account_id, rate=account.requests_per_second
            )
            await _QUERIES.put_tokens(
                connection,
                account_id=account_id,
                sealed=sealed,
                access_expires_at=credentials.tokens.access_expires_at,
            )
            action = AuditAction.ADD_ACCOUNT
            await keep_account_change(
                connection, actor, action, account_id, utc_now(), account.host
            )

    async def delete_account(self, account_id: AccountId, actor: str) -> None:
        async with self._holding(account_id) as connection:
            _found(await _QUERIES.delete_account(connection, account_id=account_id), account_id)
            action = AuditAction.DELETE_ACCOUNT
            await keep_account_change(connection, actor, action, account_id, utc_now())

    async def get_credentials(self, account_id: AccountId) -> tuple[Account, AccountCredentials]:
        row = _found(await _QUERIES.get_credentials(self._pool, account_id=account_id), account_id)
        return _account(row), self._seal.open(account_id, row["sealed"])

    @contextlib.asynccontextmanager
    async def renewal(self, account_id: AccountId) -> AsyncIterator[Renewal]:
        async with self._holding(account_id) as connection:
            row = await _QUERIES.get_credentials(connection, account_id=account_id)
            yield _Renewal(connection, _found(row, account_id), self._seal)

    async def pause(self, account_id: AccountId, message: str, resume_at: datetime | None) -> None:
        await _QUERIES.pause_account(
            self._pool, account_id=account_id, message=message, resume_at=resume_at
        )

    async def resume(self, account_id: AccountId, actor: str) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            if await _QUERIES.resume_account(connection, account_id=account_id):
                action = AuditAction.RESUME_ACCOUNT
                await keep_account_change(connection, actor, action, account_id, utc_now())

    async def set_description(self, account_id: AccountId, name: str, time_zone: str) -> None:
        await _QUERIES.set_description(
            self._pool, account_id=account_id, name=name, time_zone=time_zone
        )

    async def list_unrenewed(self, before: datetime) -> Sequence[AccountId]:
        rows = _QUERIES.list_unrenewed(self._pool, before=before)
        return [AccountId(row["account_id"]) async for row in rows]

    async def reseal(self) -> int:
        old = [
            row
            async for row in _QUERIES.list_sealed(self._pool)
            if not self._seal.is_current(row["sealed"])
        ]
        changed = 0
        for row in old:
            account_id = AccountId(row["account_id"])
            resealed = self._seal.seal(account_id, self._seal.open(account_id, row["sealed"]))
            done = await _QUERIES.reseal(
                self._pool, account_id=account_id, sealed=row["sealed"], resealed=resealed
            )
            changed += done is not None
        return changed

    @contextlib.asynccontextmanager
    async def _holding(self, account_id: AccountId) -> AsyncIterator[Connection]:
        """Open a transaction in which nobody else changes the account's tokens."""
        async with self._pool.acquire() as connection, connection.transaction():
            await _QUERIES.allow_slow_renewal(connection)
            await _QUERIES.lock_tokens(connection, account_id=account_id)
            yield connection


class _Renewal:
    """Implements Renewal."""

    def __init__(self, connection: Connection, row: asyncpg.Record, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal
        self._sealed: bytes = row["sealed"]
        self.account = _account(row)

    @property
    def credentials(self) -> AccountCredentials:
        return self._seal.open(self.account.account_id, self._sealed)

    async def keep(self, credentials: AccountCredentials, host: str) -> None:
        account_id = self.account.account_id
        await _QUERIES.put_tokens(
            self._connection,
            account_id=account_id,
            sealed=self._seal.seal(account_id, credentials),
            access_expires_at=credentials.tokens.access_expires_at,
        )
        await _QUERIES.set_host(self._connection, account_id=account_id, host=host)

    async def refuse(self, message: str) -> None:
        await _QUERIES.require_reauth(
            self._connection, account_id=self.account.account_id, message=message
        )


class PostgresRates:
    """Implements Rates, by the clock of the database."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def reserve_slots(self, account_id: AccountId, slots: int, top: float) -> Slots:
        row = await _QUERIES.reserve_slots(self._pool, account_id=account_id, slots=slots, top=top)
        found = _found(row, account_id)
        return Slots(first_in=found["first_in"], rate=found["rate"])

    async def halve_rate(self, account_id: AccountId, wait_seconds: float) -> None:
        await _QUERIES.halve_rate(self._pool, account_id=account_id, wait_seconds=wait_seconds)

    async def raise_rate(self, account_id: AccountId, top: float) -> None:
        await _QUERIES.raise_rate(self._pool, account_id=account_id, top=top)


def _found(row: asyncpg.Record | None, account_id: AccountId) -> asyncpg.Record:
    if row is None:
        raise AccountNotFound(f"account {account_id} is not known")
    return row


def _account(row: asyncpg.Record) -> Account:
    return Account(
        account_id=AccountId(row["account_id"]),
        host=row["host"],
        kind=AccountKind(row["kind"]),
        state=AccountState(row["state"]),
        message=row["message"],
        resume_at=row["resume_at"],
        requests_per_second=row["requests_per_second"],
        name=row["name"],
        time_zone=row["time_zone"],
        access_expires_at=row["access_expires_at"],
    ).at(utc_now())
