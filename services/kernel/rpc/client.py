"""Calls to other services: a channel that stays up, and errors in the words of the domain."""

import contextlib
from collections.abc import Iterator

import grpc

from services.kernel.rpc.errors import domain_error

OPTIONS = [
    ("grpc.enable_http_proxy", 0),  # a proxy of the environment is for the world outside
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_receive_message_length", 16 << 20),
]


def channel_to(address: str) -> grpc.aio.Channel:
    """Return a channel to `host:port`; it connects at the first call and again after a loss."""
    return grpc.aio.insecure_channel(address, options=OPTIONS)


@contextlib.contextmanager
def errors_of(service: str) -> Iterator[None]:
    """Turn a failed call inside the block into the DomainError it means."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise domain_error(error, service) from error
