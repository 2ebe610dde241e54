"""The one place where domain errors become gRPC statuses, and statuses domain errors."""

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import grpc
import structlog
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from services.kernel.errors import (
    Conflict,
    DatabaseAway,
    DomainError,
    Forbidden,
    InvalidInput,
    LimitReached,
    NotFound,
    OutOfRange,
    TookTooLong,
    Unauthenticated,
    UpstreamUnavailable,
    WrongState,
)
from services.kernel.postgres_errors import why_away
from services.kernel.rpc.sentences import of_the_transport

log = structlog.get_logger()

STATUS_BY_ERROR: Mapping[type[DomainError], grpc.StatusCode] = {
    InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    Forbidden: grpc.StatusCode.PERMISSION_DENIED,
    NotFound: grpc.StatusCode.NOT_FOUND,
    WrongState: grpc.StatusCode.FAILED_PRECONDITION,
    Conflict: grpc.StatusCode.ABORTED,
    LimitReached: grpc.StatusCode.RESOURCE_EXHAUSTED,
    UpstreamUnavailable: grpc.StatusCode.UNAVAILABLE,
    OutOfRange: grpc.StatusCode.OUT_OF_RANGE,
    TookTooLong: grpc.StatusCode.DEADLINE_EXCEEDED,
}
_ERROR_BY_STATUS = {status: error for error, status in STATUS_BY_ERROR.items()} | {
    grpc.StatusCode.DEADLINE_EXCEEDED: UpstreamUnavailable
}


def status_of(error: DomainError) -> grpc.StatusCode:
    """Return the status of the nearest mapped base class."""
    return next(STATUS_BY_ERROR[c] for c in type(error).__mro__ if c in STATUS_BY_ERROR)


async def abort(context: Any, error: Exception) -> NoReturn:
    """End the RPC with the status of `error`: one of Postgres says why it is away, any other `internal error`."""
    if (why := why_away(error)) is not None:
        error = DatabaseAway(why)
    if isinstance(error, DecodeError):  # of a stream, whose messages are decoded one by one
        error = InvalidInput("a message of the stream is none of this method")
    if isinstance(error, DomainError):
        await abort_with(context, status_of(error), str(error), _details(error))
    if not isinstance(error, grpc.aio.AbortError):
        log.error("unhandled_error", exc_info=error)
        await context.abort(grpc.StatusCode.INTERNAL, "internal error")
    raise error


async def abort_with(
    context: Any, code: grpc.StatusCode, message: str, details: list[any_pb2.Any]
) -> NoReturn:
    """End the RPC with a status and its google.rpc details, beside what its handler has set to be sent at the end."""
    rich = status_pb2.Status(code=code.value[0], message=message, details=details)
    said = tuple(context.trailing_metadata() or ())
    await context.abort(code, message, (*said, *rpc_status.to_status(rich).trailing_metadata))
    raise AssertionError("abort returned")


def domain_error(error: grpc.aio.AioRpcError, service: str) -> DomainError:
    """Return what a failed call means to its caller; `service` is named where it is at fault."""
    branch = _ERROR_BY_STATUS.get(error.code(), UpstreamUnavailable)
    message = error.details() or error.code().name
    info = error_info(error)
    if branch is UpstreamUnavailable and not (info and info.reason):
        # One that says with a reason what it lacks has answered.
        if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
            message = f"{service} does not answer in time"
        elif of_the_transport(message):
            message = f"{service} does not answer"
        else:
            message = f"{service} does not answer: {message}"
    return branch(
        message, reason=info.reason if info else "", metadata=info.metadata if info else None
    )


def error_info(error: grpc.aio.AioRpcError) -> error_details_pb2.ErrorInfo | None:
    """Return the ErrorInfo a refusal carries, if any."""
    rich = rpc_status.from_call(error)  # type: ignore[arg-type]  # aio errors have what it reads
    for detail in rich.details if rich else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return info
    return None


def bad_request(faults: Iterable[tuple[str, str]]) -> any_pb2.Any:
    """Return the detail that says which fields are wrong; a fault is the path of one and what is wrong there."""
    told = error_details_pb2.BadRequest()
    for path, description in faults:
        told.field_violations.add(field=path, description=description)
    return _packed(told)


def _details(error: DomainError) -> list[any_pb2.Any]:
    details = []
    if error.reason:
        told = error_details_pb2.ErrorInfo(
            reason=error.reason, domain="potok", metadata=error.metadata
        )
        details.append(_packed(told))
    if isinstance(error, InvalidInput) and error.faults:
        details.append(bad_request(error.faults))
    return details


def _packed(message: Message) -> any_pb2.Any:
    detail = any_pb2.Any()
    detail.Pack(message)
    return detail
