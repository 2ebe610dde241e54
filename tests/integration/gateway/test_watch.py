"""Watches of the real coordinator through the gateway: cut in every way, and nothing is lost or comes twice."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from playwright.async_api import Page, Route
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc
from potok.coordinator.v1 import watch_pb2
from potok.status.v1 import stage_pb2

from deploy.local.postgres import free_port
from tests.browser import running_browser
from tests.coordination import QUICK, SUCCEEDED, Coordination, Replica, a_report
from tests.gateway import running_gateway, token
from tests.waiting import PATIENCE, until

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


async def changes(page: Page, world: Coordination, replica: Replica, most: int) -> None:
    """Make changes at a replica, and wait until the page has seen the last of them."""
    await replica.start(stages=[stage_pb2.STAGE_CALL_SYNC])
    execution = await world.dispatched()
    reporter = replica.reporter()
    for number in range(1, most):
        await reporter.send(a_report(execution, number, success=number))
    await reporter.send(a_report(execution, most, SUCCEEDED, success=most))
    newest = (await replica.watch().until(watch_pb2.FRAME_KIND_SNAPSHOT_END)).revision

    async def has_come() -> bool:
        return bool((await seen(page))["revisions"][-1:] == [newest])

    await until(has_come, "the page has seen the last change")


async def test_an_event_source_that_is_cut_goes_on_without_gap_or_repeat(
    world: Coordination,
) -> None:
    first, second, door = (f"127.0.0.1:{free_port()}" for _ in range(3))
    behind = {"coordinator": [first, second]}
    async with contextlib.AsyncExitStack() as stack:
        leaving = await stack.enter_async_context(contextlib.AsyncExitStack())
        leaver = await leaving.enter_async_context(world.replica(listen=first))
        gateway = await stack.enter_async_context(contextlib.AsyncExitStack())
        await gateway.enter_async_context(running_gateway(behind, listen=door))
        page = await stack.enter_async_context(listening_page(f"http://{door}"))
        await changes(page, world, leaver, 3)

        # The replica that the stream is on goes, and another one is there.
        staying = await stack.enter_async_context(world.replica(listen=second))
        await leaving.aclose()
        await changes(page, world, staying, 3)
        assert [end["end_reason"] for end in (await seen(page))["ends"]] == ["END_REASON_DRAIN"]

        # The gateway goes, and comes again.
        await gateway.aclose()
        await stack.enter_async_context(running_gateway(behind, listen=door))
        await changes(page, world, staying, 3)
        found = await seen(page)

    revisions = found["revisions"]
    assert revisions == list(range(revisions[0], revisions[0] + len(revisions)))
    assert len(revisions) >= 9


async def test_a_grpc_watch_resumes_at_another_replica(world: Coordination) -> None:
    first, second = (f"127.0.0.1:{free_port()}" for _ in range(2))
    bearer = (("authorization", f"Bearer {token()}"),)
    async with contextlib.AsyncExitStack() as stack:
        leaving = await stack.enter_async_context(contextlib.AsyncExitStack())
        leaver = await leaving.enter_async_context(world.replica(listen=first))
        gateway = await stack.enter_async_context(running_gateway({"coordinator": [first, second]}))
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(gateway.address))
        stub: Any = pb_grpc.CoordinatorServiceStub(channel)
        request = pb.WatchStatusRequest(client_ids=["clinic"])
        call = stub.WatchStatus(request, metadata=bearer, timeout=PATIENCE)
        started = await leaver.start(stages=[stage_pb2.STAGE_CALL_SYNC])
        frames = [await call.read()]
        await stack.enter_async_context(world.replica(listen=second))
        leaving_now = asyncio.create_task(leaving.aclose())
        while (frame := await call.read()) is not grpc.aio.EOF:
            frames.append(frame)
            if frame.kind == watch_pb2.FRAME_KIND_END:
                break
        assert frames[-1].end_reason == watch_pb2.END_REASON_DRAIN
        assert await call.code() is grpc.StatusCode.UNAVAILABLE
        await leaving_now

        run = pb.CancelRunRequest(run_id=started.run.status.run_id)

        async def cancelled() -> bool:
            code = await stub.CancelRun(run, metadata=bearer, timeout=PATIENCE).code()
            assert code in {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}
            return bool(code is grpc.StatusCode.OK)

        await until(cancelled, "the run is cancelled")  # as clients do while replicas change
        request.resume_token = frames[-1].resume_token
        again = stub.WatchStatus(request, metadata=bearer, timeout=PATIENCE)
        frame = await again.read()
        while frame.kind != watch_pb2.FRAME_KIND_CHANGES:
            frame = await again.read()
        again.cancel()

    assert frame.changes[0].revision == frames[-1].revision + 1


async def test_a_stream_of_events_ends_with_its_token_and_says_so(world: Coordination) -> None:
    async with contextlib.AsyncExitStack() as stack:
        address = f"127.0.0.1:{free_port()}"
        await stack.enter_async_context(world.replica(listen=address))
        gateway = await stack.enter_async_context(running_gateway({"coordinator": [address]}))
        http = await stack.enter_async_context(gateway.http(token(lifetime=3)))
        answer = await http.get("/api/v1/watch", params={"client_ids": "clinic"})

    last = answer.text.strip().rpartition("\n\n")[2]
    assert "event: end\n" in last
    data = last.partition("data: ")[2]
    assert json.loads(data)["end_reason"] == "END_REASON_TOKEN_EXPIRED"


async def test_more_streams_than_a_user_may_have_are_refused_in_json(world: Coordination) -> None:
    address = f"127.0.0.1:{free_port()}"
    one = QUICK.model_copy(update={"watches_per_user": 1})
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(world.replica(one, listen=address))
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
        ({"client": "clinic"}, 400, "client: there is no such parameter"),
    ],
)
async def test_a_watch_that_makes_no_sense_is_refused_before_it_begins(
    door_to_coordinator: Any, query: dict[str, str], status: int, named: str
) -> None:
    answer = await door_to_coordinator.get("/api/v1/watch", params=query)

    assert answer.status_code == status, answer.text
    assert named in answer.json()["message"]


@pytest.fixture
async def door_to_coordinator(world: Coordination) -> AsyncIterator[Any]:
    async with contextlib.AsyncExitStack() as stack:
        address = f"127.0.0.1:{free_port()}"
        await stack.enter_async_context(world.replica(listen=address))
        gateway = await stack.enter_async_context(running_gateway({"coordinator": [address]}))
        yield await stack.enter_async_context(gateway.http())
