"""Watches of the real coordinator through the gateway: cut in every way, and nothing is lost or comes twice."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import grpc
import pytest
from playwright.async_api import Page, Route
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc
from potok.coordinator.v1 import run_pb2, watch_pb2
from potok.status.v1 import stage_pb2

from deploy.local.postgres import free_port
from services.coordinator.app import running
from services.coordinator.settings import CoordinatorSettings, Limits
from services.status.domain import Stage
from tests.browser import running_browser
from tests.conftest import Database
from tests.coordination import (
    PATIENCE,
    QUICK,
    RANGE,
    SETTINGS,
    SUCCEEDED,
    Coordination,
    Reporter,
    Watcher,
    a_report,
    coordination,
)
from tests.fakes.stage import until
from tests.gateway import running_gateway, token
from tests.identity import open_channel, settings_of

LISTEN = """
const seen = {revisions: [], ends: [], resets: 0, closed: false};
const source = new EventSource('/api/v1/watch?client_ids=clinic&heartbeat_seconds=1');
source.addEventListener('snapshot_end', event => seen.begun = JSON.parse(event.data).revision);
source.addEventListener('reset', () => seen.resets++);
source.addEventListener('end', event => seen.ends.push(JSON.parse(event.data)));
source.addEventListener('changes', event => {
    for (const change of JSON.parse(event.data).changes) seen.revisions.push(Number(change.revision));
});
source.onerror = () => seen.closed = source.readyState === EventSource.CLOSED;
"""


@contextlib.asynccontextmanager
async def listening_page(url: str) -> AsyncIterator[Page]:
    """Open a page of the gateway's origin, signed in, that listens to the events of a client."""

    async def serve(route: Route) -> None:
        await route.fulfill(
            body=f"<!doctype html><script>{LISTEN}</script>", content_type="text/html"
        )

    async with running_browser() as browser:
        context = await browser.new_context()
        cookie = {"name": "potok_session", "value": token(), "url": url, "sameSite": "Strict"}
        await context.add_cookies([cookie])  # type: ignore[list-item]
        page = await context.new_page()
        await page.route("**/listen.html", serve)
        await page.goto(f"{url}/listen.html")
        await page.wait_for_function("seen.begun !== undefined")
        yield page


async def seen(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate("seen")
    assert not found["closed"], "the browser has given up"
    assert found["resets"] == 0
    return found


@contextlib.asynccontextmanager
async def replica_at(
    coordinated: Coordination, address: str, limits: Limits = QUICK
) -> AsyncIterator[Any]:
    """Run a replica at an address until the block ends; yields a stub of it."""
    settings = CoordinatorSettings(
        **settings_of(coordinated.database, "coordinator"),
        listen=address,
        stages=dict.fromkeys(Stage, coordinated.address),
        bot_status=coordinated.address,
        limits=limits,
        drain=timedelta(0),
    )
    async with running(settings), open_channel(address) as channel:
        stub: Any = pb_grpc.CoordinatorServiceStub(channel)
        client = run_pb2.Client(client_id="clinic", settings=SETTINGS)
        await stub.SetClient(pb.SetClientRequest(client=client), timeout=PATIENCE)
        yield stub


async def start(stub: Any) -> Any:
    request = pb.StartRunRequest(
        client_id="clinic", range=RANGE, stages=[stage_pb2.STAGE_CALL_SYNC]
    )
    return (await stub.StartRun(request, timeout=PATIENCE)).run


async def changes(page: Page, coordinated: Coordination, stub: Any, most: int) -> None:
    """Make changes at a replica, and wait until the page has seen the last of them."""
    await start(stub)
    execution = await coordinated.dispatched()
    reporter = Reporter(stub)
    for number in range(1, most):
        await reporter.send(a_report(execution, number, success=number))
    await reporter.send(a_report(execution, most, SUCCEEDED, success=most))
    reporter.close()
    head = await head_of(stub)

    async def has_come() -> bool:
        return bool((await seen(page))["revisions"][-1:] == [head])

    await until(has_come)


async def head_of(stub: Any) -> int:
    """Return the revision of the newest change."""
    watcher = Watcher(stub.WatchStatus(pb.WatchStatusRequest()))
    frame = await watcher.until(watch_pb2.FRAME_KIND_SNAPSHOT_END)
    watcher.call.cancel()
    return int(frame.revision)


@pytest.mark.timeout(120)
async def test_an_event_source_that_is_cut_goes_on_without_gap_or_repeat(
    database: Database,
) -> None:
    first, second, door = (f"127.0.0.1:{free_port()}" for _ in range(3))
    behind = {"coordinator": [first, second]}
    async with contextlib.AsyncExitStack() as stack:
        coordinated = await stack.enter_async_context(coordination(database))
        leaving = await stack.enter_async_context(contextlib.AsyncExitStack())
        leaver = await leaving.enter_async_context(replica_at(coordinated, first))
        gateway = await stack.enter_async_context(contextlib.AsyncExitStack())
        await gateway.enter_async_context(running_gateway(behind, listen=door))
        page = await stack.enter_async_context(listening_page(f"http://{door}"))
        await changes(page, coordinated, leaver, 3)

        # The replica that the stream is on goes, and another one is there.
        staying = await stack.enter_async_context(replica_at(coordinated, second))
        await leaving.aclose()
        await changes(page, coordinated, staying, 3)
        assert [end["end_reason"] for end in (await seen(page))["ends"]] == ["END_REASON_DRAIN"]

        # The gateway goes, and comes again.
        await gateway.aclose()
        await stack.enter_async_context(running_gateway(behind, listen=door))
        await changes(page, coordinated, staying, 3)
        found = await seen(page)

    revisions = found["revisions"]
    assert revisions == list(range(revisions[0], revisions[0] + len(revisions)))
    assert len(revisions) >= 9


async def test_a_grpc_watch_resumes_at_another_replica(database: Database) -> None:
    first, second = (f"127.0.0.1:{free_port()}" for _ in range(2))
    bearer = (("authorization", f"Bearer {token()}"),)
    async with contextlib.AsyncExitStack() as stack:
        coordinated = await stack.enter_async_context(coordination(database))
        leaving = await stack.enter_async_context(contextlib.AsyncExitStack())
        leaver = await leaving.enter_async_context(replica_at(coordinated, first))
        gateway = await stack.enter_async_context(running_gateway({"coordinator": [first, second]}))
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(gateway.address))
        stub: Any = pb_grpc.CoordinatorServiceStub(channel)
        request = pb.WatchStatusRequest(client_ids=["clinic"])
        call = stub.WatchStatus(request, metadata=bearer, timeout=PATIENCE)
        started = await start(leaver)
        frames = [await call.read()]
        await stack.enter_async_context(replica_at(coordinated, second))
        leaving_now = asyncio.create_task(leaving.aclose())
        while (frame := await call.read()) is not grpc.aio.EOF:
            frames.append(frame)
            if frame.kind == watch_pb2.FRAME_KIND_END:
                break
        assert frames[-1].end_reason == watch_pb2.END_REASON_DRAIN
        assert await call.code() is grpc.StatusCode.UNAVAILABLE
        await leaving_now

        run = pb.CancelRunRequest(run_id=started.status.run_id)

        async def cancelled() -> bool:
            code = await stub.CancelRun(run, metadata=bearer, timeout=PATIENCE).code()
            assert code in {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}
            return bool(code is grpc.StatusCode.OK)

        await until(cancelled)  # as clients do while replicas change
        request.resume_token = frames[-1].resume_token
        again = stub.WatchStatus(request, metadata=bearer, timeout=PATIENCE)
        frame = await again.read()
        while frame.kind != watch_pb2.FRAME_KIND_CHANGES:
            frame = await again.read()
        again.cancel()

    assert frame.changes[0].revision == frames[-1].revision + 1


async def test_a_stream_of_events_ends_with_its_token_and_says_so(database: Database) -> None:
    async with contextlib.AsyncExitStack() as stack:
        address = f"127.0.0.1:{free_port()}"
        coordinated = await stack.enter_async_context(coordination(database))
        await stack.enter_async_context(replica_at(coordinated, address))
        gateway = await stack.enter_async_context(running_gateway({"coordinator": [address]}))
        http = await stack.enter_async_context(gateway.http(token(lifetime=3)))
        answer = await http.get("/api/v1/watch", params={"client_ids": "clinic"})

    last = answer.text.strip().rpartition("\n\n")[2]
    assert "event: end\n" in last
    data = last.partition("data: ")[2]
    assert json.loads(data)["end_reason"] == "END_REASON_TOKEN_EXPIRED"


async def test_more_streams_than_a_user_may_have_are_refused_in_json(database: Database) -> None:
    address = f"127.0.0.1:{free_port()}"
    one = QUICK.model_copy(update={"watches_per_user": 1})
    async with contextlib.AsyncExitStack() as stack:
        coordinated = await stack.enter_async_context(coordination(database))
        await stack.enter_async_context(replica_at(coordinated, address, one))
        gateway = await stack.enter_async_context(running_gateway({"coordinator": [address]}))
        http = await stack.enter_async_context(gateway.http())
        async with http.stream("GET", "/api/v1/watch") as first:
            assert first.status_code == 200
            second = await http.get("/api/v1/watch")

    assert second.status_code == 429
    assert second.json()["code"] == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]


@pytest.mark.parametrize(
    ("query", "status", "named"),
    [
        ({"client_ids": "other"}, 403, "other"),
        ({"run_ids": "x"}, 400, "run_ids"),
        ({"heartbeat_seconds": "61"}, 400, "heartbeat_seconds"),
        ({"heartbeat_seconds": "soon"}, 400, "heartbeat_seconds"),
        ({"client": "clinic"}, 400, '"client"'),
    ],
)
async def test_a_watch_that_makes_no_sense_is_refused_before_it_begins(
    door_to_coordinator: Any, query: dict[str, str], status: int, named: str
) -> None:
    answer = await door_to_coordinator.get("/api/v1/watch", params=query)

    assert answer.status_code == status, answer.text
    assert named in answer.json()["message"]


@pytest.fixture
async def door_to_coordinator(database: Database) -> AsyncIterator[Any]:
    async with contextlib.AsyncExitStack() as stack:
        address = f"127.0.0.1:{free_port()}"
        coordinated = await stack.enter_async_context(coordination(database))
        await stack.enter_async_context(replica_at(coordinated, address))
        gateway = await stack.enter_async_context(running_gateway({"coordinator": [address]}))
        yield await stack.enter_async_context(gateway.http())
