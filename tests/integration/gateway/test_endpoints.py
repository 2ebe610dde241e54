"""The gateway's README has every endpoint, and a line of curl that reaches it."""

import contextlib
import re
import shlex
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
from grpc_health.v1 import health_pb2
from potok.status.v1 import access_pb2

from deploy.local.place import CHECKOUT
from gateway.endpoints import Endpoint, endpoints
from gateway.rendering import SERVICES
from tests.gateway import running_gateway

README = (CHECKOUT / "gateway" / "README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\w+) \| `(/[^`]*)` \| `(\w+\.\w+)` \| ([\w, ]+) \|$", re.MULTILINE)


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


def with_json() -> list[Endpoint]:
    return [each for each in endpoints() if each.path]


def roles(endpoint: Endpoint) -> str:
    said = endpoint.descriptor.GetOptions().Extensions[access_pb2.roles]
    return ", ".join(access_pb2.Role.Name(role).removeprefix("ROLE_").lower() for role in said)


def curls() -> Iterator[tuple[str, str, str | None, bool]]:
    """Yield verb, path, body and whether there is a token, of each line of curl."""
    for line in re.findall(r"^curl .*$", README, re.MULTILINE):
        words = iter(shlex.split(line)[1:])
        verb, path, body, identified = "", "", None, False
        for word in words:
            match word:
                case "-X":
                    verb = next(words)
                case "-d":
                    body = next(words)
                case "-H":
                    identified = next(words) == "$T"
                case "-N":
                    pass
                case _:
                    assert word.startswith("$P/"), line
                    path = word.removeprefix("$P")
        yield verb or ("GET" if body is None else "POST"), path, body, identified


def test_the_table_is_what_the_protos_say() -> None:
    said = {
        (each.verb, each.path, f"{each.descriptor.containing_service.name}.{each.name}"): roles(
            each
        )
        for each in with_json()
    }
    assert {row[:3]: row[3] for row in ROW.findall(README)} == said


def test_what_has_no_json_is_named() -> None:
    for each in endpoints():
        assert f"`{each.descriptor.containing_service.name}.{each.name}`" in README


async def test_every_line_of_curl_reaches_its_endpoint() -> None:
    rpc_of = {row[2]: row for row in ROW.findall(README)}
    async with contextlib.AsyncExitStack() as stack:
        address, recorder = await stack.enter_async_context(recording())
        behind = {service: [address] for service in SERVICES}
        gateway = await stack.enter_async_context(running_gateway(behind))
        somebody = await stack.enter_async_context(gateway.http())
        nobody = await stack.enter_async_context(gateway.http(""))
        for verb, path, body, identified in curls():
            caller = somebody if identified else nobody
            answer = await caller.request(verb, path, content=body)
            assert answer.status_code == 403, (verb, path, answer.text)
            assert answer.json()["message"] == "only looking"
    names = [method.removeprefix("/").rpartition(".")[2] for method in recorder.called]

    assert [name.replace("/", ".") for name in names] == list(rpc_of)
