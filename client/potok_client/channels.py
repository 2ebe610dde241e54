"""Channels to the replicas of a service, and what a refusal that came over one carries."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, cast

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

CHANNEL_OPTIONS = [
    ("grpc.enable_http_proxy", 0),  # a proxy of the environment is for the world outside
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 60_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.max_receive_message_length", 16 << 20),
]
"""Options by which a lost peer is noticed within 80 s, and looked for again every 2 s."""


_CALLS = {"unary_unary", "unary_stream", "stream_unary", "stream_stream"}


class _Identified:
    """A channel whose calls carry a token; an interceptor would come between a stream and each of its messages."""

    def __init__(self, channel: grpc.aio.Channel, token: Callable[[], str]) -> None:
        self._channel = channel
        self._token = token

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the channel; what makes calls makes them with the token."""
        found = getattr(self._channel, name)
        if name not in _CALLS:
            return found

        def identified(*args: Any, **options: Any) -> Any:
            call = found(*args, **options)
            return lambda *request, metadata=(), **given: call(
                *request,
                metadata=(*metadata, ("authorization", f"Bearer {self._token()}")),
                **given,
            )

        return identified


@contextlib.asynccontextmanager
async def channels(
    addresses: Iterable[str], token: Callable[[], str]
) -> AsyncIterator[list[grpc.aio.Channel]]:
    """Open a channel for each address until the block ends; nothing is sent before the first call.

    An address is `host:port` or `http://host:port`, or `https://host[:port]` where TLS is spoken. Each call carries what
    `token` returns then, so that a watch goes on with a new one when the old has expired.
    """
    async with contextlib.AsyncExitStack() as stack:
        yield [
            cast(
                grpc.aio.Channel,
                _Identified(await stack.enter_async_context(_channel(address)), token),
            )
            for address in addresses
        ]


def _channel(address: str) -> grpc.aio.Channel:
    kind, _, target = address.rpartition("://")
    if kind == "https":
        credentials = grpc.ssl_channel_credentials()
        return grpc.aio.secure_channel(target.rstrip("/"), credentials, options=CHANNEL_OPTIONS)
    return grpc.aio.insecure_channel(target.rstrip("/"), options=CHANNEL_OPTIONS)


def error_info(error: grpc.aio.AioRpcError) -> error_details_pb2.ErrorInfo:
    """Return the ErrorInfo of a refusal: its `reason` and `metadata`; empty where it has none."""
    info = error_details_pb2.ErrorInfo()
    rich = rpc_status.from_call(error)  # type: ignore[arg-type]  # aio errors have what it reads
    for detail in rich.details if rich else ():
        if detail.Unpack(info):
            break
    return info
