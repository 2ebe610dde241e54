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

from services.kernel.rpc.interceptors import Codec, EdgeInterceptor, Guard

log = structlog.get_logger()

Context = grpc.aio.ServicerContext[Any, Any]
"""The call that a handler answers."""

OPTIONS = [
    ("grpc.so_reuseport", 0),  # a second server on the port must fail, not share it
    ("grpc.max_receive_message_length", 4 << 20),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 30_000),
]


@contextlib.asynccontextmanager
async def serving(
    listen: str,
    register: Callable[[grpc.aio.Server], object],
    *,
    services: Sequence[str],
    guard: Guard,
    codecs: Mapping[str, Codec] | None = None,
    deadlines: Mapping[str, timedelta] | None = None,
    reflect: bool = False,
    grace: timedelta = timedelta(0),
    drain: Callable[[], Awaitable[object]] | None = None,
) -> AsyncIterator[int]:
    """Serve until the block ends; yields the port.

    The end is: NOT_SERVING, then `drain()` (streams close themselves), then `grace` for calls under way.
    `services` are full proto names, for reflection.
    """
    server = grpc.aio.server(
        interceptors=[EdgeInterceptor(guard, codecs, deadlines)], options=OPTIONS
    )
    register(server)
    checks = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    if reflect:
        reflection.enable_server_reflection([*services, reflection.SERVICE_NAME], server)
    port = server.add_insecure_port(listen)
    await server.start()
    for name in ("", *services):
        await checks.set(name, health_pb2.HealthCheckResponse.SERVING)
    log.info("serving", listen=listen, port=port)
    try:
        yield port
    finally:
        await checks.enter_graceful_shutdown()
        if drain is not None:
            await drain()
        await server.stop(grace.total_seconds())


async def until_stopped() -> None:
    """Wait for SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    log.info("stopping")
