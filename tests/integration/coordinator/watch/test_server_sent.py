"""WatchEvents: what WatchStatus says, as a browser can read it."""

import contextlib
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import grpc
import pytest
from google.protobuf import json_format
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import watch_pb2
from potok.status.v1 import event_pb2

from services.coordinator.watch import resume_tokens as tokens
from tests.coordination import QUICK, Coordination, Replica, a_report, calling, head, progress
from tests.event_stream import EventStream, watch_events
from tests.refusals import refusal


async def ended(stream: EventStream) -> None:
    with pytest.raises(EOFError):
        await stream.next()
    assert await stream.call.code() is grpc.StatusCode.OK


async def test_events_say_what_the_frames_of_a_watch_say(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    watcher, stream = replica.watch(), watch_events(replica)
    await watcher.until(watch_pb2.FRAME_KIND_SNAPSHOT_END)
    await stream.until("snapshot_end")
    await progress(world, replica, reports=20)
    await watcher.revision(await head(sql))
    await stream.revision(await head(sql))

    def changes(frames: list[pb.WatchStatusResponse]) -> list[event_pb2.Change]:
        return [change for frame in frames for change in frame.changes]

    parsed = [json_format.ParseDict(e.data, pb.WatchStatusResponse()) for e in stream.events]
    assert changes(parsed) == changes(watcher.frames)
    assert stream.revisions == list(range(1, await head(sql) + 1))


async def test_a_stream_begins_with_headers_for_browsers_and_a_time_to_come_again(
    replica: Replica,
) -> None:
    stream = watch_events(replica)
    await stream.next()

    assert dict(await stream.call.initial_metadata())["cache-control"] == "no-cache"
    assert stream.retry == 1000


async def test_half_a_snapshot_has_no_id_to_come_again_with(
    world: Coordination, replica: Replica
) -> None:
    await progress(world, replica)
    stream = watch_events(replica)
    await stream.until("snapshot_end")

    assert [(e.name, bool(e.last_id)) for e in stream.events] == [
        ("snapshot", False),
        ("snapshot_end", True),
    ]
    days = [e["day"] for c in stream.events[0].data["changes"] for e in c["events"] if "day" in e]
    assert days[0]["counts"]["failed"] == 0  # zeros are there: a page need not guess


async def test_the_last_id_resumes_with_exactly_what_followed_at_any_replica(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    first = watch_events(replica)
    await first.until("snapshot_end")
    beginning = first.last_id
    execution = await progress(world, replica)
    await first.revision(3)
    first.call.cancel()
    await replica.reporter().send(a_report(execution, 9, success=90))
    async with world.replica() as other:
        # A browser asks for the same address again: what it saw last counts, not the token in there.
        second = watch_events(other, last_event_id=first.last_id, resume_token=beginning)
        await second.revision(await head(sql))

    assert first.revisions + second.revisions == list(range(1, await head(sql) + 1))
    assert {event.name for event in second.events} == {"changes"}


async def test_a_heartbeat_moves_the_id_and_is_no_event(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    stream = watch_events(replica, client_ids=["clinic"], heartbeat_seconds=1)
    await stream.until("snapshot_end")
    before = stream.last_id
    await progress(world, replica)
    await stream.revision(await head(sql))
    events = len(stream.events)

    assert await stream.comment() == "heartbeat"
    assert len(stream.events) == events
    assert tokens.decode(stream.last_id).revision == await head(sql)
    assert stream.last_id != before


async def test_a_heartbeat_moves_the_id_over_what_does_not_concern_the_watch(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    await replica.set_client("other")
    stream = watch_events(replica, client_ids=["other"], heartbeat_seconds=1)
    await stream.until("snapshot_end")
    await progress(world, replica)
    while tokens.decode(stream.last_id).revision < await head(sql):
        await stream.comment()

    assert [event.name for event in stream.events] == ["snapshot_end"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"epoch": b"otherlog"}, "EPOCH_CHANGED"),
        ({"revision": 1_000_000}, "FUTURE_REVISION"),
        ({"filter_digest": b"anything"}, "WATCH_CHANGED"),
        (None, "INVALID_TOKEN"),
    ],
)
async def test_a_token_that_cannot_be_resumed_is_answered_by_reset_and_a_snapshot(
    world: Coordination, replica: Replica, change: dict[str, Any] | None, reason: str
) -> None:
    stream = watch_events(replica)
    await stream.until("snapshot_end")
    await progress(world, replica)
    forged = replace(tokens.decode(stream.last_id), **change).encode() if change else "%%%"
    again = watch_events(replica, last_event_id=forged)
    again.last_id = forged
    await again.until("snapshot_end")

    assert [event.name for event in again.events] == ["reset", "snapshot", "snapshot_end"]
    reset = again.events[0]
    assert (reset.data["reason"], reset.last_id) == (reason, "")


async def test_a_token_older_than_the_log_is_answered_by_reset_and_a_snapshot(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    stream = watch_events(replica)
    old = (await stream.until("snapshot_end")).last_id
    await progress(world, replica)
    await sql.execute("UPDATE coordinator.log_head SET compacted = 3")
    await sql.execute("DELETE FROM coordinator.log WHERE revision <= 3")
    again = watch_events(replica, last_event_id=old)
    await again.until("snapshot_end")

    assert [event.name for event in again.events] == ["reset", "snapshot", "snapshot_end"]
    assert again.events[0].data["reason"] == "COMPACTED"


async def test_an_old_stream_says_so_and_ends_well(world: Coordination) -> None:
    limits = QUICK.model_copy(update={"watch_age": timedelta(milliseconds=300)})
    async with world.replica(limits) as replica:
        stream = watch_events(replica)
        end = await stream.until("end")

        assert end.data["end_reason"] == "END_REASON_AGE"
        assert end.last_id == end.data["resume_token"]
        await ended(stream)
        await watch_events(replica, last_event_id=end.last_id).until("end")


async def test_a_drain_says_so_and_the_id_goes_on_elsewhere(
    world: Coordination, replica: Replica
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        async with world.replica() as stopping:
            caller = await stack.enter_async_context(calling(stopping.address))
            stream = watch_events(caller)
            await stream.until("snapshot_end")
        end = await stream.until("end")
        await ended(stream)

    assert end.data["end_reason"] == "END_REASON_DRAIN"
    resumed = watch_events(replica, last_event_id=end.last_id)
    await replica.start()
    assert (await resumed.next()).name == "changes"


async def test_latest_folds_events_as_it_folds_frames(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    stream = watch_events(replica, delivery=watch_pb2.DELIVERY_LATEST)
    await stream.until("snapshot_end")
    await replica.start()
    execution = await world.dispatched()
    await replica.reporter().send(*[a_report(execution, n, success=n) for n in range(1, 101)])
    await stream.revision(await head(sql))

    assert sum(event.data["folded"] for event in stream.events) > 0
    last = json_format.ParseDict(stream.events[-1].data, pb.WatchStatusResponse())
    newest = [e.stage for c in last.changes for e in c.events if e.HasField("stage")][-1]
    assert newest.progress.items.success == 100


async def test_what_is_refused_before_it_begins_is_a_status(replica: Replica) -> None:
    refused_with: list[tuple[dict[str, Any], grpc.StatusCode]] = [
        ({"client_ids": ["nobody"]}, grpc.StatusCode.NOT_FOUND),
        ({"run_ids": [str(uuid.uuid4())]}, grpc.StatusCode.NOT_FOUND),
        ({"client_ids": ["no/body"]}, grpc.StatusCode.INVALID_ARGUMENT),
        (
            {"ledger": {"start_date": "2026-02-30", "end_date": "2026-03-01"}},
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
    ]
    for wrong, status in refused_with:
        stream = watch_events(replica, **wrong)
        assert (await refusal(stream.next())).code() is status
        assert "cache-control" not in dict(await stream.call.initial_metadata())
