"""What happens around every RPC: its caller and rules are checked, its errors mapped, one line is logged."""

import asyncio
import contextlib
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import grpc
import protovalidate
import structlog
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2

from services.kernel.errors import DatabaseAway
from services.kernel.presence import Presence
from services.kernel.rpc.errors import abort, abort_with
from services.kernel.rpc.sentences import rule_sentence
from services.kernel.rpc.text import unstorable

log = structlog.get_logger()

DEADLINE = timedelta(seconds=10)
"""No unary call takes longer, whatever its caller allows, unless the server is given another deadline for it."""
AWAY_SECONDS = 2.0
"""Nor longer than this where the database is known to be away as it begins."""

Handler = Any  # grpc.RpcMethodHandler is generic for the type checker only


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """Reads and writes the messages of a method in place of its generated classes."""

    deserialize: Callable[[bytes], Any] | None
    serialize: Callable[[Any], bytes] | None


class Guard(Protocol):
    """Decides who may call, and for what."""

    def admit(self, method: str, metadata: Sequence[tuple[str, str | bytes]]) -> None:
        """Let the caller of a method in, by the metadata of the call; raises DomainError."""

    def check(self, request: Message) -> None:
        """Refuse a request that its caller may not make; raises DomainError."""


class EdgeInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every handler but those of gRPC itself, such as health.

    `codecs` names the methods that pass bytes instead of messages, `deadlines` the unary ones that do not have the
    usual one; both by path.
    """

    def __init__(
        self,
        guard: Guard,
        codecs: Mapping[str, Codec] | None = None,
        deadlines: Mapping[str, timedelta] | None = None,
        presence: Presence | None = None,
    ) -> None:
        self._guard = guard
        self._presence = presence
        self._codecs = codecs or {}
        self._deadlines = deadlines or {}
        self._validator = protovalidate.Validator()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.startswith("/grpc."):
            return handler
        codec = self._codecs.get(
            method,
            Codec(deserialize=handler.request_deserializer, serialize=handler.response_serializer),
        )
        if not handler.response_streaming and handler.request_streaming:
            return grpc.stream_unary_rpc_method_handler(
                self._unary(method, handler.stream_unary), codec.deserialize, codec.serialize
            )
        if not handler.response_streaming:
            return grpc.unary_unary_rpc_method_handler(
                self._unary(method, handler.unary_unary), codec.deserialize, codec.serialize
            )
        if not handler.request_streaming:
            return grpc.unary_stream_rpc_method_handler(
                self._stream(method, handler.unary_stream), codec.deserialize, codec.serialize
            )
        return grpc.stream_stream_rpc_method_handler(
            self._stream(method, handler.stream_stream), codec.deserialize, codec.serialize
        )

    def _unary(self, method: str, behaviour: Any) -> Any:
        seconds = self._deadlines.get(method, DEADLINE).total_seconds()

        async def unary(request: Any, context: Any) -> Any:
            async with _canonical_line(method, context):
                limit = asyncio.timeout(min(seconds, AWAY_SECONDS) if self._away else seconds)
                try:
                    async with limit:
                        await self._enter(method, request, context)
                        return await behaviour(request, context)
                except Exception as error:
                    if limit.expired():
                        await self._late(context, seconds)
                    await abort(context, error)

        return unary

    @property
    def _away(self) -> str:
        """Why the database is away; empty while it is there."""
        return self._presence.why if self._presence else ""

    async def _late(self, context: Any, seconds: float) -> None:
        """End a call that took too long: for the database where that is away."""
        if self._away:
            await abort(context, DatabaseAway(self._away))
        message = f"not done within {seconds:g} s: try again"
        await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, message)

    def _stream(self, method: str, behaviour: Any) -> Any:
        async def generated(request: Any, context: Any) -> AsyncIterator[Any]:
            async with _canonical_line(method, context):
                try:
                    await self._enter(method, request, context)
                    async for response in behaviour(request, context):
                        yield response
                except Exception as error:
                    await abort(context, error)

        async def written(request: Any, context: Any) -> None:
            async with _canonical_line(method, context):
                try:
                    await self._enter(method, request, context)
                    await behaviour(request, context)
                except Exception as error:
                    await abort(context, error)

        return generated if inspect.isasyncgenfunction(behaviour) else written

    async def _enter(self, method: str, request: Any, context: Any) -> None:
        """Check who calls, then what they ask for; streams check their own messages."""
        self._guard.admit(method, context.invocation_metadata() or ())
        if isinstance(request, Message):
            await self._validate(request, context)
            self._guard.check(request)

    async def _validate(self, request: Message, context: Any) -> None:
        """Refuse a message that breaks the rules of its proto, or holds text that cannot be stored."""
        faults = error_details_pb2.BadRequest()
        for path in unstorable(request):
            faults.field_violations.add(field=path, description="must not hold the character NUL")
        for violation in self._validator.collect_violations(request):
            field = violation.proto.field
            path = ".".join(element.field_name for element in field.elements) if field else ""
            faults.field_violations.add(field=path, description=rule_sentence(request, violation))
        if not faults.field_violations:
            return
        detail = any_pb2.Any()
        detail.Pack(faults)
        text = "; ".join(f"{fault.field}: {fault.description}" for fault in faults.field_violations)
        await abort_with(context, grpc.StatusCode.INVALID_ARGUMENT, text, [detail])


def _name_of(code: object) -> str:
    """Return the name of a status as gRPC keeps it: a member, a number, or nothing where all went well."""
    return code.name if isinstance(code, grpc.StatusCode) else str(code or "OK")


@contextlib.asynccontextmanager
async def _canonical_line(method: str, context: Any) -> AsyncIterator[None]:
    started = time.perf_counter()
    # Asked for now: gRPC frees the call of a stream whose caller went away before this ends.
    peer = context.peer()
    left = False
    try:
        yield
    except asyncio.CancelledError:
        left = True
        raise
    finally:
        log.info(
            "rpc",
            method=method,
            status="CANCELLED" if left else _name_of(context.code()),
            milliseconds=round(1000 * (time.perf_counter() - started), 1),
            peer=peer,
        )
