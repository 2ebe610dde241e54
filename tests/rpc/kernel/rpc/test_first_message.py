"""A call that brings no message, or none that can be read, is answered, soon and in the usual form."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from potok.bot_status.v1 import webhook_service_pb2_grpc as webhook_grpc
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc

from services.kernel.rpc.server import serving
from tests.fakes.held_servicer import Coordinator, Webhooks
from tests.http2 import call, message
from tests.identity import guard, identity, token
from tests.refusals import fields_of
from tests.waiting import until

COORDINATOR = b"/potok.coordinator.v1.CoordinatorService/"
GET_CLIENT = COORDINATOR + b"GetClient"
WATCH = COORDINATOR + b"WatchStatus"
REPORT = COORDINATOR + b"ReportStatus"
WEBHOOK = b"/potok.bot_status.v1.WebhookService/ReceiveWebhook"
HEALTH = b"/grpc.health.v1.Health/Check"
REFLECTION = b"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
INVALID, DEADLINE, UNAUTHENTICATED = 3, 4, 16
SOON = timedelta(seconds=0.2)
CALLS = 4


@pytest.fixture
def coordinator() -> Coordinator:
    made: Coordinator = cast(Any, Coordinator)()
    return made


@pytest.fixture
async def address(coordinator: Coordinator) -> AsyncIterator[str]:
    def register(server: grpc.aio.Server) -> None:
        pb_grpc.add_CoordinatorServiceServicer_to_server(coordinator, server)
        webhook_grpc.add_WebhookServiceServicer_to_server(Webhooks(), server)

    async with serving(
        "127.0.0.1:0",
        register,
        services=[],
        guard=guard(),
        first_message=SOON,
        calls=CALLS,
        reflect=True,
    ) as port:
        yield f"127.0.0.1:{port}"


def bearer(user: str = "anna", **claims: Any) -> tuple[str, str]:
    return ("authorization", f"Bearer {token(user, **claims)}")


def header(*, of: tuple[str, str]) -> tuple[bytes, bytes]:
    return of[0].encode(), of[1].encode()


@pytest.mark.parametrize("path", [GET_CLIENT, WATCH, WEBHOOK, HEALTH])
@pytest.mark.parametrize(
    ("body", "ends", "status"),
    [
        (b"", True, INVALID),
        (b"", False, DEADLINE),
        (b"\0\0\0", True, INVALID),
        (b"\0\0\0", False, DEADLINE),
        (message(b"\x0a\x01a", length=80), True, INVALID),
        (message(b"\x0a\x01a", length=80), False, DEADLINE),
    ],
    ids=["ends", "silent", "half a prefix, ends", "half a prefix", "a lie, ends", "a lie"],
)
async def test_a_call_without_its_message_is_answered(
    address: str, path: bytes, body: bytes, ends: bool, status: int
) -> None:
    more = [header(of=bearer(clients=["clinic"]))]

    assert await call(address, path, body, more=more, ends=ends) == status


@pytest.mark.parametrize("body", [b"", b"\0\0\0", message(b"\x0a\xff")])
async def test_who_calls_is_asked_before_anything_is_read(address: str, body: bytes) -> None:
    assert await call(address, GET_CLIENT, body, ends=False) == UNAUTHENTICATED


@pytest.mark.parametrize("path", [GET_CLIENT, WATCH, WEBHOOK, HEALTH, REPORT])
@pytest.mark.parametrize(
    "data",
    [
        b"\x0a\x02\xc0\xaf",  # overlong
        b"\x0a\xff",  # longer than the message
        b"\x08",  # a number that does not come
        b"\x08" + 11 * b"\xff",  # or does not end
        b"\x0b" * 200,  # groups in groups
        b"\x0f",  # a wire type that there is not
        b"\x00\x01",  # a field of number 0
    ],
)
async def test_bytes_that_are_no_message_are_the_fault_of_their_caller(
    address: str, path: bytes, data: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    caller = bearer("coordinator") if path != REPORT else internal()
    status = await call(address, path, message(data), more=[header(of=caller)])

    if (
        path != REPORT or status != 0
    ):  # a stream of ReportStatusRequest takes what has no such field
        assert status == INVALID
    assert "Traceback" not in capfd.readouterr().err


def internal() -> tuple[str, str]:
    return ("authorization", f"Bearer {identity('analysis').signer.token()}")


async def test_a_stream_of_requests_begins_soon_unless_a_service_of_ours_sends_it(
    address: str,
) -> None:
    patience = 3 * SOON.total_seconds()

    assert await call(address, REFLECTION, b"", ends=False) == DEADLINE
    more = [header(of=internal())]
    assert await call(address, REPORT, b"", more=more, ends=False, patience=patience) is None


async def test_text_that_is_no_utf_8_is_refused_by_the_name_of_its_field(address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        call_: Any = channel.unary_unary(WATCH.decode().replace("WatchStatus", "GetClient"))
        with pytest.raises(grpc.aio.AioRpcError, match="client_id: must be UTF-8") as raised:
            await call_(b"\x0a\x01\xff", metadata=[bearer()])

    assert fields_of(raised.value) == ["client_id"]


async def test_a_caller_has_so_many_calls_at_once_and_others_are_let_in(
    address: str, coordinator: Coordinator, capfd: pytest.CaptureFixture[str]
) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        stub: Any = pb_grpc.CoordinatorServiceStub(channel)
        one = [bearer("anna")]
        held = [
            asyncio.ensure_future(stub.ListClients(pb.ListClientsRequest(), metadata=one))
            for _ in range(CALLS + 3)
        ]
        await until(lambda: sum(each.done() for each in held) == 3, "three are refused")
        refused = [each for each in held if each.done()]
        for each in refused:
            error = each.exception()
            assert isinstance(error, grpc.aio.AioRpcError)
            assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert "anna has 4 calls here already" in str(error.details())
        with pytest.raises(grpc.aio.AioRpcError, match="anna has 4 calls"):
            await stub.WatchStatus(pb.WatchStatusRequest(), metadata=one).read()

        await stub.GetClient(
            pb.GetClientRequest(client_id="c"), metadata=[bearer("olga", roles=["admin"])]
        )
        coordinator.free.set()
        await asyncio.gather(*set(held) - set(refused))
        await stub.ListClients(pb.ListClientsRequest(), metadata=one)
    assert capfd.readouterr().out.count("quota_used_up") == 1


async def test_calls_without_a_token_are_counted_by_their_address(address: str) -> None:
    def from_(place: bytes) -> Any:
        return call(address, WEBHOOK, b"", more=[(b"x-potok-address", place)], ends=False)

    statuses = await asyncio.gather(*(from_(b"192.0.2.1") for _ in range(CALLS + 2)), from_(b"::1"))

    assert sorted(statuses) == [DEADLINE] * (CALLS + 1) + [8, 8]
    assert statuses[-1] == DEADLINE


async def test_a_path_that_is_no_utf_8_does_not_end_the_server(address: str) -> None:
    for path in (b"/\xff\xfe/x", b"\xc0\xaf", GET_CLIENT + b"\xed\xa0\x80"):
        await call(address, path, b"", patience=0.2)

        async with grpc.aio.insecure_channel(address) as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            answer = await stub.Check(
                health_pb2.HealthCheckRequest(), wait_for_ready=True, timeout=5
            )
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
