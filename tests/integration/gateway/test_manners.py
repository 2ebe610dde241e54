"""HTTP as people, browsers, proxies and strangers speak it, and what they are told where it cannot be taken."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.fakes.public_services import PublicServices, public_services, serving_public
from tests.gateway import Gateway, running_gateway, token
from tests.http2 import call, message

STATUS = "/api/calls/transcribe-by-date-range-status"
START = "/api/calls/transcribe-by-date-range"
RANGE = {"client_id": "clinic", "start_date": "2026-11-01", "end_date": "2026-11-02"}
JSON = {"content-type": "application/json"}
RPC = b"/potok.coordinator.v1.CoordinatorService/GetRun"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def behind() -> PublicServices:
    return public_services()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(behind: PublicServices) -> AsyncIterator[Gateway]:
    async with (
        serving_public(behind) as address,
        running_gateway({"coordinator": [address], "bot_status": [address]}) as running,
    ):
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def http(gateway: Gateway) -> AsyncIterator[httpx2.AsyncClient]:
    async with gateway.http() as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def nobody(gateway: Gateway) -> AsyncIterator[httpx2.AsyncClient]:
    async with gateway.http("") as client:
        yield client


def told(answer: httpx2.Response, status: int, code: int) -> str:
    """Return the sentence of a refusal."""
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert set(said) == {"code", "message", "details"}
    assert said["code"] == code
    return str(said["message"])


def fields_of(answer: httpx2.Response) -> list[str]:
    """Return the fields that a refusal says are wrong; its sentence must say the same."""
    told(answer, 400, 3)
    [detail] = answer.json()["details"]
    assert detail["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    violations = [(each["field"], each["description"]) for each in detail["field_violations"]]
    sentences = ["; ".join(": ".join(filter(None, each)) for each in violations)]
    assert [answer.json()["message"]] == sentences
    return [field for field, _ in violations]


@pytest.mark.parametrize(
    ("verb", "path", "allowed"),
    [
        ("POST", STATUS, "GET, HEAD, OPTIONS"),
        ("GET", START, "OPTIONS, POST"),
        ("PATCH", "/api/v1/clients/clinic", "GET, HEAD, OPTIONS, PUT"),
        ("DELETE", "/api/v1/runs", "GET, HEAD, OPTIONS, POST"),
        ("HEAD", "/api/v1/watch", "GET, OPTIONS"),
        ("HEAD", START, "OPTIONS, POST"),
    ],
)
async def test_a_method_that_a_path_does_not_take_is_told_which_it_takes(
    http: httpx2.AsyncClient, verb: str, path: str, allowed: str
) -> None:
    answer = await http.request(verb, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    if verb != "HEAD":
        assert allowed in told(answer, 405, 12)


async def test_head_is_get_without_the_body(http: httpx2.AsyncClient) -> None:
    for _ in range(3):  # on one connection, which a stray body would spoil
        head = await http.head(STATUS, params=RANGE, headers={"accept-encoding": "gzip"})
        answer = await http.get(STATUS, params=RANGE)
        assert (head.status_code, head.content) == (200, b"")
        assert answer.json()["total_calls"] == 150
    assert (await http.head("/api/nothing")).status_code == 404


async def test_options_says_what_there_is(http: httpx2.AsyncClient) -> None:
    answer = await http.options(START)
    assert (answer.status_code, answer.headers["allow"]) == (204, "OPTIONS, POST")
    asks = {"origin": "https://no.example", "access-control-request-method": "POST"}
    assert "POTOK_GATEWAY_ORIGINS" in told(await http.options(START, headers=asks), 403, 7)


@pytest.mark.parametrize(
    "kind",
    [
        *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
        *("application/xml", "text/xml", "text/json", "application/jsonp", "application/json5"),
    ],
)
async def test_a_body_that_does_not_say_that_it_is_json_is_refused(
    http: httpx2.AsyncClient, kind: str
) -> None:
    headers = {"content-type": kind}
    answer = await http.post(START, content=json.dumps(RANGE), headers=headers)

    assert "content-type: application/json" in told(answer, 415, 3)


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
async def test_json_is_taken(http: httpx2.AsyncClient, kind: str) -> None:
    answer = await http.post(START, content=json.dumps(RANGE), headers={"content-type": kind})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('{"client_id": "a", "client_id": "b"}', "client_id"),
        ('{"a": {"b": 1, "c": [{"d": 1, "e": "}", "d": 2}]}}', "a.c.d"),
        ('{"x": "\\"", "x" : 2}', "x"),
    ],
)
async def test_a_name_that_a_body_has_twice_is_refused(
    http: httpx2.AsyncClient, body: str, name: str
) -> None:
    answer = await http.post(START, content=body, headers=JSON)
    assert told(answer, 400, 3) == f"{name}: is there twice, say it once"


RUNS = "/api/v1/runs"
CLIENT = "/api/v1/clients/clinic"


@pytest.mark.parametrize(
    ("verb", "path", "body", "fields"),
    [
        ("POST", START, {"client_id": ["a"]}, ["client_id"]),
        ("POST", START, {"client_id": 5, "start_date": {}}, ["client_id", "start_date"]),
        ("POST", START, {"clientId": True}, ["client_id"]),
        ("POST", RUNS, {"range": []}, ["range"]),
        ("POST", RUNS, {"range": "2026-11-01"}, ["range"]),
        ("POST", RUNS, {"range": {"startDate": 20261101}}, ["range.start_date"]),
        ("POST", RUNS, {"stages": "STAGE_ANALYSIS"}, ["stages"]),
        ("POST", RUNS, {"stages": ["STAGE_ANALYSIS", None, "x"], "mode": 99}, ["stages", "mode"]),
        ("POST", RUNS, {"stages": [["STAGE_ANALYSIS"]], "mode": 1.5}, ["stages", "mode"]),
        ("PUT", CLIENT, {"client": {"settings": {"weight": -1}}}, ["client.settings.weight"]),
        ("PUT", CLIENT, {"client": {"settings": {"weight": 2**32}}}, ["client.settings.weight"]),
        ("PUT", CLIENT, {"client": {"settings": {"weight": "x"}}}, ["client.settings.weight"]),
        ("PUT", CLIENT, {"client": {"settings": {"weight": 1.5}}}, ["client.settings.weight"]),
        ("PUT", CLIENT, {"client": {"client_id": "clinic"}}, ["client.client_id"]),
        ("PUT", CLIENT, {"client": {"settings": 5}}, ["client.settings"]),
        ("POST", f"{RUNS}/1:retry", {"run_id": "2"}, ["run_id"]),
        ("POST", "/api/v1/create-tasks-from-audio", {"strict": 1}, ["strict"]),
    ],
)
async def test_a_value_of_another_type_is_refused_by_the_name_of_its_field(
    http: httpx2.AsyncClient, verb: str, path: str, body: object, fields: list[str]
) -> None:
    assert fields_of(await http.request(verb, path, json=body)) == fields


@pytest.mark.parametrize(
    "query",
    [
        *("page_size=x", "page_size=-1", "page_size=", "page_size=4294967296", "pageSize=1.5"),
        *("states=x", "states=BOT_STATE_DONE&states=99", "states="),
    ],
)
async def test_a_parameter_of_another_type_is_refused_by_its_name(
    http: httpx2.AsyncClient, query: str
) -> None:
    [field] = fields_of(await http.get(f"/api/v1/meet/bots?{query}"))
    assert field == ("states" if "states" in query else "page_size")


async def test_both_spellings_of_a_field_are_the_same_one(http: httpx2.AsyncClient) -> None:
    camel = "clientId=a&startDate=2026-11-01&end_date=2026-11-02"
    assert (await http.get(f"{STATUS}?{camel}")).status_code == 200
    assert fields_of(await http.get(f"{STATUS}?clientId=a&client_id=b")) == ["client_id"]
    twice = '{"clientId": "a", "client_id": "b"}'
    assert fields_of(await http.post(START, content=twice, headers=JSON)) == ["client_id"]
    escaped = '{"client_id": "a", "client\\u005fid": "b"}'
    assert fields_of(await http.post(START, content=escaped, headers=JSON)) == ["client_id"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        *(
            (body, "the body must be an object of JSON, in braces")
            for body in (b"[]", b'"x"', b"5", b"null", b" ", b"junk", b"[" * 5000)
        ),
        *(
            (body, "the body is no JSON: it ends too early")
            for body in (b"{", b'{"client_id', b'{"client_id": "a"', b'{"a": [1, ')
        ),
        (b"{}x", "the body is no JSON, look at byte 3"),
        (b'{"client_id": "a",}', "the body is no JSON, look at byte 19"),
        (b"{'client_id': 'a'}", "the body is no JSON, look at byte 2"),
        (b'{"a": 01}', "the body is no JSON, look at byte 7"),
        (b'{"a": "\n"}', "the body is no JSON, look at byte 8"),
        (b'{"a": "\\x"}', "the body is no JSON, look at byte 8"),
        *(
            (body, "the body must be JSON in UTF-8, without a byte order mark")
            for body in (
                b"\xef\xbb\xbf{}",
                b"\xff",
                "{}".encode("utf-16"),
                "{}".encode("utf-16-be"),
            )
        ),
        (b'{"client_id": "\xff"}', "client_id: must be UTF-8"),
        (b'{"client_id": "\xed\xa0\x80"}', "client_id: must be UTF-8"),
        (b'{"client_id": "\\ud800"}', "client_id: must be UTF-8"),
        (b'{"surprise": {"a": "\xc0\xaf"}}', "surprise.a: must be UTF-8"),
        (b'{"a": ' + b"[" * 50 + b"]" * 50 + b"}", "the body is nested deeper than 32"),
        (b'{"a": [' + b"1," * 100_000 + b"1]}", "the body has more than 100000 values"),
    ],
)
async def test_a_body_that_is_no_such_json_is_refused_with_what_is_wrong(
    http: httpx2.AsyncClient, body: bytes, sentence: str
) -> None:
    answer = await http.post(START, content=body, headers=JSON)

    assert told(answer, 400, 3) == sentence
    fields_of(answer)


@pytest.mark.parametrize(
    "body",
    [
        '{"client_id": null, "start_date": "2026-11-01"}',
        '{"surprise": [null, {"a": -0.5e-3, "b": [true, false]}], "client_id": "\\ud83d\\ude00 ж"}',
        '\r\n\t{ "client_id" : "a\\"\\\\b" }\n',
        "{}",
        "",
        '{"client_id": "' + "ж" * 1_000_000 + '"}',
    ],
    ids=["null", "unknown fields", "blanks", "nothing", "no body", "two megabytes"],
)
async def test_json_of_every_shape_that_there_is_comes_through(
    http: httpx2.AsyncClient, body: str
) -> None:
    assert (await http.post(START, content=body.encode(), headers=JSON)).status_code == 200


@pytest.mark.parametrize(
    ("settings", "weight", "ratio"),
    [
        ({"weight": 5, "min_success_ratio": 0.5}, 5, 0.5),
        ({"weight": 5.0, "min_success_ratio": 1}, 5, 1.0),
        ({"weight": "5", "minSuccessRatio": "1e-1"}, 5, 0.1),
        ({"weight": None}, 0, 0.0),
    ],
)
async def test_numbers_are_taken_in_all_their_forms(
    http: httpx2.AsyncClient,
    settings: dict[str, object],
    weight: int,
    ratio: float,
) -> None:
    answer = await http.put(CLIENT, json={"client": {"settings": settings}})

    assert answer.status_code == 200, answer.text
    told_settings = answer.json()["client"]["settings"]
    assert (told_settings["weight"], told_settings["min_success_ratio"]) == (weight, ratio)


async def test_a_body_that_is_too_large_is_told_how_large_it_may_be(behind: PublicServices) -> None:
    async with (
        serving_public(behind) as address,
        running_gateway({"coordinator": [address]}, max_body=1000) as small,
        small.http() as client,
    ):
        answer = await client.post(START, json={"client_id": "a" * 1000})
        assert told(answer, 413, 8) == "the body is larger than 1000 bytes"


async def test_a_name_in_each_of_two_objects_is_there_once(http: httpx2.AsyncClient) -> None:
    body = '{"client_id": "client_id", "x": [{"y": 1}, {"y": 2}], "y": {"client_id": 3}}'
    assert (await http.post(START, content=body, headers=JSON)).status_code == 200


async def test_parameters_are_those_there_are_and_each_is_there_once(
    http: httpx2.AsyncClient,
) -> None:
    twice = await http.get(f"{STATUS}?client_id=a&client_id=b")
    assert told(twice, 400, 3) == "client_id: is there twice, say it once"
    unknown = await http.get(f"{STATUS}?clinet=a")
    assert told(unknown, 400, 3) == (
        "clinet: there is no such parameter, there are: start_date, end_date, client_id"
    )
    none = await http.get("/api/v1/session?x=%22%0a")
    assert told(none, 400, 3) == "x: there is no such parameter, there are none"


async def test_what_caches_and_polyfills_add_is_left_out(
    http: httpx2.AsyncClient, behind: PublicServices
) -> None:
    assert (await http.get(STATUS, params=RANGE | {"_": "1700000000"})).status_code == 200
    behind.next_event.put_nowait("1")
    behind.next_event.put_nowait("end")
    async with http.stream(
        "GET", "/api/v1/watch?client_ids=clinic&lastEventId=abc%3D&_=1"
    ) as answer:
        assert answer.status_code == 200
        assert answer.headers["x-accel-buffering"] == "no"
    metadata = behind.calls["WatchEvents"][-1]
    assert metadata["last-event-id"] == "abc="


async def test_a_header_with_an_underscore_is_left_out(
    http: httpx2.AsyncClient, behind: PublicServices
) -> None:
    answer = await http.get(
        STATUS, params=RANGE, headers={"x_request": "1", "x_potok_address": "2"}
    )

    assert answer.status_code == 200
    metadata = behind.calls["GetTranscriptionStatus"][-1]
    assert not [name for name in metadata if "_" in name]
    assert metadata["x-potok-address"] == "127.0.0.1"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_proxy_with_its_defaults_is_answered(gateway: Gateway, version: str) -> None:
    host, _, port = gateway.address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [
        f"GET {STATUS}?client_id=a&start_date=2026-11-01&end_date=2026-11-02 HTTP/{version}",
        "Host: 127.0.0.1:8000" if version == "1.1" else "X-Forwarded-Proto: https",
        "Connection: close",
        "X-Forwarded-For: 192.0.2.1",
        f"Authorization: Bearer {token()}",
    ]
    writer.write("\r\n".join((*lines, "", "")).encode())
    answer = (await reader.read()).decode()
    writer.close()

    assert " 200 OK" in answer.splitlines()[0]
    assert "total_calls" in answer


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://{own}", 200),
        ("http://wiki.corp.test:9000", 401),
        ("http://localhost:9000", 401),
        ("https://{own}.evil.test", 401),
        ("null", 401),
        ("", 200),
    ],
)
async def test_a_page_of_another_host_starts_nothing_by_the_cookie(
    gateway: Gateway, nobody: httpx2.AsyncClient, origin: str, status: int
) -> None:
    headers = JSON | {"cookie": f"potok_session={token()}"}
    if origin:
        headers["origin"] = origin.format(own=gateway.address)

    assert (await nobody.post(START, json=RANGE, headers=headers)).status_code == status


async def test_two_session_cookies_are_refused(nobody: httpx2.AsyncClient) -> None:
    both = f"potok_session={token()}; potok_session={token(sub='boris')}"
    assert "two session cookies" in told(
        await nobody.get("/api/v1/session", headers={"cookie": both}), 400, 3
    )


async def test_who_has_two_session_cookies_can_end_the_session(nobody: httpx2.AsyncClient) -> None:
    both = f"potok_session={token()}; potok_session={token(sub='boris')}"
    ended = await nobody.delete("/api/v1/session", headers={"cookie": both})
    assert ended.status_code == 200


async def test_behind_tls_only_the_cookie_counts_that_no_other_host_can_set() -> None:
    services = public_services()
    async with (
        serving_public(services) as address,
        running_gateway({"coordinator": [address]}, trusted_hops=1) as door,
        door.http("") as client,
    ):
        tls = {"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7"}
        for name, status in (("potok_session", 401), ("__Host-potok_session", 200)):
            cookie = {"cookie": f"{name}={token()}"}
            answer = await client.get("/api/v1/session", headers=tls | cookie)
            assert answer.status_code == status
    metadata = services.calls["GetSession"][-1]
    assert metadata["x-potok-address"] == "192.0.2.7"


async def test_strangers_with_bad_tokens_are_slowed_down_and_others_are_not() -> None:
    async with (
        serving_public(public_services()) as address,
        running_gateway(
            {"coordinator": [address]}, address_rate=1, address_burst=5, trusted_hops=1
        ) as door,
        door.http("no token") as stranger,
        door.http() as anna,
    ):
        from_ = {"x-forwarded-for": "192.0.2.1"}
        statuses = [
            (await stranger.get("/api/v1/runs", headers=from_)).status_code for _ in range(12)
        ]
        assert statuses[:5] == [401] * 5
        assert 429 in statuses[5:]
        assert (
            await anna.get(STATUS, params=RANGE, headers={"x-forwarded-for": "192.0.2.2"})
        ).status_code == 200


@pytest.mark.parametrize("said", [b"x", b"-1S", b"", b"999999999S", b"1", b"1.5S", b"1s"])
async def test_a_timeout_that_nobody_can_read_is_none(gateway: Gateway, said: bytes) -> None:
    headers = [(b"authorization", f"Bearer {token()}".encode()), (b"grpc-timeout", said)]

    assert await call(gateway.address, RPC, message(b""), more=headers) == 0


async def test_grpc_where_json_is_spoken_is_told_that_there_is_no_such_rpc(
    gateway: Gateway, http: httpx2.AsyncClient
) -> None:
    headers = [(b"authorization", f"Bearer {token()}".encode())]
    for path in (START, STATUS, "/api/v1/clients/clinic", "/api/nothing"):
        assert await call(gateway.address, path.encode(), message(b""), more=headers) == 12
    web = {"content-type": "application/grpc-web+proto"}
    answer: Any = await http.post(START, content=message(b""), headers=web)
    assert answer.status_code in (404, 415)
