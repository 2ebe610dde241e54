"""Channels to the replicas of a service, and what a refusal that came over one carries."""

import contextlib
from collections.abc import AsyncIterator, Iterable

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

CHANNEL_OPTIONS = [
    ("grpc.enable_http_proxy", 0),  # a proxy of the environment is for the world outside
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.max_receive_message_length", 16 << 20),
]
"""Notices a peer that is gone within 80 s, and looks for one that was away every 2 s."""


@contextlib.asynccontextmanager
async def channels(addresses: Iterable[str]) -> AsyncIterator[list[grpc.aio.Channel]]:
    """Open a channel for each `host:port` until the block ends; nothing is sent before the first call."""
    async with contextlib.AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
            )
            for address in addresses
        ]


def error_info(error: grpc.aio.AioRpcError) -> error_details_pb2.ErrorInfo:
    """Return the ErrorInfo of a refusal: its `reason` and `metadata`; empty where it has none."""
    info = error_details_pb2.ErrorInfo()
    rich = rpc_status.from_call(error)  # type: ignore[arg-type]  # aio errors have what it reads
    for detail in rich.details if rich else ():
        if detail.Unpack(info):
            break
    return info
