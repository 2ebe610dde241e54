"""One watch, apart from the log and the network."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import watch_pb2

from services.coordinator.commit.group import Entry
from services.coordinator.settings import Limits
from services.coordinator.watch import resume_tokens
from services.coordinator.watch.domain import Filter, WatchEnded, WatchRequest
from services.coordinator.watch.follower import Follower
from services.coordinator.watch.hub import Hub
from services.coordinator.watch.stored_log import StoredLog
from services.coordinator.watch.watcher import Watcher
from services.coordinator.wire.frames import EndReason
from services.kernel.clock import utc_now
from services.status.domain import Owner

EVERYTHING = Filter(everything=True)


def a_request() -> WatchRequest:
    return WatchRequest(
        filter_=EVERYTHING,
        token=None,
        latest=False,
        heartbeat=timedelta(milliseconds=5),
        ledger=None,
        expires_at=utc_now() + timedelta(hours=1),
    )


async def test_a_heartbeat_never_runs_ahead_of_what_was_delivered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub = Hub()
    monkeypatch.setattr(Hub, "_step", lambda _self: None)  # the turn of this watcher does not come
    frames: list[bytes] = []

    async def write(frame: bytes) -> None:
        frames.append(frame)

    log = StoredLog(cast("asyncpg.Pool", None))
    presence = cast("Any", SimpleNamespace(why=""))
    watcher = Watcher(log, cast("Any", None), Limits(), presence, Follower(hub), a_request(), write)
    hub.publish(1, [Entry(Owner("client:a"), "run", b"", "x")] * 3)
    await watcher.step()
    beat = pb.WatchStatusResponse.FromString(frames[0])

    assert (beat.kind, beat.revision, hub.head) == (watch_pb2.FRAME_KIND_HEARTBEAT, 0, 3)


async def test_a_slow_end_names_what_was_handed_over_before_it() -> None:
    """The end of a stream comes after all that was written, or not at all: what was written is not sent again."""
    hub = Hub()
    hub.publish(1, [Entry(Owner("client:a"), "run", b"", "x")] * 3)

    async def write(_: bytes) -> None:
        await asyncio.Event().wait()

    log = StoredLog(cast("asyncpg.Pool", None))
    limits = Limits(watch_slow=timedelta(milliseconds=5))
    presence = cast("Any", SimpleNamespace(why=""))
    watcher = Watcher(log, cast("Any", None), limits, presence, Follower(hub), a_request(), write)
    hub.publish(4, [Entry(Owner("client:a"), "run", b"", "x")] * 2)
    with pytest.raises(WatchEnded) as ended:
        await watcher.step()

    assert ended.value.reason is EndReason.SLOW
    assert resume_tokens.decode(ended.value.token).revision == 5
