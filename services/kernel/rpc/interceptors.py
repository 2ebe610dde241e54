"""What happens around every RPC: its caller and rules are checked, its errors mapped, one line is logged."""

import asyncio
import contextlib
import inspect
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple, NoReturn, Protocol

import grpc
import protovalidate
import structlog
from google.protobuf.message import DecodeError, Message

from services.kernel.calling import calling
from services.kernel.errors import DatabaseAway, InvalidInput, TookTooLong
from services.kernel.presence import Presence
from services.kernel.quota import Quota
from services.kernel.rpc.errors import abort, abort_with, bad_request
from services.kernel.rpc.sentences import rule_sentence
from services.kernel.rpc.text import undecodable, unstorable

log = structlog.get_logger()

DEADLINE = timedelta(seconds=10)
"""No unary call takes longer, whatever its caller allows, unless the server is given another deadline for it."""
AWAY_SECONDS = 2.0
"""Nor longer than this where the database is known to be away as it begins."""

FIRST_MESSAGE = timedelta(seconds=10)
"""A request that has one message has sent it by then."""
CALLS = 200
"""Calls of one caller at once."""
CALLER_ADDRESS = "x-potok-address"
"""The header by which the gateway says from where a call came to it."""
GRPC = "/grpc."
"""How the methods of gRPC itself begin, such as those of health."""

_UNCOUNTED = contextlib.nullcontext()

Read = Callable[[bytes], Any]
Handler = Any  # grpc.RpcMethodHandler is generic for the type checker only


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """Reads and writes the messages of a method in place of its generated classes."""

    deserialize: Callable[[bytes], Any] | None
    serialize: Callable[[Any], bytes] | None


class Admitted(NamedTuple):
    """Who makes a call."""

    name: str
    """Empty where anyone may call, so that nobody was asked."""
    counted: bool
    """True where their calls at once have a limit."""


class Guard(Protocol):
    """Decides who may call, and for what."""

    def admit(self, method: str, metadata: Sequence[tuple[str, str | bytes]]) -> Admitted:
        """Let the caller of a method in, by the metadata of the call; raises DomainError."""

    def check(self, request: Message) -> None:
        """Refuse a request that its caller may not make; raises DomainError."""


class EdgeInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every handler; those of gRPC itself, such as health, are open to anyone and leave no line.

    `codecs` names the methods that pass bytes instead of messages, `deadlines` the unary ones that do not have the
    usual one; both by path. A caller has at most `calls` calls under way.

    gRPC is told that every request is a stream of bytes: it waits for the one message of a request for ever, and
    decodes it, before it hands the call to anybody. So the caller is checked first here, the wait has an end, and what
    is no message is refused in the usual form.
    """

    def __init__(
        self,
        guard: Guard,
        codecs: Mapping[str, Codec] | None = None,
        deadlines: Mapping[str, timedelta] | None = None,
        presence: Presence | None = None,
        *,
        first_message: timedelta = FIRST_MESSAGE,
        calls: int = CALLS,
    ) -> None:
        self._guard = guard
        self._presence = presence
        self._codecs = codecs or {}
        self._deadlines = deadlines or {}
        self._first_message = first_message.total_seconds()
        self._quota = Quota(calls, "calls")
        self._validator = protovalidate.Validator()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = handler_call_details.method
        codec = self._codecs.get(
            method,
            Codec(deserialize=handler.request_deserializer, serialize=handler.response_serializer),
        )
        read = None if handler.request_streaming else codec.deserialize or bytes
        decoded_by_grpc = codec.deserialize if handler.request_streaming else None
        if handler.response_streaming:
            behaviour = handler.stream_stream or handler.unary_stream
            return grpc.stream_stream_rpc_method_handler(
                self._stream(method, behaviour, read), decoded_by_grpc, codec.serialize
            )
        behaviour = handler.stream_unary or handler.unary_unary
        return grpc.stream_unary_rpc_method_handler(
            self._unary(method, behaviour, read), decoded_by_grpc, codec.serialize
        )

    def _unary(self, method: str, behaviour: Any, read: Read | None) -> Any:
        seconds = self._deadlines.get(method, DEADLINE).total_seconds()
        first = min(seconds, self._first_message)

        async def unary(requests: Any, context: Any) -> Any:
            async with _canonical_line(method, context):
                most = min(seconds, AWAY_SECONDS) if self._away else seconds
                limit = asyncio.timeout(min(most, first))
                request = None
                try:
                    async with limit:
                        with self._admitted(method, context):
                            request = await self._request(requests, context, read)
                            if first < most:
                                limit.reschedule(asyncio.get_running_loop().time() + most)
                            return await behaviour(request, context)
                except Exception as error:
                    if limit.expired():
                        await self._late(context, seconds, request)
                    await abort(context, error)

        return unary

    @property
    def _away(self) -> str:
        """Why the database is away; empty while it is there."""
        return self._presence.why if self._presence else ""

    async def _late(self, context: Any, seconds: float, request: Any) -> None:
        """End a call that took too long: for the database where that is away, or for its message that never came."""
        if self._away:
            await abort(context, DatabaseAway(self._away))
        if request is None:
            await abort(context, _nothing_within(min(seconds, self._first_message)))
        message = f"not done within {seconds:g} s: try again"
        await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, message)

    def _stream(self, method: str, behaviour: Any, read: Read | None) -> Any:
        async def generated(requests: Any, context: Any) -> AsyncIterator[Any]:
            async with _canonical_line(method, context):
                try:
                    with self._admitted(method, context) as bounded:
                        request = await self._first_request(requests, context, read, bounded)
                        async for response in behaviour(request, context):
                            yield response
                except Exception as error:
                    await abort(context, error)

        async def written(requests: Any, context: Any) -> None:
            async with _canonical_line(method, context):
                try:
                    with self._admitted(method, context) as bounded:
                        request = await self._first_request(requests, context, read, bounded)
                        await behaviour(request, context)
                except Exception as error:
                    await abort(context, error)

        return generated if inspect.isasyncgenfunction(behaviour) else written

    @contextlib.contextmanager
    def _admitted(self, method: str, context: Any) -> Iterator[bool]:
        """Check who calls, before a byte of what they ask for is read; in the block the call is one of theirs.

        Yields True where their calls have bounds.
        """
        metadata = context.invocation_metadata() or ()
        if method.startswith(GRPC):
            name, counted = "", True
        else:
            name, counted = self._guard.admit(method, metadata)
        calling.set(name)
        with self._quota.taken_by(name or _address(metadata, context)) if counted else _UNCOUNTED:
            yield counted

    async def _first_request(
        self, requests: Any, context: Any, read: Read | None, bounded: bool
    ) -> Any:
        """Return the request of a stream, which has no deadline of its own, within the time for it.

        A stream of requests has its first within that time, too, unless a service of ours sends them: it may have
        nothing to say for long.
        """
        if read is None:
            return self._begun(requests) if bounded else requests
        return await self._soon(self._request(requests, context, read))

    async def _begun(self, requests: Any) -> AsyncIterator[Any]:
        """Yield the messages of a stream."""
        coming = aiter(requests)
        with contextlib.suppress(StopAsyncIteration):
            yield await self._soon(anext(coming))
            async for request in coming:
                yield request

    async def _soon(self, message: Awaitable[Any]) -> Any:
        try:
            async with asyncio.timeout(self._first_message) as limit:
                return await message
        except TimeoutError:
            if limit.expired():
                raise _nothing_within(self._first_message) from None
            raise

    async def _request(self, requests: Any, context: Any, read: Read | None) -> Any:
        """Return the one message of a call once it is checked; streams of messages check their own."""
        if read is None:
            return requests
        data = await context.read()
        if data is grpc.aio.EOF:
            raise InvalidInput("the call ended before its message came")
        try:
            request = read(data)
        except DecodeError:
            await _refuse(context, _undecodable(read, data))
        if isinstance(request, Message):
            await self._validate(request, context)
            self._guard.check(request)
        return request

    async def _validate(self, request: Message, context: Any) -> None:
        """Refuse a message that breaks the rules of its proto, or holds what cannot be stored."""
        faults = list(unstorable(request))
        for violation in self._validator.collect_violations(request):
            field = violation.proto.field
            path = ".".join(element.field_name for element in field.elements) if field else ""
            faults.append((path, rule_sentence(request, violation)))
        if faults:
            await _refuse(context, faults)


async def _refuse(context: Any, faults: Sequence[tuple[str, str]]) -> NoReturn:
    """End the call as one that was asked wrongly; a fault is the path of a field and what is wrong there."""
    text = "; ".join(": ".join(filter(None, fault)) for fault in faults)
    await abort_with(context, grpc.StatusCode.INVALID_ARGUMENT, text, [bad_request(faults)])


def _nothing_within(seconds: float) -> TookTooLong:
    return TookTooLong(f"the message of the call did not come within {seconds:g} s")


def _undecodable(read: Read, data: bytes) -> list[tuple[str, str]]:
    message = getattr(read, "__self__", None)  # `read` is a message's FromString
    paths = undecodable(message, data) if message else ()
    return [(path, "must be UTF-8") for path in paths] or [("", "the bytes are no such message")]


def _address(metadata: Iterable[tuple[str, str | bytes]], context: Any) -> str:
    """Return from where a call comes, as the gateway says, else its peer without the port."""
    for name, value in metadata:
        if name == CALLER_ADDRESS:
            return f"address {value!s}"
    return f"address {str(context.peer()).rpartition(':')[0]}"


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
        if not method.startswith(GRPC):
            log.info(
                "rpc",
                method=method,
                status="CANCELLED" if left else _name_of(context.code()),
                milliseconds=round(1000 * (time.perf_counter() - started), 1),
                peer=peer,
            )
