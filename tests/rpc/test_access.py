"""The rules of who may call which RPC, held against a real server that serves every service there is."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor

from gateway.endpoints import methods
from services.kernel.rpc.server import serving
from services.status.rpc.access import LONGEST_USER
from tests.access import ADMIN, OPERATOR, SERVICE, SERVICES, path_of, rule_of
from tests.identity import HOUR, forged, guard, identity, issuer_key, keys, open_channel, token

BY_ROWS = {"run_id", "run_ids", "bot_id", "bot_ids", "account_id", "recommendation_id", "user_id"}
"""Fields that name what a caller may or may not see, which the rows of the service decide."""
BY_TOKEN = {"owner", "client_id", "client_ids"}
"""Fields that are held against the token before anything else happens."""

REFUSED = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}
VALID: dict[str, Any] = {
    "call_id": "c1",
    "run_id": "3b241101-e2bb-4255-8caf-4136c566a962",
    "recommendation_id": "3b241101-e2bb-4255-8caf-4136c566a962",
    "bot_id": "b1",
    "start_date": "2026-11-01",
    "end_date": "2026-11-02",
    "start_date_str": "2026-11-01",
    "end_date_str": "2026-11-02",
    "stage": 1,
    "format": 1,
    "query": "приём",
    "state": 2,
}
"""What makes requests pass their own rules."""


METHODS = list(methods())


def _handler(method: MethodDescriptor) -> Any:
    """Return a handler that answers with nothing."""
    answer = message_factory.GetMessageClass(method.output_type)
    read = message_factory.GetMessageClass(method.input_type).FromString

    async def once(_request: Any, _context: Any) -> Any:
        return answer()

    async def stream(_request: Any, _context: Any) -> AsyncIterator[Any]:
        yield answer()

    if method.client_streaming:
        make = grpc.stream_stream_rpc_method_handler
        return make(stream, read, answer.SerializeToString)
    if method.server_streaming:
        return grpc.unary_stream_rpc_method_handler(stream, read, answer.SerializeToString)
    return grpc.unary_unary_rpc_method_handler(once, read, answer.SerializeToString)


def _register(server: grpc.aio.Server) -> None:
    for service in {method.containing_service.full_name for method in METHODS}:
        handlers = {
            method.name: _handler(method)
            for method in METHODS
            if method.containing_service.full_name == service
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))


@pytest.fixture
async def address() -> AsyncIterator[str]:
    async with serving("127.0.0.1:0", _register, services=[], guard=guard()) as port:
        yield f"127.0.0.1:{port}"


async def called(address: str, method: MethodDescriptor, as_: str, request: Any = None) -> Any:
    """Call an RPC with an empty request, or that one; returns its status."""
    metadata = (("authorization", f"Bearer {as_}"),) if as_ else ()
    request = message_factory.GetMessageClass(method.input_type)() if request is None else request
    async with grpc.aio.insecure_channel(address) as channel:
        reader = message_factory.GetMessageClass(method.output_type).FromString
        writer = type(request).SerializeToString
        call: Any
        if method.client_streaming:
            call = channel.stream_stream(path_of(method), writer, reader)(metadata=metadata)
            await call.done_writing()
        elif method.server_streaming:
            call = channel.unary_stream(path_of(method), writer, reader)(request, metadata=metadata)
        else:
            call = channel.unary_unary(path_of(method), writer, reader)(request, metadata=metadata)
        if method.server_streaming:
            with contextlib.suppress(grpc.aio.AioRpcError):
                async for _ in call:
                    pass
        return await call.code()


def _callers() -> dict[str, str]:
    return {
        OPERATOR: token(roles=["operator"], clients=["clinic"]),
        ADMIN: token(roles=["admin"]),
        SERVICE: token("recorder", roles=["service"]),
        **{service: identity(service).signer.token() for service in SERVICES},
        "nobody": "",
    }


@pytest.mark.parametrize("method", METHODS, ids=path_of)
async def test_an_rpc_is_for_those_of_its_rule_alone(
    address: str, method: MethodDescriptor
) -> None:
    for caller, as_ in _callers().items():
        status = await called(address, method, as_)

        assert (status not in REFUSED) == (caller in rule_of(method)), caller
        if caller == "nobody":
            assert caller in rule_of(method) or status is grpc.StatusCode.UNAUTHENTICATED


def _bad_tokens() -> Iterator[tuple[str, str]]:
    claims = {"iss": "potok", "aud": "potok", "sub": "eve", "roles": ["admin"]}
    now = {"iat": 1_700_000_000, "exp": 4_000_000_000}
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    analysis = (keys() / "analysis.pem").read_text()
    yield "expired", token(roles=["admin"], lifetime=timedelta(minutes=-1))
    yield "signed by another key", forged(claims | now, other.decode())
    yield "not signed", forged(claims | now, algorithm="none")
    yield "signed by the public key as a secret", forged(claims | now, "a" * 64, "HS256")
    yield "of another issuer", forged(claims | now | {"iss": "elsewhere"})
    yield "for somebody else", forged(claims | now | {"aud": "elsewhere"})
    yield "without an expiry", forged(claims | {"iat": 1_700_000_000})
    yield "of an unknown key", forged(claims | now, kid="other")
    for late in (253_402_300_800, 2**62, 10**400, 1e308, "4000000000", True, float("inf"), None):
        yield f"that expires at {str(late)[:20]}", forged(claims | now | {"exp": late})
    for early in (-1, 1e308, "x", [1], float("nan"), -float("inf"), False):
        yield f"that was made at {early}", forged(claims | now | {"iat": early})
        yield f"not before {early}", forged(claims | now | {"nbf": early})
    yield "of a user with a control", forged(claims | now | {"sub": "eve\n"})
    yield "of a user who begins with a blank", forged(claims | now | {"sub": " eve"})
    yield "without a role", forged(claims | now | {"roles": []})
    yield "with roles that are no list", forged(claims | now | {"roles": "admin"})
    yield "of a user with a comma", forged(claims | now | {"sub": "eve,client:clinic"})
    yield "of nobody", forged(claims | now | {"sub": ""})
    yield "of a name without an end", forged(claims | now | {"sub": "e" * (LONGEST_USER + 1)})
    yield "of a service by the issuer of users", forged(claims | now | {"iss": "potok-services"})
    yield (
        "of a service by the key of another",
        forged(
            claims | now | {"iss": "potok-services", "sub": "coordinator"}, analysis, kid="analysis"
        ),
    )
    yield "of a user by the key of a service", forged(claims | now, analysis, kid="analysis")
    yield "no token", "tea"


@pytest.mark.parametrize(("what", "as_"), [pytest.param(*bad, id=bad[0]) for bad in _bad_tokens()])
async def test_a_token_that_is_not_good_lets_nobody_in(address: str, what: str, as_: str) -> None:
    for method in METHODS:
        if "nobody" not in rule_of(method) and not method.client_streaming:
            assert await called(address, method, as_) is grpc.StatusCode.UNAUTHENTICATED, what


@pytest.mark.parametrize("name", ["иван@клиника.рф", "Иван Петров", "李雷", "o'neil"])
async def test_users_have_the_names_that_people_have(address: str, name: str) -> None:
    method = next(each for each in METHODS if each.name == "ListClients")
    code = await called(address, method, token(name))
    assert code not in REFUSED


def _filled(method: MethodDescriptor, owner: str, client: str) -> Any:
    """Return a request that passes its own rules as far as that matters, for an owner or client."""
    request: Any = message_factory.GetMessageClass(method.input_type)()
    values = VALID | {"owner": owner, "client_id": client}
    for field in method.input_type.fields:
        if field.name == "client_ids":
            request.client_ids.append(client)
        elif field.name == "range":
            request.range.start_date, request.range.end_date = "2026-11-01", "2026-11-02"
        elif field.name in values:
            setattr(request, field.name, values[field.name])
    return request


OWNED = [
    method
    for method in METHODS
    if OPERATOR in rule_of(method) and BY_TOKEN & {field.name for field in method.input_type.fields}
]


@pytest.mark.parametrize("method", OWNED, ids=path_of)
async def test_a_caller_asks_for_its_own_clients_only(
    address: str, method: MethodDescriptor
) -> None:
    own, admin = token(clients=["clinic"]), token(roles=["admin"])
    mine, others = (_filled(method, f"client:{each}", each) for each in ("clinic", "sales"))

    assert await called(address, method, own, mine) is grpc.StatusCode.OK
    assert await called(address, method, own, others) is grpc.StatusCode.PERMISSION_DENIED
    assert await called(address, method, admin, others) is grpc.StatusCode.OK


def test_no_request_names_an_owner_in_a_way_that_nobody_checks() -> None:
    for method in METHODS:
        if OPERATOR not in rule_of(method):
            continue
        for field in method.input_type.fields:
            named = field.name.endswith(("_id", "_ids")) or "owner" in field.name
            known = {*BY_TOKEN, *BY_ROWS, "call_id", "request_id"}
            assert not named or field.name in known, f"{path_of(method)}: {field.name}"


async def test_a_user_has_bots_of_their_own(address: str) -> None:
    tasks = next(method for method in METHODS if method.name == "GetMeetingTasks")
    anna = token("anna", clients=["clinic"])

    assert await called(address, tasks, anna, _filled(tasks, "user:anna", "")) is grpc.StatusCode.OK
    denied = await called(address, tasks, anna, _filled(tasks, "user:olga", ""))
    assert denied is grpc.StatusCode.PERMISSION_DENIED


async def test_a_refusal_says_why(address: str) -> None:
    method = next(method for method in METHODS if method.name == "AddAccount")
    async with open_channel(address, as_=token(clients=["clinic"], lifetime=HOUR)) as channel:
        call: Any = channel.unary_unary(path_of(method), bytes, bytes)
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await call(b"")

    assert refusal.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert refusal.value.details() == "AddAccount is not for you: your token says operator"
    assert issuer_key() not in str(refusal.value)
