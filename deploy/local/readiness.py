"""Asks gRPC servers whether they are ready, until they are or the time is up."""

import asyncio
from collections.abc import Mapping
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc


async def not_ready(addresses: Mapping[str, str], *, within: float) -> list[str]:
    """Wait until the health service of every address says SERVING; at most `within` seconds.

    `addresses` are `host:port` by name. Returns the names of those that did not: none is good.
    """
    async with asyncio.TaskGroup() as group:
        waits = {
            name: group.create_task(_serving(address, within=within))
            for name, address in addresses.items()
        }
    return [name for name, wait in waits.items() if not wait.result()]


async def _serving(address: str, *, within: float) -> bool:
    try:
        async with asyncio.timeout(within):
            # A proxy of the environment is not for what runs beside us.
            options = [("grpc.enable_http_proxy", 0), ("grpc.max_reconnect_backoff_ms", 500)]
            async with grpc.aio.insecure_channel(address, options=options) as channel:
                health: Any = health_pb2_grpc.HealthStub(channel)  # its types lack the methods
                while True:
                    if await _asked(health):
                        return True
                    await asyncio.sleep(0.1)
    except TimeoutError:
        return False


async def _asked(health: Any) -> bool:
    try:
        answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=2)
    except grpc.aio.AioRpcError:
        return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
