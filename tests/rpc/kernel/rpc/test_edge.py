"""What stands around every RPC stands around each kind of them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from potok.stage.v1 import stage_service_pb2 as pb
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from structlog.testing import capture_logs

from services.kernel.errors import NotFound
from services.kernel.rpc.client import channel_to
from services.kernel.rpc.server import serving
from tests.fakes.stage_work import a_run_request
from tests.identity import guard, identity, open_channel
from tests.waiting import in_time, until

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


def serving_stage_service(run_stage: Any) -> Any:
    """Serve a stage service that only runs stages, by a handler."""

    def register(server: grpc.aio.Server) -> None:
        handler = grpc.unary_unary_rpc_method_handler(
            run_stage, pb.RunStageRequest.FromString, pb.RunStageResponse.SerializeToString
        )
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(STAGE_SERVICE, {"RunStage": handler})]
        )

    return serving("127.0.0.1:0", register, services=[], guard=guard())


async def test_a_call_that_its_caller_left_is_no_success() -> None:
    begun = asyncio.Event()

    async def wait(_: pb.RunStageRequest, __: Any) -> pb.RunStageResponse:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("is never told")

    with capture_logs() as logs:
        async with serving_stage_service(wait) as port, open_channel(f"127.0.0.1:{port}") as ours:
            call = asyncio.ensure_future(StageServiceStub(ours).RunStage(a_run_request()))
            async with in_time("the call has come"):
                await begun.wait()
            call.cancel()
            await until(
                lambda: [line for line in logs if line["event"] == "rpc"], "the call is logged"
            )
    assert [line["status"] for line in logs if line["event"] == "rpc"] == ["CANCELLED"]


@pytest.mark.parametrize(("given", "renewals", "ends"), [(1, 1, "OK"), (2, 1, "UNAUTHENTICATED")])
async def test_a_token_that_is_refused_is_made_anew_once(
    given: int, renewals: int, ends: str
) -> None:
    """A clock that was set makes a token bad before its time."""
    bad, renewed = given, 0
    signer = identity("coordinator").signer

    def token() -> str:
        return "bad" if renewed < bad else signer.token()

    def renew() -> None:
        nonlocal renewed
        renewed += 1

    async def answer(_: pb.RunStageRequest, __: Any) -> pb.RunStageResponse:
        return pb.RunStageResponse()

    async with (
        serving_stage_service(answer) as port,
        channel_to(f"127.0.0.1:{port}", token, renew) as channel,
    ):
        ended = "OK"
        try:
            await StageServiceStub(channel).RunStage(a_run_request())
        except grpc.aio.AioRpcError as error:
            ended = error.code().name
    assert (renewed, ended) == (renewals, ends)
