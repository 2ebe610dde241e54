"""Calls to other services: a channel that stays up, and errors in the words of the domain."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, cast

import grpc

from services.kernel.rpc.errors import domain_error

OPTIONS = [
    ("grpc.enable_http_proxy", 0),  # a proxy of the environment is for the world outside
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 60_000),  # a busy machine may take long to answer
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_receive_message_length", 16 << 20),
]


Metadata = Sequence[tuple[str, str]]
_CALLS = {"unary_unary", "unary_stream", "stream_unary", "stream_stream"}


class _Identified:
    """A channel whose calls carry a token.

    An interceptor would do the same, but it puts itself between a stream and each of its messages.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        token: Callable[[], str],
        renew: Callable[[], object] | None,
    ) -> None:
        self._channel = channel
        self._token = token
        self._renew = renew

    def __getattr__(self, name: str) -> Any:
        """Return what stubs make their calls with, or anything else that a channel has."""
        found = getattr(self._channel, name)
        if name not in _CALLS:
            return found

        renew = self._renew

        def identified(*args: Any, **options: Any) -> Any:
            call = found(*args, **options)

            def begun(*request: Any, metadata: Metadata = (), **given: Any) -> Any:
                return call(*request, metadata=(*metadata, self._authorization()), **given)

            async def answered(*request: Any, **given: Any) -> Any:
                """Call once more where the token was refused: a clock may have been set since it was made."""
                try:
                    return await begun(*request, **given)
                except grpc.aio.AioRpcError as error:
                    if not renew or error.code() is not grpc.StatusCode.UNAUTHENTICATED:
                        raise
                    renew()
                return await begun(*request, **given)

            return answered if renew and name == "unary_unary" else begun

        return identified

    def _authorization(self) -> tuple[str, str]:
        return ("authorization", f"Bearer {self._token()}")


@contextlib.asynccontextmanager
async def channel_to(
    address: str, token: Callable[[], str], renew: Callable[[], object] | None = None
) -> AsyncIterator[grpc.aio.Channel]:
    """Open a channel to `host:port` for stubs; each call carries what `token` returns then.

    A call with one answer whose token is refused is made once more after `renew`.

    It connects at the first call and again after a loss.
    """
    async with grpc.aio.insecure_channel(address, options=OPTIONS) as channel:
        yield cast(grpc.aio.Channel, _Identified(channel, token, renew))


@contextlib.contextmanager
def errors_of(service: str) -> Iterator[None]:
    """Turn a failed call inside the block into the DomainError it means."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise domain_error(error, service) from error
