"""What a call is refused with."""

from collections.abc import Awaitable

import grpc
import pytest

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
