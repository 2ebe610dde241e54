"""Streams and limits through the gateway: nothing is held back, and nothing is held for ever."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import grpc
import httpx2
import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc

from deploy.local.readiness import not_ready
from tests.fakes.public_services import PublicServices, public_services, serving_public
from tests.gateway import Gateway, running_gateway, token
from tests.waiting import PATIENCE, until

SYNC = "/api/calls-parallel-bulk/sync-by-date-range"
STATUS = "/api/calls/transcribe-by-date-range-status"
BEARER = (("authorization", f"Bearer {token()}"),)
SHORT = {
    "stream_idle": timedelta(seconds=0.5),
    "sync_idle": timedelta(seconds=2),
}


@contextlib.asynccontextmanager
async def door(**settings: Any) -> AsyncIterator[tuple[Gateway, PublicServices]]:
    behind = public_services()
    async with (
        serving_public(behind) as address,
        running_gateway({"coordinator": [address]}, **settings) as gateway,
    ):
        yield gateway, behind


async def test_events_come_one_by_one_and_say_where_to_resume() -> None:
    async with door() as (gateway, behind), gateway.http() as http:
        last = {"last-event-id": "token-7", "accept": "text/event-stream"}
        behind.next_event.put_nowait("token-0")
        async with http.stream(
            "GET", "/api/v1/watch?client_ids=a&client_ids=b", headers=last
        ) as it:
            chunks = it.aiter_text()
            for number in range(3):
                async with asyncio.timeout(PATIENCE):
                    assert f"id: token-{number}\n" in await anext(chunks)
                # The next one is only said when this one is here.
                behind.next_event.put_nowait(f"token-{number + 1}")
            assert it.headers["content-type"] == "text/event-stream"
            assert "content-encoding" not in it.headers
        async with asyncio.timeout(PATIENCE):
            await behind.gone.wait()
    assert behind.metadata("WatchEvents")["last-event-id"] == "token-7"


async def test_a_browser_whose_watch_reaches_no_server_is_told_to_come_again() -> None:
    events = {"accept": "text/event-stream"}
    async with contextlib.AsyncExitStack() as server:
        address = await server.enter_async_context(serving_public(public_services()))
        async with running_gateway({"coordinator": [address]}) as gateway, gateway.http() as http:
            await server.aclose()
            ended = await http.get("/api/v1/watch", headers=events)
            others = [
                await http.get("/api/v1/watch"),
                await http.get("/api/v1/runs", headers=events),
            ]
    assert ended.status_code == 200
    assert ended.headers["content-type"] == "text/event-stream; charset=utf-8"
    retry, end = ended.text.strip().split("\n\n")
    name, data = end.split("\n")
    assert (retry, name) == ("retry: 1000", "event: end")
    assert json.loads(data.removeprefix("data: "))["end_reason"] == "END_REASON_UNAVAILABLE"
    assert [other.status_code for other in others] == [503, 503]


async def test_a_grpc_stream_brings_its_refusal_with_details() -> None:
    async with door() as (gateway, behind), grpc.aio.insecure_channel(gateway.address) as channel:
        stub: Any = pb_grpc.CoordinatorServiceStub(channel)
        call = stub.WatchStatus(pb.WatchStatusRequest(), metadata=BEARER, timeout=PATIENCE)
        behind.next_event.put_nowait("token-1")
        assert (await call.read()).resume_token == "token-1"
        behind.next_event.put_nowait("refused")
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await call.read()

    assert refusal.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "grpc-status-details-bin" in dict(refusal.value.trailing_metadata())


async def test_a_stream_that_speaks_outlives_the_idle_limit_and_a_silent_one_does_not() -> None:
    async with door(**SHORT) as (gateway, behind), gateway.http() as http:
        loop = asyncio.get_running_loop()
        started = loop.time()
        behind.next_event.put_nowait("heartbeat")
        async with http.stream("GET", "/api/v1/watch") as answer:
            chunks = answer.aiter_text()
            while loop.time() < started + 1.5:  # three times the limit
                await anext(chunks)
                await asyncio.sleep(0.1)
                behind.next_event.put_nowait("heartbeat")
            await anext(chunks)
            with pytest.raises(httpx2.RemoteProtocolError):
                await anext(chunks)
        async with asyncio.timeout(PATIENCE):
            await behind.gone.wait()


async def test_the_sync_may_be_silent_for_longer_than_anything_else() -> None:
    async with door(**SHORT) as (gateway, behind), gateway.http() as http:
        body = {"client_id": "clinic"}
        syncing = asyncio.create_task(http.post(SYNC, json=body))
        # One that begins later, and is as silent, is ended by the usual limit.
        assert (await http.get("/api/v1/watch")).status_code == 504
        assert not syncing.done()
        behind.synced.set()
        assert (await syncing).json()["status"] == "completed"

        behind.synced.clear()
        answer = await http.post(SYNC, json=body)
        assert (answer.status_code, answer.json()["code"]) == (504, 4)


async def test_each_user_has_a_rate_of_its_own_and_so_has_an_address_without_one() -> None:
    async with door(rate=1, burst=3) as (gateway, _), gateway.http() as anna:
        answers = [await anna.get(STATUS) for _ in range(10)]
        async with gateway.http(token(sub="boris")) as boris:
            assert (await boris.get(STATUS)).status_code == 200

        async with gateway.http("") as nobody:
            strangers = [await nobody.delete("/api/v1/session") for _ in range(10)]

    for said in (answers, strangers):
        assert [answer.status_code for answer in said[:3]] == [200] * 3
        assert said[-1].status_code == 429
        assert said[-1].json()["code"] == 8


async def test_a_client_of_grpc_is_told_to_slow_down() -> None:
    async with (
        door(rate=1, burst=1) as (gateway, _),
        grpc.aio.insecure_channel(gateway.address) as channel,
    ):
        stub: Any = pb_grpc.CoordinatorServiceStub(channel)
        calls = [
            stub.GetRun(pb.GetRunRequest(), metadata=BEARER, timeout=PATIENCE) for _ in range(10)
        ]
        codes = [await call.code() for call in calls]

    assert set(codes) == {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}


async def test_more_calls_at_once_than_a_service_takes_are_refused() -> None:
    async with door(max_requests=1) as (gateway, behind), gateway.http() as http:
        behind.next_event.put_nowait("token-1")
        async with http.stream("GET", "/api/v1/watch") as stream:
            chunks = stream.aiter_text()
            await anext(chunks)
            answer = await http.get(STATUS)
            assert answer.status_code == 429, answer.text
            assert answer.json() == {
                "code": 8,
                "message": "too many calls at once",
                "details": [],
            }


async def test_more_connections_than_allowed_are_closed() -> None:
    async with door(max_connections=1) as (gateway, _):
        host, _, port = gateway.address.rpartition(":")
        first = await asyncio.open_connection(host, int(port))
        reader, writer = await asyncio.open_connection(host, int(port))
        async with asyncio.timeout(PATIENCE):
            assert await reader.read() == b""
        for each in (first[1], writer):
            each.close()


async def test_it_is_ready_while_all_services_are() -> None:
    async with contextlib.AsyncExitStack() as stack:
        serving = await stack.enter_async_context(contextlib.AsyncExitStack())
        address = await serving.enter_async_context(serving_public(public_services()))
        gateway = await stack.enter_async_context(running_gateway({"coordinator": [address]}))
        nobody = await stack.enter_async_context(gateway.http(""))
        door = {"gateway": gateway.address}
        assert await not_ready(door, within=PATIENCE, doors=door) == []

        await serving.aclose()

        async def not_ready_any_more() -> bool:
            return (await nobody.get("/readyz")).status_code == 503

        await until(not_ready_any_more, "the gateway says that it is not ready")
        assert await not_ready(door, within=0.2, doors=door) == ["gateway"]
        assert (await nobody.get("/healthz")).status_code == 200
