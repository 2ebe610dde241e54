"""One watch, apart from the log and the network."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import watch_pb2

from services.coordinator.commit.group import Entry
from services.coordinator.settings import Limits
from services.coordinator.watch.domain import Filter, WatchRequest
from services.coordinator.watch.follower import Follower
from services.coordinator.watch.hub import Hub
from services.coordinator.watch.stored_log import StoredLog
from services.coordinator.watch.watcher import Watcher
from services.kernel.clock import utc_now
from services.status.domain import Owner

EVERYTHING = Filter(everything=True)


async def test_a_heartbeat_never_runs_ahead_of_what_was_delivered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub = Hub()
    monkeypatch.setattr(Hub, "_step", lambda _self: None)  # the turn of this watcher does not come
    frames: list[bytes] = []

    async def write(frame: bytes) -> None:
        frames.append(frame)

    request = WatchRequest(
        filter_=EVERYTHING,
        token=None,
        latest=False,
        heartbeat=timedelta(milliseconds=5),
        ledger=None,
        expires_at=utc_now() + timedelta(hours=1),
    )
    log = StoredLog(cast("asyncpg.Pool", None))
    presence = cast("Any", SimpleNamespace(why=""))
    watcher = Watcher(log, cast("Any", None), Limits(), presence, Follower(hub), request, write)
    hub.publish(1, [Entry(Owner("client:a"), "run", b"", "x")] * 3)
    await watcher.step()
    beat = pb.WatchStatusResponse.FromString(frames[0])

    assert (beat.kind, beat.revision, hub.head) == (watch_pb2.FRAME_KIND_HEARTBEAT, 0, 3)
