"""What every service stands on while it runs: its database, its identity, channels to other services, a server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import asyncpg
import grpc

from services.kernel.postgres import Probe, Reading, open_pool, open_readers, reading
from services.kernel.presence import Presence
from services.kernel.rpc.client import channel_to
from services.kernel.rpc.interceptors import Codec
from services.kernel.rpc.server import serving
from services.kernel.settings import ServiceSettings
from services.kernel.tasks import cancel
from services.status.identity import EVERYTHING
from services.status.rpc.access import Identity, identity_of, reading_for_caller
from services.status.rpc.deadlines import deadlines_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """One process of a service."""

    service: str
    identity: Identity
    pool: asyncpg.Pool
    """Connections as the system role, which sees the rows of every owner."""
    readers: asyncpg.Pool
    """Connections as the app role, which row-level security holds for."""
    presence: Presence
    """Whether the database does its work."""
    stack: AsyncExitStack
    """Closes at the end what is opened on the way, in reverse order."""

    @property
    def reading_for_caller(self) -> Reading:
        """What reads as the caller of the RPC under way."""
        return reading_for_caller(self.readers)

    @property
    def reading_all(self) -> Reading:
        """What reads the rows of every owner."""
        return partial(reading, self.pool, EVERYTHING)

    async def opened(self, what: AbstractAsyncContextManager[T]) -> T:
        """Open something until the replica ends."""
        return await self.stack.enter_async_context(what)

    def run(self, *loops: Coroutine[Any, Any, object]) -> None:
        """Run loops until the replica ends."""
        self.stack.push_async_callback(cancel, *map(asyncio.create_task, loops))

    async def channel_to(self, address: str) -> grpc.aio.Channel:
        """Open a channel to another service, until the replica ends; its calls say who makes them."""
        return await self.opened(
            channel_to(address, self.identity.signer.token, self.identity.signer.renew)
        )


@contextlib.asynccontextmanager
async def replica_of(service: str, settings: ServiceSettings) -> AsyncIterator[Replica]:
    """Open what a service stands on, and close it at the end in reverse order.

    Ends the process where its keys are not usable, or its app role sees more than it may.
    """
    identity = identity_of(service, settings)
    dsn = settings.database_url.get_secret_value()
    app_dsn = settings.app_database_url.get_secret_value()
    size, pooled = settings.pool_size, settings.database_pooled
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(dsn, size, pooled=pooled))
        readers = await stack.enter_async_context(open_readers(app_dsn, size, pooled=pooled))
        probe = Probe(dsn, (pool, readers), pooled=pooled)
        stack.callback(probe.close)
        presence = Presence(probe.ask)
        replica = Replica(
            service=service,
            identity=identity,
            pool=pool,
            readers=readers,
            presence=presence,
            stack=stack,
        )
        replica.run(presence.run())
        yield replica


def serving_as(
    identity: Identity,
    settings: ServiceSettings,
    register: Callable[[grpc.aio.Server], object],
    services: Sequence[str],
    *,
    presence: Presence | None = None,
    codecs: Mapping[str, Codec] | None = None,
    drain: Callable[[], Awaitable[object]] | None = None,
) -> AbstractAsyncContextManager[int]:
    """Serve `services`, full names of protos that `register` adds, as the settings and the protos say.

    `presence`, `codecs` and `drain` are those of `kernel.rpc.server.serving`; yields the port.
    """
    return serving(
        settings.listen,
        register,
        services=services,
        guard=identity.guard,
        presence=presence,
        codecs=codecs,
        deadlines=deadlines_of(services),
        calls=settings.calls_per_caller,
        reflect=settings.reflection,
        grace=settings.drain,
        drain=drain,
    )
