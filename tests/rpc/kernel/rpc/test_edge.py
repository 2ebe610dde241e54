"""What stands around every RPC stands around each kind of them."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from potok.stage.v1 import stage_service_pb2 as pb

from services.kernel.errors import NotFound
from services.kernel.rpc.server import serving
from tests.fakes.stage_work import a_run_request
from tests.identity import guard, open_channel

STAGE_SERVICE = pb.DESCRIPTOR.services_by_name["StageService"].full_name


async def test_a_stream_of_requests_is_guarded_and_its_errors_are_told() -> None:
    """No proto of ours has one yet, so the handler is put in the place of another RPC."""

    async def count(requests: AsyncIterator[pb.RunStageRequest], _: Any) -> pb.RunStageResponse:
        taken = [request async for request in requests]
        raise NotFound(f"{len(taken)} were sent")

    def register(server: grpc.aio.Server) -> None:
        handler = grpc.stream_unary_rpc_method_handler(
            count, pb.RunStageRequest.FromString, pb.RunStageResponse.SerializeToString
        )
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(STAGE_SERVICE, {"RunStage": handler})]
        )

    async def requests() -> AsyncIterator[pb.RunStageRequest]:
        yield a_run_request()
        yield a_run_request()

    async with serving("127.0.0.1:0", register, services=[], guard=guard()) as port:
        codes = []
        async with (
            open_channel(f"127.0.0.1:{port}") as ours,
            grpc.aio.insecure_channel(f"127.0.0.1:{port}") as stranger,
        ):
            for channel in (ours, stranger):
                call: Any = channel.stream_unary(
                    f"/{STAGE_SERVICE}/RunStage", pb.RunStageRequest.SerializeToString
                )
                with pytest.raises(grpc.aio.AioRpcError) as raised:
                    await call(requests())
                codes.append((raised.value.code(), raised.value.details()))

    assert codes[0] == (grpc.StatusCode.NOT_FOUND, "2 were sent")
    assert codes[1][0] is grpc.StatusCode.UNAUTHENTICATED
