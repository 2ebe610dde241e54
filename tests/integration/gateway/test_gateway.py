"""What the gateway lets in, turns into gRPC and says by itself; behind it are small servers."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import httpx2
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc

from tests.fakes.public_services import RUN, PublicServices, public_services, serving_public
from tests.gateway import Gateway, running_gateway, token
from tests.waiting import PATIENCE, until

STATUS = "/api/calls/transcribe-by-date-range-status"
START = "/api/calls/transcribe-by-date-range"
RANGE = {"start_date": "2026-11-01", "end_date": "2026-11-02", "client_id": "clinic"}
APP = "https://app.example"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A gateway and what is behind it."""

    gateway: Gateway
    behind: PublicServices
    http: httpx2.AsyncClient
    """Of the user `anna`."""
    nobody: httpx2.AsyncClient


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def door() -> AsyncIterator[Door]:
    behind = public_services()
    async with (
        serving_public(behind) as address,
        running_gateway({"coordinator": [address], "bot_status": [address]}, origins=[APP]) as it,
        it.http() as http,
        it.http("") as nobody,
    ):
        yield Door(gateway=it, behind=behind, http=http, nobody=nobody)


def another_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key.private_bytes(*pem).decode()


def user(metadata: dict[str, str]) -> str:
    """Return whose token a call has brought."""
    bearer = metadata["authorization"].removeprefix("Bearer ")
    return str(jwt.decode(bearer, options={"verify_signature": False})["sub"])


def refused(answer: httpx2.Response, status: int, code: int) -> str:
    """Return the sentence of a refusal, which is JSON whoever refuses."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    said: dict[str, Any] = answer.json()
    assert set(said) == {"code", "message", "details"}
    assert said["code"] == code
    return str(said["message"])


async def test_the_status_is_the_documents_own(door: Door) -> None:
    answer = await door.http.get(STATUS, params=RANGE)

    assert answer.text == (
        '{"overall_status":"processing","total_calls":150,"status_breakdown":'
        '{"pending":50,"processing":10,"success":85,"failed":5},"progress_percentage":56.67}'
    )
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_null_is_printed(door: Door) -> None:
    answer = await door.http.get("/api/v1/meet/status/bot-1")

    assert answer.text == (
        '{"bot_id":"bot-1","status":"connected","user_id":"anna",'
        '"created_at":"2026-11-21T10:00:00.000Z","updated_at":"2026-11-21T10:00:01.000Z",'
        '"error_message":null,"session_id":null,"result_data":null}'
    )


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("", "Jwt is missing"),
        (token(lifetime=-60), "Jwt is expired"),
        (token(key=another_key()), "Jwt verification fails"),
        (token(iss="somebody"), "Jwt issuer is not configured"),
        (token(without="exp"), "Jwt verification fails"),
        (token()[:-4] + "AAAA", "Jwt verification fails"),
        (jwt.encode({"iss": "potok", "aud": "potok"}, "", "none") + "c2ln", "Jwt header"),
        ("not.a.token", "Jwt"),
    ],
    ids=["missing", "expired", "forged", "issuer", "endless", "changed", "unsigned", "no token"],
)
async def test_without_a_good_token_nothing_is_answered(door: Door, bad: str, why: str) -> None:
    before = len(door.behind.calls["GetTranscriptionStatus"])
    async with door.gateway.http(bad) as http:
        message = refused(await http.get(STATUS, params=RANGE), 401, 16)

    assert why.lower() in message.lower()
    assert len(door.behind.calls["GetTranscriptionStatus"]) == before


async def test_a_token_for_somebody_else_s_services_is_refused(door: Door) -> None:
    async with door.gateway.http(token(aud="elsewhere")) as http:
        refused(await http.get(STATUS, params=RANGE), 401, 16)


async def test_a_token_in_the_address_does_not_count(door: Door) -> None:
    refused(await door.nobody.get(STATUS, params=RANGE | {"access_token": token()}), 401, 16)


async def test_headers_that_pretend_an_identity_go_nowhere(door: Door) -> None:
    pretended = ["x-potok-subject", "x-jwt-sub", "x-jwt-payload", "x-user-id", "x-forwarded-user"]
    pretended += ["x-auth-request-email", "x-remote-user", "remote-user"]
    await door.http.get(STATUS, params=RANGE, headers=dict.fromkeys(pretended, "root"))

    metadata = door.behind.metadata("GetTranscriptionStatus")
    assert "root" not in metadata.values()
    assert user(metadata) == "anna"


@pytest.mark.parametrize(("hops", "kind"), [(0, "http"), (1, "https")])
async def test_what_a_proxy_before_it_says_counts_where_there_is_one(hops: int, kind: str) -> None:
    behind = public_services()
    async with (
        serving_public(behind) as address,
        running_gateway({"coordinator": [address]}, trusted_hops=hops) as it,
        it.http() as http,
    ):
        await http.get(STATUS, params=RANGE, headers={"x-forwarded-proto": "https"})

    assert behind.metadata("GetTranscriptionStatus")["x-forwarded-proto"] == kind


async def test_the_cookie_of_a_session_is_a_token(door: Door) -> None:
    cookies = {"cookie": f"theme=dark; potok_session={token(sub='boris')}; lang=ru"}
    answer = await door.nobody.get("/api/v1/session", headers=cookies)

    assert answer.status_code == 200, answer.text
    metadata = door.behind.metadata("GetSession")
    assert metadata["cookie"] == "theme=dark; lang=ru"
    assert user(metadata) == "boris"


async def test_a_token_goes_before_a_cookie(door: Door) -> None:
    await door.http.get(
        "/api/v1/session", headers={"cookie": f"potok_session={token(sub='boris')}"}
    )

    assert user(door.behind.metadata("GetSession")) == "anna"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_page_of_another_origin_cannot_use_the_cookie(door: Door, site: str) -> None:
    headers = {"cookie": f"potok_session={token()}", "sec-fetch-site": site}
    refused(await door.nobody.post(START, json={}, headers=headers), 401, 16)


async def test_a_session_ends_without_a_good_token(door: Door) -> None:
    expired = {"cookie": f"potok_session={token(lifetime=-60)}"}
    assert (await door.nobody.delete("/api/v1/session")).status_code == 200
    assert (await door.nobody.delete("/api/v1/session", headers=expired)).status_code == 200
    refused(await door.nobody.get("/api/v1/session", headers=expired), 401, 16)


async def test_a_webhook_comes_without_a_token_and_byte_for_byte(door: Door) -> None:
    body = b'{"event" : "bot.done"}'
    path = "/api/v1/meet/webhooks/recall"
    answer = await door.nobody.post(path, content=body, headers={"svix-signature": "v1,abc"})

    assert answer.status_code == 200, answer.text
    assert door.behind.metadata(f"ReceiveWebhook recall {body!r}")["svix-signature"] == "v1,abc"


async def test_refusals_of_services_are_json_with_their_details(door: Door) -> None:
    answer = await door.http.post(START, json={"client_id": "busy"})

    assert refused(answer, 409, 10) == "a run «утро» is under way"
    assert answer.json()["details"] == [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "RUN_ACTIVE",
            "domain": "potok",
            "metadata": {"run_id": RUN},
        }
    ]


async def test_a_query_parameter_that_nobody_knows_is_named(door: Door) -> None:
    message = refused(await door.http.get(STATUS, params=RANGE | {"clinet": "x"}), 400, 3)
    assert message == (
        "clinet: there is no such parameter, there are: start_date, end_date, client_id"
    )


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ('{"client_id":', "ends too early"),
        ("[]", "must be an object"),
        ('{"client_id": {"a": 1}}', "client_id"),
        ("not json", "must be an object"),
        ('{"client_id": "\\ud800"}', "client_id: must be UTF-8"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
async def test_a_body_that_is_no_json_of_ours_is_refused(
    door: Door, body: str | bytes, named: str
) -> None:
    json_ = {"content-type": "application/json"}
    assert named in refused(await door.http.post(START, content=body, headers=json_), 400, 3)


async def test_unknown_fields_of_a_body_are_dropped(door: Door) -> None:
    answer = await door.http.post(START, json={"client_id": "clinic", "colour": "red"})
    assert answer.json()["run_id"] == RUN


@pytest.mark.parametrize("path", ["/nothing", "/api/nothing", "/api/"])
async def test_what_is_no_endpoint_is_not_found(door: Door, path: str) -> None:
    refused(await door.http.get(path), 404, 5)


@pytest.mark.parametrize(
    "rpc",
    [
        "/potok.coordinator.v1.CoordinatorService/ReportStatus",
        "/potok.coordinator.v1.BotReportService/ReportBots",
        "/potok.stage.v1.StageService/RunStage",
        "/potok.call_sync.v1.CallSyncService/GetCalls",
        "/potok.bot_status.v1.BotStatusService/StartBot",
        "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ],
)
async def test_there_is_no_way_to_what_is_between_services(door: Door, rpc: str) -> None:
    refused(await door.http.post(rpc, json={}), 404, 5)
    async with grpc.aio.insecure_channel(door.gateway.address) as channel:
        call: Any = channel.unary_unary(rpc)
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await call(b"", metadata=bearer(), timeout=PATIENCE)
    assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert not door.behind.calls["ReportStatus"]


@pytest.mark.parametrize(
    ("headers", "fault"),
    [([], "host"), (["host"], "codec")],
)
async def test_what_is_no_http_is_told_so_in_json(
    door: Door, headers: list[str], fault: str
) -> None:
    host, _, port = door.gateway.address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write("\r\n".join(("GET / HTTP/1.1", *headers, "", "")).encode())
    answer = (await reader.read()).decode()
    writer.close()

    assert answer.startswith("HTTP/1.1 400 ")
    assert fault in json.loads(answer.partition("\r\n\r\n")[2])["message"]


async def test_a_body_that_is_too_large_is_refused(door: Door) -> None:
    host, _, port = door.gateway.address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {START} HTTP/1.1\r\nhost: potok\r\nauthorization: Bearer {token()}\r\n"
    writer.write(
        f"{head}content-type: application/json\r\ncontent-length: {5 << 20}\r\n\r\n".encode()
    )
    answer = (await reader.read()).decode()
    writer.close()

    assert answer.startswith("HTTP/1.1 413 ")
    assert json.loads(answer.partition("\r\n\r\n")[2])["code"] == 8


async def test_pages_of_an_origin_that_is_allowed_may_call(door: Door) -> None:
    asks = {
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization",
    }
    preflight = await door.nobody.options(STATUS, headers={"origin": APP, **asks})
    answer = await door.http.get(STATUS, params=RANGE, headers={"origin": APP})

    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == APP
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-origin"] == APP
    assert "access-control-allow-credentials" not in answer.headers


async def test_pages_of_other_origins_may_not(door: Door) -> None:
    evil = {"origin": "https://evil.example", "access-control-request-method": "GET"}
    assert "ORIGINS" in refused(await door.nobody.options(STATUS, headers=evil), 403, 7)
    answer = await door.http.get(STATUS, params=RANGE, headers=evil)
    assert "access-control-allow-origin" not in answer.headers


async def test_a_client_of_grpc_gets_messages_and_refusals_as_they_are(door: Door) -> None:
    async with grpc.aio.insecure_channel(door.gateway.address) as channel:
        stub: Any = pb_grpc.CoordinatorServiceStub(channel)
        request = pb.GetRunRequest(run_id=RUN)
        answer = await stub.GetRun(request, metadata=bearer(), timeout=PATIENCE)
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await stub.GetRun(request, timeout=PATIENCE)

    assert answer.run.status.run_id == RUN
    assert refusal.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert refusal.value.details() == "Jwt is missing"


async def test_a_read_that_fails_is_tried_again_and_a_start_is_not(door: Door) -> None:
    door.behind.calls.clear()
    door.behind.unavailable = 1
    assert (await door.http.get(STATUS, params=RANGE)).status_code == 200
    assert len(door.behind.calls["GetTranscriptionStatus"]) == 2

    door.behind.unavailable = 1
    assert refused(await door.http.post(START, json={}), 503, 14) == "busy, try again"
    assert len(door.behind.calls["TranscribeCalls"]) == 1


async def test_a_service_that_is_not_there_is_unavailable(door: Door) -> None:
    refused(await door.http.get("/api/v1/accounts"), 503, 14)


async def test_the_log_has_who_and_what_and_no_token(door: Door) -> None:
    await door.http.get(STATUS, params=RANGE)

    def logged() -> dict[str, Any] | None:
        lines = (line for line in door.gateway.log.splitlines() if '"user":"anna"' in line)
        return next(map(json.loads, lines), None)

    said = await until(logged, "the call is logged")
    assert said["rpc"].startswith("/potok.coordinator.v1.")
    assert "eyJ" not in door.gateway.log


def bearer(**claims: Any) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token(**claims)}"),)
