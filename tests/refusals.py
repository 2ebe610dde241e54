"""What a call is refused with."""

from collections.abc import Awaitable

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from services.kernel.rpc.errors import error_info


async def refusal(call: Awaitable[object]) -> grpc.aio.AioRpcError:
    """Wait for a call, which must be refused."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """Return the reason by which programs know a refusal; empty where it has none."""
    info = error_info(error)
    return info.reason if info else ""


def fields_of(error: grpc.aio.AioRpcError) -> list[str]:
    """Return the fields that a refusal says are wrong."""
    told = rpc_status.from_call(error)  # type: ignore[arg-type]  # aio errors have what it reads
    found = error_details_pb2.BadRequest()
    for detail in told.details if told else ():
        if detail.Unpack(found):
            return [each.field for each in found.field_violations]
    return []
