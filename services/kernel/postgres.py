"""Postgres as the services use it: pools, queries by name, notifications as hints, a probe."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import aiosql
import asyncpg
import stamina

from services.kernel.errors import DatabaseAway
from services.kernel.outage import Outage
from services.kernel.postgres_errors import READ_ONLY, is_outdated, is_read_only, why_away

P = ParamSpec("P")
T = TypeVar("T")

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
CONNECT_SECONDS = 5
COMMAND_SECONDS = 45
"""Longer than a statement may take: whoever says nothing until then is cut off."""
RELEASE_SECONDS = 3
"""A connection that a call was taken away from has so long to come to itself, or it is closed."""
PROBE_SECONDS = 3
START_SECONDS = 60


class _Connection(asyncpg.Connection):
    """One that knows when it is no good any more."""

    read_only = False
    """It has refused a change. After a fail-over it would do so for ever."""

    # Every statement with arguments comes by here, whichever method it was given to.
    async def _do_execute(self, *args: Any, **options: Any) -> Any:
        try:
            return await super()._do_execute(*args, **options)  # type: ignore[misc]
        except asyncpg.PostgresError as error:
            self.read_only = self.read_only or is_read_only(error)
            raise

    def get_reset_query(self) -> str:
        """Leave a session as it is when it goes back to its pool, which saves every statement a second round trip.

        Nothing is set, locked or listened for in a session of a pool but until the transaction ends.
        """
        return ""


class _Pool(asyncpg.Pool):
    """Gives a connection back in bounded time, and not one that is no good any more."""

    async def release(
        self,
        connection: asyncpg.pool.PoolConnectionProxy,
        *,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> None:
        if getattr(connection, "read_only", False):
            connection.terminate()
        # One that cannot be given back has been closed; that is no fault of the work that was done by it.
        with contextlib.suppress(Exception):
            await super().release(connection, timeout=timeout or RELEASE_SECONDS)


def load_queries(module_file: str) -> Any:
    """Load the `queries.sql` beside a module."""
    return aiosql.from_path(Path(module_file).with_name("queries.sql"), "asyncpg")


def session(*, pooled: bool, **settings: str) -> dict[str, Any]:
    """Return what a connection is opened with so that its session has these settings, beside those of all.

    Where a pooler stands before Postgres that hands sessions on after each transaction (`pooled`), nothing can be kept
    in one: no prepared statement, and the settings have to be those of the role.
    """
    if pooled:
        return {"statement_cache_size": 0, "connection_class": _Connection}
    given = {
        "statement_timeout": STATEMENT_TIMEOUT,
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT,
        "jit": "off",
        **settings,
    }
    return {"server_settings": given, "connection_class": _Connection}


@contextlib.asynccontextmanager
async def open_pool(
    dsn: str, size: int, *, pooled: bool = False, **settings: str
) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool, waiting up to a minute for Postgres to come up; closes it at the end.

    Ends the process where it has not come by then. `pooled` and `settings` are those of `session`.
    """
    try:
        async for attempt in stamina.retry_context(
            on=lambda error: why_away(error) is not None,
            attempts=None,
            timeout=START_SECONDS,
            wait_initial=0.1,
            wait_max=2,
        ):
            with attempt:
                pool = await _pool(dsn, 1, size, session(pooled=pooled, **settings))
    except Exception as error:
        if (why := why_away(error)) is None:
            raise
        raise SystemExit(f"DATABASE_URL: {why} ({error})") from None
    async with _closed_in_time(pool):
        yield pool


@contextlib.asynccontextmanager
async def open_pool_lazily(
    dsn: str, size: int, *, pooled: bool = False
) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool that connects at its first use, for a database that a service can begin without."""
    pool = await _pool(dsn, 0, size, session(pooled=pooled))
    async with _closed_in_time(pool):
        yield pool


def _pool(dsn: str, least: int, most: int, session: Mapping[str, Any]) -> asyncpg.Pool:
    return _Pool(
        dsn,
        min_size=least,
        max_size=most,
        max_queries=50_000,
        max_inactive_connection_lifetime=300.0,
        loop=None,
        record_class=asyncpg.Record,
        timeout=CONNECT_SECONDS,
        command_timeout=COMMAND_SECONDS,
        **session,
    )


@contextlib.asynccontextmanager
async def _closed_in_time(pool: asyncpg.Pool) -> AsyncIterator[None]:
    try:
        yield
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(pool.close(), RELEASE_SECONDS)
        pool.terminate()


class Probe:
    """Asks Postgres whether it takes changes, by a connection of its own, so that a busy pool is no outage.

    Where it does not, its pools open their connections anew: those they have may lead to a server that is no more.
    """

    def __init__(self, dsn: str, pools: Iterable[asyncpg.Pool], *, pooled: bool = False) -> None:
        self._dsn = dsn
        self._pools = tuple(pools)
        self._pooled = pooled
        self._connection: asyncpg.Connection | None = None

    async def ask(self) -> None:
        """Return where all is well, in bounded time; raises what is wrong."""
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await asyncpg.connect(
                        self._dsn, timeout=CONNECT_SECONDS, **session(pooled=self._pooled)
                    )
                found = await self._connection.fetchval(
                    "SELECT current_setting('transaction_read_only')"
                )
            if found == "on":
                raise DatabaseAway(READ_ONLY)
        except BaseException:
            self.close()
            for pool in self._pools:
                await pool.expire_connections()
            raise

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


@contextlib.asynccontextmanager
async def open_readers(dsn: str, size: int, *, pooled: bool = False) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool of an app role; ends the process where row-level security would not hold for its role."""
    async with open_pool(dsn, size, pooled=pooled) as pool:
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
    outage = Outage(f"listen {channel}")
    while True:
        with outage.outlived():
            connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)
            try:
                await connection.add_listener(channel, lambda *args: notify(str(args[3])))
                notify("")
                outage.end()
                while True:
                    await asyncio.sleep(5)
                    await connection.execute("SELECT 1", timeout=2)
            finally:
                connection.terminate()
        await asyncio.sleep(0.5)


def afresh(read: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Have a reading made once more where a statement is older than the tables, as in a release: it is prepared anew.

    For what changes nothing, in a transaction of its own; outside of one the driver does the same by itself.
    """

    @functools.wraps(read)
    async def twice(*args: P.args, **options: P.kwargs) -> T:
        try:
            return await read(*args, **options)
        except Exception as error:
            if not is_outdated(error):
                raise
        return await read(*args, **options)

    return twice
