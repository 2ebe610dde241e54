"""How smoothly the console draws 500 rows that 50 events a second push on, beside the same page when nothing happens."""

import base64
import json
from pathlib import Path
from urllib.parse import urlsplit

from google.protobuf.message import Message
from playwright.async_api import Route
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import run_pb2, session_service_pb2, watch_pb2
from potok.status.v1.event_pb2 import Change

from benchmarks.arena import watching_load
from deploy.local.folders import CHECKOUT
from tests.browser import running_browser
from tests.builders.events import a_day_event, a_run_event, a_stage_event, stamp

BUILT = CHECKOUT / "gateway" / "console" / "dist"
ADDRESS = "http://console.localhost"
ROWS, RATE, SECONDS = 500, 50, 10
TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}


def told(message: Message) -> str:
    return base64.b64encode(message.SerializeToString()).decode()


def frame(kind: "watch_pb2.FrameKind.ValueType", number: int, *changes: Change) -> str:
    said = pb.WatchStatusResponse(
        kind=kind, revision=number, resume_token=f"t{number}", changes=changes
    )
    return told(said)


def a_change(number: int) -> Change:
    """Return the progress of a stage, and of one of thirty days."""
    stage = a_stage_event(execution=1 + number % 5, owner="client:clinic")
    day = a_day_event("client:clinic", f"2026-11-{1 + number % 30:02}", success=number)
    return Change(revision=number, time=stamp(number), actor="anna", events=[stage, day])


def script() -> str:
    """Return what stands before the scripts of the page."""
    kinds = watch_pb2.FRAME_KIND_SNAPSHOT_END, watch_pb2.FRAME_KIND_CHANGES
    run = Change(revision=1, events=[a_run_event(owner="client:clinic")])
    before = [frame(kinds[1], number, a_change(number)) for number in range(2, ROWS + 2)]
    after = range(ROWS + 2, ROWS + 2 + RATE * SECONDS)
    session = session_service_pb2.Session(user_id="anna", roles=["admin"])
    clients = [run_pb2.Client(client_id="clinic")]
    given = {
        "answers": {
            "GetSession": told(session_service_pb2.GetSessionResponse(session=session)),
            "ListClients": told(pb.ListClientsResponse(clients=clients)),
        },
        "begin": [frame(watch_pb2.FRAME_KIND_SNAPSHOT, 1, run), frame(kinds[0], 1), *before],
        "changes": [frame(kinds[1], number, a_change(number)) for number in after],
        "rate": RATE,
    }
    text = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    return text.replace("TOLD", json.dumps(given))


async def serve(route: Route) -> None:
    """Be the gateway, as far as files go."""
    file = BUILT / (urlsplit(route.request.url).path.removeprefix("/console/") or "index.html")
    await route.fulfill(path=file, content_type=TYPES[file.suffix])


async def main() -> None:
    """Measure the page at rest, then while it is told."""
    async with running_browser() as browser:
        page = await browser.new_page(viewport={"width": 1360, "height": 850})
        await page.add_init_script(script())
        await page.route(f"{ADDRESS}/console/**", serve)
        await page.goto(f"{ADDRESS}/console/#/runs")
        rows = page.locator(".log li")
        await rows.nth(ROWS - 1).wait_for(state="attached")
        rest = f"frames(new Promise((done) => setTimeout(done, {SECONDS * 1000})))"
        measured = {}
        for name, asked in (("at rest", rest), (f"{RATE} events/s", "frames(tell())")):
            with watching_load() as load:
                times = sorted(await page.evaluate(asked))
            p50, p95 = times[len(times) // 2], times[len(times) * 95 // 100]
            measured[name] = p95
            print(
                f"{name}: {len(times) / SECONDS:.0f} frames/s, p50 {p50:.1f} ms, p95 {p95:.1f} ms, {load}"
            )
    at_rest, busy = measured.values()
    print(f"ratio p95 {busy / at_rest:.2f}, of {ROWS} rows")
