"""A gRPC server with health, reflection by a setting, and an orderly end."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha import reflection

from services.kernel.presence import Presence
from services.kernel.rpc.interceptors import CALLS, FIRST_MESSAGE, Codec, EdgeInterceptor, Guard
from services.kernel.tasks import cancel

log = structlog.get_logger()

Context = grpc.aio.ServicerContext[Any, Any]
"""The call that a handler answers."""

OPTIONS = [
    ("grpc.so_reuseport", 0),  # a second server on the port must fail, not share it
    ("grpc.max_receive_message_length", 4 << 20),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 60_000),  # a busy machine may take long to answer
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 30_000),
]

LAST_SECONDS = 0.5
"""Seconds that calls under way have where a drain took all of the grace."""


@contextlib.asynccontextmanager
async def serving(
    listen: str,
    register: Callable[[grpc.aio.Server], object],
    *,
    services: Sequence[str],
    guard: Guard,
    presence: Presence | None = None,
    codecs: Mapping[str, Codec] | None = None,
    deadlines: Mapping[str, timedelta] | None = None,
    calls: int = CALLS,
    first_message: timedelta = FIRST_MESSAGE,
    reflect: bool = False,
    grace: timedelta = timedelta(0),
    drain: Callable[[], Awaitable[object]] | None = None,
) -> AsyncIterator[int]:
    """Serve until the block ends; yields the port.

    The end is: NOT_SERVING, then `drain()` (streams close themselves), then what is left of `grace` for calls under way.
    `services` are full proto names, for reflection. Health follows `presence`. A caller has at most `calls` calls under
    way, and a call has its message within `first_message`.
    """
    edge = EdgeInterceptor(
        guard, codecs, deadlines, presence, first_message=first_message, calls=calls
    )
    checks = health.HealthServicer()

    async def opened(at: str) -> tuple[grpc.aio.Server, int, "asyncio.Task[object]"]:
        server = grpc.aio.server(interceptors=[edge], options=OPTIONS)
        register(server)
        health_pb2_grpc.add_HealthServicer_to_server(checks, server)
        if reflect:
            reflection.enable_server_reflection([*services, reflection.SERVICE_NAME], server)
        port = server.add_insecure_port(at)
        return server, port, await _started(server)

    server, port, taking = await opened(listen)

    async def keep() -> None:
        nonlocal server, taking
        while True:
            await asyncio.wait({taking})
            log.error("server_broke", error=repr(taking.exception()))
            await server.stop(None)
            try:
                server, _, taking = await opened(f"{listen.rpartition(':')[0]}:{port}")
            except RuntimeError as error:  # somebody was faster at the port
                log.error("not_serving", error=str(error))  # noqa: TRY400 - it says all
                await asyncio.sleep(1)

    await _tell(checks, ("", *services), serving=True)
    following = asyncio.create_task(_follow(presence, checks, services)) if presence else None
    log.info("serving", listen=listen, port=port)
    kept = asyncio.create_task(keep())
    try:
        yield port
    finally:
        await cancel(kept, following)
        seconds, now = grace.total_seconds(), asyncio.get_running_loop().time
        ends_at = now() + seconds
        await checks.enter_graceful_shutdown()
        if drain is not None:
            await drain()
        await server.stop(min(max(ends_at - now(), LAST_SECONDS), seconds))


async def _follow(
    presence: Presence, checks: health.HealthServicer, services: Sequence[str]
) -> None:
    """Say NOT_SERVING while the database is away."""
    why = ""
    while True:
        why = await presence.changed(why)
        await _tell(checks, ("", *services), serving=not why)


async def _tell(checks: health.HealthServicer, names: Sequence[str], *, serving: bool) -> None:
    status = health_pb2.HealthCheckResponse
    for name in names:
        await checks.set(name, status.SERVING if serving else status.NOT_SERVING)


async def _started(server: grpc.aio.Server) -> "asyncio.Task[object]":
    """Start a server, and return the task in which it takes calls.

    It ends when a path is no UTF-8, which gRPC decodes where nothing can catch it; a server without it takes no call.
    """
    before = asyncio.all_tasks()
    await server.start()
    return next(
        task
        for task in asyncio.all_tasks() - before
        if "_server_main_loop" in getattr(task.get_coro(), "__qualname__", "")
    )


async def until_stopped() -> None:
    """Wait for SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    log.info("stopping")
