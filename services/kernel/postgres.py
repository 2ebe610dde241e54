"""Postgres as the services use it: pools, queries by name, notifications as hints."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import aiosql
import asyncpg
import stamina
import structlog

log = structlog.get_logger()

UNREACHABLE = (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError)
"""What a connection raises while Postgres is away."""

FAILURES = (*UNREACHABLE, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)
"""What a statement raises that may work when it is tried again later."""

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
ConnectionOrPool = Connection | asyncpg.Pool
"""What runs a query; on a pool each query is a transaction of its own."""
Reading = Callable[[], AbstractAsyncContextManager[Connection]]
"""Opens a read-only transaction for as long as its block lasts."""

_SEES_ALL = r"""
SELECT rolsuper OR rolbypassrls OR rolname LIKE '%\_system' FROM pg_roles WHERE rolname = current_user
"""

STATEMENT_TIMEOUT = "30s"
IDLE_TIMEOUT = "10s"
"""A process that is frozen inside a transaction keeps its locks no longer."""


def load_queries(module_file: str) -> Any:
    """Load the `queries.sql` beside a module."""
    return aiosql.from_path(Path(module_file).with_name("queries.sql"), "asyncpg")


@contextlib.asynccontextmanager
async def open_pool(dsn: str, size: int, **settings: str) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool, waiting up to a minute for Postgres to come up; closes it at the end."""
    async for attempt in stamina.retry_context(
        on=UNREACHABLE, attempts=None, timeout=60, wait_initial=0.1, wait_max=2
    ):
        with attempt:
            pool = await asyncpg.create_pool(
                dsn,
                min_size=1,
                max_size=size,
                reset=_keep,
                command_timeout=60,
                server_settings={
                    "statement_timeout": STATEMENT_TIMEOUT,
                    "idle_in_transaction_session_timeout": IDLE_TIMEOUT,
                    "jit": "off",
                    **settings,
                },
            )
    try:
        yield pool
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(pool.close(), 10)
        pool.terminate()


async def _keep(connection: Connection) -> None:
    """Leave a session as it is when it goes back to its pool, which saves every statement a second round trip.

    Nothing is set, locked or listened for in a session of a pool but until the transaction ends, and an open
    transaction is rolled back before this.
    """


@contextlib.asynccontextmanager
async def open_readers(dsn: str, size: int) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool of an app role; ends the process where row-level security would not hold for its role."""
    async with open_pool(dsn, size) as pool:
        if await pool.fetchval(_SEES_ALL):
            raise SystemExit(
                "APP_DATABASE_URL: its role is no app role, row-level security does not hold for it"
            )
        yield pool


@contextlib.asynccontextmanager
async def reading(pool: asyncpg.Pool, scope: str) -> AsyncIterator[Connection]:
    """Open one snapshot of the rows of `scope`: owners separated by commas, or `*` for everybody's.

    That is what row-level security goes by where the pool is of an app role; a system role sees all.
    """
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await connection.execute("SELECT set_config('potok.owners', $1, true)", scope)
        yield connection


async def listen(dsn: str, channel: str, notify: Callable[[str], None]) -> None:
    """Call `notify(payload)` for every notification on `channel`, reconnecting for ever.

    A notification is a hint only: `notify("")` follows every (re)connection, since any number may have been lost.
    The connection is probed every five seconds, because a dead one says nothing.
    """
    while True:
        try:
            connection = await asyncpg.connect(dsn, timeout=5)
            try:
                await connection.add_listener(channel, lambda *args: notify(str(args[3])))
                notify("")
                while True:
                    await asyncio.sleep(5)
                    await connection.execute("SELECT 1", timeout=2)
            finally:
                connection.terminate()
        except FAILURES as error:
            log.warning("listener_lost", channel=channel, error=str(error))
            await asyncio.sleep(0.5)
