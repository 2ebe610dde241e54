"""Every endpoint of the whole system, by JSON and by gRPC, given what nobody expects: it may refuse, but not break."""

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import grpc
import httpx2
import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from potok.status.v1 import deadline_pb2

from deploy.local.folders import CHECKOUT
from deploy.local.settings import GATEWAY
from gateway.endpoints import Endpoint, endpoints
from tests.whole_system import free_places, token_of, whole_system

EXAMPLES = int(os.environ.get("POTOK_FUZZ", "0"))
"""So many requests of each endpoint, other ones each time; else a few that are always the same."""
USUAL_EXAMPLES = 12
PATIENCE = 15
LEAKS = ("Traceback", 'File "', "site-packages", "asyncpg", "postgresql://", str(CHECKOUT), "eyJ")

UUID = "0b4f0c3e-8a8e-4a53-9f0e-2f3f2f0b7a11"
LIKELY = st.sampled_from(
    (
        *("clinic", "client:clinic", "user:olga", UUID, "2026-11-02", "2026-02-30", "9999-12-31"),
        *("https://meet.google.com/abc-defg-hij", "folder:/nowhere", "UTC", "ru", "recall", "%00"),
    )
)
RIGHT: dict[str, Any] = {
    "client_id": "clinic",
    "client_ids": ["clinic"],
    "owner": "client:clinic",
    "run_id": UUID,
    "run_ids": [UUID],
    "recommendation_id": UUID,
    "call_id": "call-1",
    "bot_id": "bot_1",
    "bot_ids": ["bot_1"],
    "account_id": "main",
    "user_id": "olga",
    **dict.fromkeys(("start_date", "start_date_str"), "2026-11-02"),
    **dict.fromkeys(("end_date", "end_date_str"), "2026-11-04"),
    "meet_url": "https://meet.google.com/abc-defg-hij",
    **dict.fromkeys(("page_token", "resume_token", "retry_of"), ""),
    "language": "ru",
    "playbook": "clinic",
    "time_zone": "UTC",
    "source": "folder:/nowhere",
}
"""What fields of these names have in a request that gets somewhere."""
STRINGS = LIKELY | st.text(max_size=20) | st.just("x" * 500)
EDGES = st.sampled_from(
    [
        sign * 2**power + step
        for power in (31, 32, 53, 63, 64)
        for sign in (1, -1)
        for step in (-1, 0, 1)
    ]
)
NUMBERS = st.integers() | st.integers(0, 200) | st.floats() | EDGES
JUNK = st.recursive(
    st.none() | st.booleans() | NUMBERS | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture
async def door(postgres_home: Path) -> AsyncIterator[tuple[str, str]]:
    """Run a whole system; yields the gateway's address and the token of an administrator."""
    listens = free_places()
    limits = ("RATE", "BURST", "ADDRESS_RATE", "ADDRESS_BURST")
    also = {f"POTOK_GATEWAY_{limit}": "100000" for limit in limits}
    async with whole_system(postgres_home / f"fuzz-{os.getpid()}", listens, also) as system:
        yield f"http://{listens[GATEWAY]}", token_of(system, "olga", "admin")


KEYS: st.SearchStrategy[Any] = st.sampled_from(
    (
        *("2026-11-02", "2026-11-02 x", "0001-01-01", "9999-12-31", "2026-11-02T10:00:00+00:00"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "clinic", UUID, "\0", "\ud800"),
        *(True, None, 0, -1, 2**31, 2**63, 2**64, 1.5, float("inf"), float("nan"), [], {}),
    )
)


@st.composite
def page_tokens(draw: st.DrawFn) -> str:
    """Return a token that parses, of a list that there is, with keys that no page ended with."""
    listings = (
        *("ListClients", "ListAccounts", "ListRuns clinic", "ListRuns ", "ListBots []"),
        "x",
    )
    listing = draw(st.sampled_from(listings))
    digest = hashlib.sha256(f"olga\0{listing}".encode()).hexdigest()[:12]
    body = json.dumps([digest, *draw(st.lists(KEYS, max_size=4))])
    return base64.urlsafe_b64encode(body.encode()).decode()


def value_of(field: Any, depth: int) -> st.SearchStrategy[Any]:
    """Return values for a field: mostly such as it has, sometimes anything."""
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_MESSAGE:
            one: Any = message_of(field.message_type, depth + 1) if depth < 3 else st.just({})
        case FieldDescriptor.CPPTYPE_ENUM:
            one = st.sampled_from([each.name for each in field.enum_type.values]) | NUMBERS
        case FieldDescriptor.CPPTYPE_STRING:
            one = STRINGS | page_tokens() if field.name.endswith("token") else STRINGS
        case FieldDescriptor.CPPTYPE_BOOL:
            one = st.booleans()
        case _:
            one = NUMBERS
    return (st.lists(one, max_size=3) if field.is_repeated else one) | JUNK


def message_of(message: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Return JSON for a message: any of its fields, perhaps one that it does not have."""
    fields = {field.name: value_of(field, depth) for field in message.fields}
    return st.fixed_dictionaries({}, optional=fields | {"surprise": JUNK})


def right_value_of(field: Any) -> st.SearchStrategy[Any]:
    """Return values for a field that its endpoint takes, as far as names tell."""
    if field.name in RIGHT:
        return st.just(RIGHT[field.name])
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_MESSAGE:
            one: Any = right_message_of(field.message_type)
        case FieldDescriptor.CPPTYPE_ENUM:
            one = st.sampled_from([each.name for each in field.enum_type.values[1:]])
        case FieldDescriptor.CPPTYPE_STRING:
            one = st.just("some words")
        case FieldDescriptor.CPPTYPE_BOOL:
            one = st.booleans()
        case _:
            one = st.just(1)
    return st.lists(one, min_size=1, max_size=2) if field.is_repeated else one


@st.composite
def right_message_of(draw: st.DrawFn, message: Any) -> Any:
    """Return JSON for a message that is right but perhaps for one field; of several in a oneof there is one."""
    wrong = draw(st.none() | st.sampled_from(list(message.fields))) if message.fields else None
    said: dict[str, Any] = {}
    for field in message.fields:
        alone = field.containing_oneof
        if alone is not None and any(each.name in said for each in alone.fields):
            continue
        right = field is not wrong
        said[field.name] = draw(right_value_of(field) if right else value_of(field, 2))
    return said


def parameters(said: Any, path: str = "") -> list[tuple[str, str]]:
    """Return JSON as the parameters of a query: fields of fields by dots."""
    if isinstance(said, dict):
        return [
            pair
            for name, value in said.items()
            for pair in parameters(value, f"{path}.{name}" if path else name)
        ]
    if isinstance(said, list):
        return [pair for value in said for pair in parameters(value, path)]
    return [(path, said if isinstance(said, str) else json.dumps(said))]


@st.composite
def requests_of(draw: st.DrawFn, endpoint: Endpoint) -> dict[str, Any]:
    """Return a request of an endpoint, as httpx takes it."""
    nearly = draw(st.booleans())
    path = endpoint.path
    while "{" in path:
        before, _, rest = path.partition("{")
        name, _, after = rest.partition("}")
        text = RIGHT.get(name.rpartition(".")[2], "x") if nearly else draw(STRINGS)
        path = before + quote(text.replace("\ud800", ""), safe="") + after
    wanted = endpoint.descriptor.input_type
    said = draw(right_message_of(wanted) if nearly else message_of(wanted))
    if nearly:  # what is in the path is in nothing else
        for part in endpoint.path.split("{")[1:]:
            *outer, name = part.partition("}")[0].split(".")
            within = said[outer[0]] if outer else said
            if isinstance(within, dict):
                within.pop(name, None)
    request: dict[str, Any] = {"method": endpoint.verb, "url": path}
    if endpoint.verb in {"GET", "DELETE"}:
        return request | {"params": parameters(said)}
    body = draw(
        st.just(json.dumps(said).encode())
        if nearly
        else st.just(json.dumps(said).encode())
        | JUNK.map(lambda junk: json.dumps(junk).encode())
        | st.binary(max_size=50)
    )
    return request | {"content": body, "headers": {"content-type": "application/json"}}


async def test_no_request_breaks_an_endpoint(door: tuple[str, str]) -> None:
    url, olga = door
    bearer = {"authorization": f"Bearer {olga}"}
    with httpx2.Client(base_url=url, trust_env=False, timeout=PATIENCE, headers=bearer) as http:
        settings_of = {"time_zone": "UTC", "source": "folder:/usr", "playbook": "clinic"}
        clinic = {"client": {"settings": settings_of | {"language": "ru", "weight": 1}}}
        made = await asyncio.to_thread(http.put, "/api/v1/clients/clinic", json=clinic)
        assert made.status_code == 200, made.text
        for endpoint in endpoints():
            if endpoint.path:
                await asyncio.to_thread(fuzz, http, endpoint)


WHOLE = {FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_UINT32}


@st.composite
def bytes_of(draw: st.DrawFn, endpoint: Endpoint) -> bytes:
    """Return bytes for an RPC: a message that it takes, changed a little, or nothing of the kind."""
    made = message_factory.GetMessageClass(endpoint.descriptor.input_type)()
    for field in endpoint.descriptor.input_type.fields:
        known = RIGHT.get(field.name)
        if (
            isinstance(known, str)
            and field.type == FieldDescriptor.TYPE_STRING
            and not field.is_repeated
        ):
            setattr(made, field.name, known)
        elif field.type in WHOLE and not field.is_repeated:
            setattr(made, field.name, draw(st.sampled_from((0, 1, 2**31, 2**32 - 1))))
    whole = made.SerializeToString()
    place, junk = draw(st.integers(0, len(whole))), draw(st.binary(min_size=1, max_size=6))
    return draw(
        st.sampled_from(
            (
                *(whole, whole[:place], whole + junk, whole[:place] + junk + whole[place:]),
                *(whole[:place] + junk + whole[place + len(junk) :], junk, b"\x0a\x02\xc0\xaf"),
                *(
                    b"\x08" + 11 * b"\xff",
                    b"\x0b" * 300,
                    b"\x0a\xff",
                    b"\x08" + 9 * b"\xff" + b"\x01",
                ),
            )
        )
    )


async def test_no_bytes_break_an_rpc(door: tuple[str, str]) -> None:
    url, olga = door
    async with grpc.aio.insecure_channel(url.removeprefix("http://")) as channel:
        for endpoint in endpoints():
            await fuzz_rpc(channel, endpoint, olga)


async def fuzz_rpc(channel: grpc.aio.Channel, endpoint: Endpoint, bearer: str) -> None:
    loop = asyncio.get_running_loop()
    streams: Any = channel.unary_stream(endpoint.rpc)
    answers: Any = channel.unary_unary(endpoint.rpc)

    async def status_of(body: bytes) -> grpc.StatusCode:
        metadata = (("authorization", f"Bearer {bearer}"),)
        if endpoint.descriptor.server_streaming:
            stream = streams(body, metadata=metadata, timeout=1)
            with contextlib.suppress(grpc.aio.AioRpcError):
                async for _ in stream:
                    pass
            code: grpc.StatusCode = await stream.code()
            return code
        call = answers(body, metadata=metadata, timeout=PATIENCE)
        status: grpc.StatusCode = await call.code()
        return status

    @settings(
        max_examples=EXAMPLES or USUAL_EXAMPLES,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(bytes_of(endpoint))
    def holds(body: bytes) -> None:
        status = asyncio.run_coroutine_threadsafe(status_of(body), loop).result(2 * PATIENCE)
        assert status not in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN), endpoint.rpc

    await asyncio.to_thread(holds)


def fuzz(http: httpx2.Client, endpoint: Endpoint) -> None:
    @settings(
        max_examples=EXAMPLES or USUAL_EXAMPLES,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests_of(endpoint))
    def holds(request: dict[str, Any]) -> None:
        try:
            with http.stream(**request) as answer:
                streams = answer.headers.get("content-type", "").startswith("text/event-stream")
                text = "" if streams else answer.read().decode(errors="replace")  # files are none
                check(answer.status_code, text)
        except httpx2.InvalidURL:
            return  # longer than a client sends
        except httpx2.ReadTimeout:
            options = endpoint.descriptor.GetOptions()
            assert options.Extensions[deadline_pb2.deadline_seconds] > PATIENCE

    holds()


def check(status: int, text: str) -> None:
    assert status < 500, text
    text = re.sub(r'^{"token":"[^"]+"', '{"token":"…"', text)  # one that was asked for is no leak
    for leak in LEAKS:
        assert leak not in text
    if status >= 400:
        said = json.loads(text)
        assert set(said) == {"code", "message", "details"}
        assert said["message"]
