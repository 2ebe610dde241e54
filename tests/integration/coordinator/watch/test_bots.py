"""Bots in the watch: beside the calls, in the same order and with the same guarantees."""

import asyncio
from typing import Any

import grpc
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import watch_pb2
from potok.coordinator.v1.watch_events_service_pb2 import WatchEventsRequest
from potok.coordinator.v1.watch_events_service_pb2_grpc import WatchEventsServiceStub
from potok.status.v1 import event_pb2, stage_pb2

from tests.conftest import Database
from tests.coordination import SUCCEEDED, Coordination, Replica, Watcher, a_report
from tests.refusals import refusal
from tests.waiting import PATIENCE

STATES = [
    stage_pb2.BOT_STATE_INITIALIZED,
    stage_pb2.BOT_STATE_CONNECTED,
    stage_pb2.BOT_STATE_TRANSCRIBING,
    stage_pb2.BOT_STATE_ANALYZING_MEETING,
    stage_pb2.BOT_STATE_CREATING_TASKS,
    stage_pb2.BOT_STATE_DONE,
]


def events(changes: Any) -> list[event_pb2.Event]:
    return [event for change in changes for event in change.events]


def bots(changes: Any) -> list[tuple[str, int]]:
    return [
        (event.bot.bot_id, event.bot.state) for event in events(changes) if event.HasField("bot")
    ]


async def snapshot(watcher: Watcher) -> list[event_pb2.Event]:
    await watcher.until(watch_pb2.FRAME_KIND_SNAPSHOT_END)
    return events(change for frame in watcher.frames for change in frame.changes)


async def bot_ends(watcher: Watcher, bot_id: str = "bot_123") -> None:
    """Read until the bot is final."""
    while True:
        for event in events((await watcher.frame()).changes):
            if event.bot.bot_id == bot_id and event.bot.state >= stage_pb2.BOT_STATE_DONE:
                return


async def play_meeting(world: Coordination, replica: Replica) -> None:
    reporter = replica.reporter()
    for _ in range(3):
        execution = await world.dispatched()
        await reporter.send(a_report(execution, 1, days=(), processing=1))
        await reporter.send(a_report(execution, 2, SUCCEEDED, days=(), success=1))


async def test_every_state_of_a_bot_is_delivered_with_its_run_in_one_order(
    world: Coordination, replica: Replica, anna: Replica
) -> None:
    await world.bots.report("bot_123")
    everything = replica.watch()
    watcher = anna.watch(bot_ids=["bot_123"])
    first = await snapshot(watcher)
    await everything.until(watch_pb2.FRAME_KIND_SNAPSHOT_END)
    await replica.start()  # of a client, between
    calls = await world.dispatched()
    await world.bots.report("bot_123", "connected")
    await world.bots.report("bot_123", "connected", media_ready=True)
    await replica.reporter().send(a_report(calls, 1, pending=2))
    await play_meeting(world, replica)
    await bot_ends(watcher)
    await bot_ends(everything)

    assert [event.bot.state for event in first] == [stage_pb2.BOT_STATE_INITIALIZED]
    assert [state for _, state in bots(watcher.changes)] == STATES[1:]
    owners = {
        event.run.owner or event.stage.owner or event.bot.owner for event in events(watcher.changes)
    }
    assert owners == {"user:anna"}
    revisions = watcher.revisions
    assert revisions == sorted(set(revisions))
    assert everything.revisions == list(
        range(everything.revisions[0], everything.revisions[-1] + 1)
    )
    # The bot moves in the very change that moves its run.
    for change in watcher.changes:
        for event in change.events:
            if event.run.state == stage_pb2.RUN_STATE_COMPLETED:
                assert bots([change]) == [("bot_123", stage_pb2.BOT_STATE_DONE)]


async def test_a_watch_of_a_bot_is_resumed_without_loss_at_another_replica(
    world: Coordination,
) -> None:
    async with world.replica() as first, world.replica() as second:
        await world.bots.report("bot_123")
        watcher = first.watch(bot_ids=["bot_123"])
        await snapshot(watcher)
        await world.bots.report("bot_123", "connecting")
        await watcher.frame()
        seen = bots(watcher.changes)
        await world.bots.report("bot_123", "connected", media_ready=True)
        resumed = second.watch(bot_ids=["bot_123"], resume_token=watcher.token)
        await play_meeting(world, second)
        await bot_ends(resumed)

        states = [state for _, state in seen + bots(resumed.changes)]
        assert states == [stage_pb2.BOT_STATE_CONNECTING, *STATES[2:]]


async def test_the_run_of_a_meeting_is_watched_by_its_own_id(
    world: Coordination, replica: Replica, anna: Replica
) -> None:
    await world.bots.report("bot_123", "connected", media_ready=True)
    run_id = (await anna.stub.ListRuns(pb.ListRunsRequest())).runs[0].status.run_id
    watcher = anna.watch(run_ids=[run_id])
    first = await snapshot(watcher)
    await play_meeting(world, replica)
    await bot_ends(watcher)

    assert [event.WhichOneof("subject") for event in first] == ["run", "stage", "bot"]
    assert [state for _, state in bots(watcher.changes)] == STATES[3:]


async def test_a_user_sees_their_own_bots_and_runs_alone(
    world: Coordination, replica: Replica, anna: Replica
) -> None:
    world.bots.owners["other"] = "user:boris"
    for bot_id in ("bot_123", "other"):
        await world.bots.report(bot_id)
    await replica.start()
    watcher = anna.watch()
    first = await snapshot(watcher)
    for bot_id in ("other", "bot_123"):
        await world.bots.report(bot_id, "connected")
    while not watcher.changes:
        await watcher.frame()

    assert [event.bot.bot_id for event in first] == ["bot_123"]
    assert bots(watcher.changes) == [("bot_123", stage_pb2.BOT_STATE_CONNECTED)]


async def test_an_unknown_or_foreign_bot_is_refused_before_the_first_frame(
    world: Coordination, anna: Replica
) -> None:
    world.bots.owners["other"] = "user:boris"
    await world.bots.report("other")
    for bot_id, code in (
        ("nobody", grpc.StatusCode.NOT_FOUND),
        ("other", grpc.StatusCode.PERMISSION_DENIED),
    ):
        watcher = anna.watch(bot_ids=[bot_id])
        assert (await refusal(watcher.frame())).code() is code
        assert not watcher.frames


async def test_a_snapshot_has_live_bots_and_those_of_the_last_day_and_named_ones_at_any_age(
    world: Coordination, database: Database, anna: Replica
) -> None:
    for bot_id, status in (("live", "initialized"), ("late", "error"), ("old", "error")):
        await world.bots.report(bot_id, status)
    async with database.pool("coordinator_system") as sql:
        await sql.execute(
            "UPDATE bots SET changed_at = now() - interval '25 hours' WHERE bot_id IN ('old', 'live')"
        )
    mine = await snapshot(anna.watch())
    named = await snapshot(anna.watch(bot_ids=["old"]))
    latest = anna.watch(delivery=watch_pb2.DELIVERY_LATEST)
    await snapshot(latest)
    await world.bots.report("live", "connected")
    while not latest.changes:
        await latest.frame()

    assert [event.bot.bot_id for event in mine] == ["live", "late"]
    assert [event.bot.bot_id for event in named] == ["old"]
    assert bots(latest.changes) == [("live", stage_pb2.BOT_STATE_CONNECTED)]


async def test_a_browser_watches_a_bot_as_events(world: Coordination, replica: Replica) -> None:
    await world.bots.report("bot_123")
    call: Any = WatchEventsServiceStub(replica.channel).WatchEvents(
        WatchEventsRequest(bot_ids=["bot_123"])
    )
    text = ""
    async with asyncio.timeout(PATIENCE):
        while "event: snapshot_end" not in text:
            text += (await call.read()).data.decode()
        await world.bots.report("bot_123", "connected")
        while "event: changes" not in text:
            text += (await call.read()).data.decode()
    call.cancel()

    assert '"state": "BOT_STATE_INITIALIZED"' in text
    assert '"state": "BOT_STATE_CONNECTED"' in text
