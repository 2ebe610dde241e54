"""SessionService: the cookie that keeps a token out of the reach of scripts."""

from collections.abc import AsyncIterator
from datetime import timedelta
from http.cookies import Morsel, SimpleCookie
from typing import Any

import grpc
import pytest
from potok.coordinator.v1 import session_service_pb2 as pb
from potok.coordinator.v1 import session_service_pb2_grpc as pb_grpc

from services.coordinator.session.servicer import SERVICES, SessionServicer
from services.kernel.rpc.server import serving
from tests.identity import admin, guard, open_channel, token

HTTPS = (("x-forwarded-proto", "https"),)


@pytest.fixture
async def address() -> AsyncIterator[str]:
    def register(server: grpc.aio.Server) -> None:
        pb_grpc.add_SessionServiceServicer_to_server(SessionServicer(), server)

    async with serving("127.0.0.1:0", register, services=SERVICES[:1], guard=guard()) as port:
        yield f"127.0.0.1:{port}"


async def answer(address: str, as_: str, name: str, request: Any, metadata: Any = ()) -> Any:
    """Call one RPC; returns its answer and its headers."""
    async with open_channel(address, as_=as_) as channel:
        stub = pb_grpc.SessionServiceStub(channel)
        call = getattr(stub, name)(request, metadata=metadata)
        return await call, dict(await call.initial_metadata())


def cookie(headers: dict[str, str]) -> "Morsel[str]":
    (found,) = SimpleCookie(headers["set-cookie"]).values()
    return found


async def test_a_session_puts_the_very_token_into_a_cookie_until_it_expires(address: str) -> None:
    own = token("anna", clients=["clinic", "bakery"], lifetime=timedelta(minutes=10))
    created, headers = await answer(address, own, "CreateSession", pb.CreateSessionRequest())
    found = cookie(headers)

    assert found.value == own
    assert (found["path"], found["httponly"], found["samesite"]) == ("/", True, "Strict")
    assert 590 <= int(found["max-age"]) <= 600
    assert headers["cache-control"] == "no-store"
    assert created.session.user_id == "anna"
    assert list(created.session.client_ids) == ["bakery", "clinic"]
    assert list(created.session.roles) == ["operator"]


@pytest.mark.parametrize(("metadata", "secure"), [((), ""), (HTTPS, True)])
async def test_the_cookie_is_for_tls_alone_where_there_is_tls(
    address: str, metadata: Any, secure: object
) -> None:
    for name, request in [
        ("CreateSession", pb.CreateSessionRequest()),
        ("DeleteSession", pb.DeleteSessionRequest()),
    ]:
        _, headers = await answer(address, token(), name, request, metadata)
        found = cookie(headers)
        assert found["secure"] == secure
        # The prefix makes browsers refuse it from other hosts and without TLS.
        assert found.key == ("__Host-potok_session" if secure else "potok_session")
        assert (found["domain"], found["path"]) == ("", "/")


async def test_a_session_says_whose_token_it_is(address: str) -> None:
    found, headers = await answer(address, admin(), "GetSession", pb.GetSessionRequest())

    assert (found.session.user_id, list(found.session.roles)) == ("olga", ["admin"])
    assert found.session.HasField("expire_time")
    assert "set-cookie" not in headers


async def test_a_session_is_left_without_a_token(address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        stub: Any = pb_grpc.SessionServiceStub(channel)
        call = stub.DeleteSession(pb.DeleteSessionRequest())
        await call
        found = cookie(dict(await call.initial_metadata()))

    assert (found.value, found["max-age"], found["path"]) == ("", "0", "/")


@pytest.mark.parametrize("name", ["CreateSession", "GetSession"])
async def test_nobody_has_a_session(address: str, name: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        stub = pb_grpc.SessionServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await getattr(stub, name)(getattr(pb, f"{name}Request")())

    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_token_that_no_browser_would_keep_is_refused(address: str) -> None:
    long = token(clients=[f"client-{n:060}" for n in range(50)])
    with pytest.raises(grpc.aio.AioRpcError, match="fewer clients") as refused:
        await answer(address, long, "CreateSession", pb.CreateSessionRequest())

    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
