"""Every line of curl in the gateway's README reaches its endpoint."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import grpc
from grpc_health.v1 import health_pb2

from gateway.endpoints import endpoints
from gateway.rendering import SERVICES
from tests.curl import curl_lines
from tests.gateway import running_gateway


class Recorder(grpc.GenericRpcHandler):
    """Answers every RPC that its caller may not; remembers which were called."""

    def __init__(self) -> None:
        self.called: list[str] = []

    def service(self, handler_call_details: Any) -> Any:
        method = handler_call_details.method
        if method.startswith("/grpc.health."):
            serving = health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING)
            return grpc.unary_unary_rpc_method_handler(
                _always(serving), None, health_pb2.HealthCheckResponse.SerializeToString
            )
        self.called.append(method)
        return grpc.unary_unary_rpc_method_handler(_refuse)


def _always(answer: Any) -> Any:
    async def say(_request: Any, _context: Any) -> Any:
        return answer

    return say


async def _refuse(_request: bytes, context: Any) -> None:
    await context.abort(grpc.StatusCode.PERMISSION_DENIED, "only looking")


@contextlib.asynccontextmanager
async def recording() -> AsyncIterator[tuple[str, Recorder]]:
    recorder = Recorder()
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((recorder,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}", recorder
    finally:
        await server.stop(0)


async def test_every_line_of_curl_reaches_its_endpoint() -> None:
    async with contextlib.AsyncExitStack() as stack:
        address, recorder = await stack.enter_async_context(recording())
        behind = {service: [address] for service in SERVICES}
        gateway = await stack.enter_async_context(running_gateway(behind))
        somebody = await stack.enter_async_context(gateway.http())
        nobody = await stack.enter_async_context(gateway.http(""))
        for line in curl_lines():
            caller = somebody if line.token else nobody
            json_ = {"content-type": "application/json"} if line.body else {}
            answer = await caller.request(line.verb, line.path, content=line.body, headers=json_)
            assert answer.status_code == 403, (line, answer.text)
            assert answer.json()["message"] == "only looking"

    assert recorder.called == [each.rpc for each in endpoints() if each.path]
