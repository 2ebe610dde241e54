"""Asks servers whether they are ready, until they are or the time is up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc


async def not_ready(
    addresses: Mapping[str, str],
    *,
    within: float,
    plain: Collection[str] = (),
    doors: Collection[str] = (),
) -> list[str]:
    """Wait until every address is ready; at most `within` seconds.

    `addresses` are `host:port` by name: a gRPC server whose health service says SERVING, or one of the
    `plain` names that takes connections, or one of the `doors` that says it reaches all behind it.
    Returns the names of those that are not ready.
    """
    async with probing(addresses, plain=plain, doors=doors) as waits:
        await asyncio.wait(waits.values(), timeout=within)
        return [name for name, wait in waits.items() if not wait.done()]


@contextlib.asynccontextmanager
async def probing(
    addresses: Mapping[str, str], *, plain: Collection[str] = (), doors: Collection[str] = ()
) -> AsyncIterator[Mapping[str, "asyncio.Task[None]"]]:
    """Ask every address until the block ends; yields by its name a task that ends once it is ready."""
    probes = dict.fromkeys(plain, _taking) | dict.fromkeys(doors, _open)
    waits = {
        name: asyncio.create_task(probes.get(name, _serving)(address))
        for name, address in addresses.items()
    }
    try:
        yield waits
    finally:
        for wait in waits.values():
            wait.cancel()
        await asyncio.gather(*waits.values(), return_exceptions=True)


async def _taking(address: str) -> None:
    host, _, port = address.rpartition(":")
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
            return
        await asyncio.sleep(0.1)


async def _open(address: str) -> None:
    host, _, port = address.rpartition(":")
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"GET /readyz HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n")
            status = await reader.readline()
            writer.close()
            if b" 200 " in status:
                return
        await asyncio.sleep(0.1)


async def _serving(address: str) -> None:
    # A proxy of the environment is not for what runs beside us.
    options = [("grpc.enable_http_proxy", 0), ("grpc.max_reconnect_backoff_ms", 500)]
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)  # its types lack the methods
        while True:
            if await _asked(health):
                return
            await asyncio.sleep(0.1)


async def _asked(health: Any) -> bool:
    try:
        answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=2)
    except grpc.aio.AioRpcError:
        return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
