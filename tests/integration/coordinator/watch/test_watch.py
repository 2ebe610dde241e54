"""The seven guarantees of WatchStatus, each over real gRPC and Postgres."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta

import asyncpg
import grpc
import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc
from potok.coordinator.v1 import watch_pb2
from potok.status.v1 import event_pb2, progress_pb2

from services.coordinator.runs.servicer import TOKEN_TRAILER
from services.coordinator.watch import resume_tokens as tokens
from services.kernel.rpc.errors import error_info
from tests.coordination import (
    DAY,
    QUICK,
    RANGE,
    SUCCEEDED,
    Coordination,
    Replica,
    Watcher,
    a_report,
    calling,
    head,
    progress,
)
from tests.identity import open_channel
from tests.refusals import reason_of, refusal

SNAPSHOT_END = watch_pb2.FRAME_KIND_SNAPSHOT_END
CHANGES = watch_pb2.FRAME_KIND_CHANGES
END = watch_pb2.FRAME_KIND_END


async def follow(watcher: Watcher, last: "asyncio.Future[int]") -> None:
    """Read all the time, until everything up to the revision `last` is there."""
    while not last.done() or watcher.frames[-1].revision < last.result():
        await watcher.frame()


async def ended(watcher: Watcher) -> grpc.aio.AioRpcError:
    """Read what there is; returns what the stream ended with."""
    try:
        while True:
            await watcher.frame()
    except grpc.aio.AioRpcError as error:
        return error


async def test_1_a_snapshot_comes_first_then_what_is_newer(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    execution = await progress(world, replica)
    known = await head(sql)
    watcher = replica.watch(client_ids=["clinic"])
    mark = await watcher.until(SNAPSHOT_END)

    events = [e for frame in watcher.frames for change in frame.changes for e in change.events]
    # Half a snapshot cannot be resumed from: only its end has a token.
    assert [bool(frame.resume_token) for frame in watcher.frames] == [False, True]
    assert mark.revision >= known
    assert [e.run.client_id for e in events if e.HasField("run")] == ["clinic"]
    assert [e.stage.progress.items.success for e in events if e.HasField("stage")] == [5]
    assert [e.day.counts.success for e in events if e.HasField("day")] == [5]
    await replica.reporter().send(a_report(execution, 6, success=100))
    await watcher.revision(mark.revision + 1)
    assert watcher.revisions == [mark.revision + 1]


async def test_1_a_named_run_is_in_the_snapshot_at_any_age(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    run_id = (await replica.start()).run.status.run_id
    await replica.reporter().send(a_report(await world.dispatched(), 1, SUCCEEDED))
    await replica.stub.CancelRun(pb.CancelRunRequest(run_id=run_id))
    watcher = replica.watch(client_ids=["clinic"])
    await watcher.run_ends()
    await sql.execute("UPDATE coordinator.runs SET ended_at = ended_at - interval '3 days'")
    by_client = replica.watch(client_ids=["clinic"])
    by_run = replica.watch(run_ids=[run_id])
    await by_client.until(SNAPSHOT_END)
    await by_run.until(SNAPSHOT_END)

    def runs(watcher: Watcher) -> list[str]:
        events = [e for f in watcher.frames for c in f.changes for e in c.events]
        return [e.run.run_id for e in events if e.HasField("run")]

    assert runs(by_client) == []
    assert runs(by_run) == [run_id]


async def test_2_every_change_comes_once_and_in_order(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    watcher = replica.watch()
    await watcher.until(SNAPSHOT_END)
    await progress(world, replica, reports=50)
    await watcher.revision(await head(sql))

    assert watcher.revisions == list(range(1, await head(sql) + 1))


async def test_2_a_filter_lets_through_what_it_names_and_nothing_else(
    world: Coordination, replica: Replica
) -> None:
    await replica.set_client("other")
    watcher = replica.watch(client_ids=["other"])
    await watcher.until(SNAPSHOT_END)
    await progress(world, replica)
    await replica.start("other")
    await watcher.until(CHANGES)

    owners = {e.run.owner or e.stage.owner for c in watcher.changes for e in c.events}
    assert owners == {"client:other"}


async def test_3_a_token_resumes_with_exactly_what_followed(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    first = replica.watch()
    await first.until(SNAPSHOT_END)
    execution = await progress(world, replica)
    await first.revision(3)
    first.call.cancel()
    await replica.reporter().send(a_report(execution, 9, success=90))
    second = replica.watch(resume_token=first.token)
    await second.revision(await head(sql))

    assert first.revisions + second.revisions == list(range(1, await head(sql) + 1))
    assert {frame.kind for frame in second.frames} <= {CHANGES}


async def test_3_a_token_resumes_on_another_replica_and_after_a_restart(
    world: Coordination, sql: asyncpg.Connection
) -> None:
    async with world.replica() as one:
        watcher = one.watch()
        await watcher.until(SNAPSHOT_END)
        execution = await progress(world, one)
        await watcher.revision(2)
    async with world.replica() as two, world.replica() as three:
        await two.reporter().send(a_report(execution, 9, success=90))
        resumed = three.watch(resume_token=watcher.token)
        await resumed.revision(await head(sql))

    assert watcher.revisions + resumed.revisions == list(range(1, await head(sql) + 1))


async def test_3_a_change_at_one_replica_reaches_the_watchers_of_another(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    async with world.replica() as other:
        watcher = other.watch()
        await watcher.until(SNAPSHOT_END)
        await progress(world, replica, reports=20)
        await watcher.revision(await head(sql))

        assert watcher.revisions == list(range(1, await head(sql) + 1))


async def test_4_a_token_older_than_the_log_is_refused_with_the_oldest_revision(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    watcher = replica.watch()
    old = (await watcher.until(SNAPSHOT_END)).resume_token
    await progress(world, replica)
    await sql.execute("UPDATE coordinator.log_head SET compacted = 3")
    await sql.execute("DELETE FROM coordinator.log WHERE revision <= 3")
    error = await refusal(replica.watch(resume_token=old).frame())

    assert error.code() is grpc.StatusCode.OUT_OF_RANGE
    info = error_info(error)
    assert info is not None
    assert (info.reason, info.metadata["oldest_revision"]) == ("COMPACTED", "3")


async def test_4_a_token_exactly_at_the_compaction_still_resumes(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    watcher = replica.watch()
    await watcher.until(SNAPSHOT_END)
    await progress(world, replica)
    await watcher.revision(await head(sql))
    at_three = replace(tokens.decode(watcher.token), revision=3).encode()
    await sql.execute("UPDATE coordinator.log_head SET compacted = 3")
    await sql.execute("DELETE FROM coordinator.log WHERE revision <= 3")
    resumed = replica.watch(resume_token=at_three)
    await resumed.revision(await head(sql))

    assert resumed.revisions == list(range(4, await head(sql) + 1))


async def test_4_compaction_while_a_reader_catches_up_is_never_a_silent_skip(
    world: Coordination, sql: asyncpg.Connection
) -> None:
    async with world.replica() as replica:
        watcher = replica.watch()
        token = (await watcher.until(SNAPSHOT_END)).resume_token
        await progress(world, replica)
    # A fresh replica has an empty ring: it reads from Postgres, where the first revisions are gone unnoticed.
    async with world.replica() as replica:
        await sql.execute("DELETE FROM coordinator.log WHERE revision = 1")
        error = await refusal(replica.watch(resume_token=token).frame())

    assert error.code() is grpc.StatusCode.INTERNAL


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"epoch": b"otherlog"}, "EPOCH_CHANGED"),
        ({"revision": 1_000_000}, "FUTURE_REVISION"),
        ({"filter_digest": b"anything"}, "WATCH_CHANGED"),
    ],
)
async def test_4_a_token_of_another_log_or_watch_is_refused(
    replica: Replica, change: dict[str, object], reason: str
) -> None:
    watcher = replica.watch()
    await watcher.until(SNAPSHOT_END)
    forged = replace(tokens.decode(watcher.token), **change).encode()  # type: ignore[arg-type]
    error = await refusal(replica.watch(resume_token=forged).frame())

    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert reason_of(error) == reason


async def test_4_a_token_of_a_restored_database_is_refused(
    world: Coordination, replica: Replica
) -> None:
    async with world.replica() as other:
        watcher = replica.watch()
        token = (await watcher.until(SNAPSHOT_END)).resume_token
        await other.stub.AdvanceEpoch(pb.AdvanceEpochRequest())
        error = await refusal(replica.watch(resume_token=token).frame())
        assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
        # What is handed out from now on is good again, at every replica.
        fresh = replica.watch()
        token = (await fresh.until(SNAPSHOT_END)).resume_token
        resumed = other.watch(resume_token=token)
        await replica.start()
        await resumed.until(CHANGES)


async def test_4_what_is_no_token_or_does_not_exist_is_refused(replica: Replica) -> None:
    assert (await refusal(replica.watch(resume_token="%%%").frame())).code() is (
        grpc.StatusCode.INVALID_ARGUMENT
    )
    assert (await refusal(replica.watch(client_ids=["nobody"]).frame())).code() is (
        grpc.StatusCode.NOT_FOUND
    )


async def test_5_a_heartbeat_carries_the_watchers_own_cursor(
    world: Coordination, replica: Replica
) -> None:
    watcher = replica.watch(heartbeat_seconds=1)
    await watcher.until(SNAPSHOT_END)
    await progress(world, replica)
    beat = await watcher.until(watch_pb2.FRAME_KIND_HEARTBEAT)

    assert beat.revision == watcher.revisions[-1]
    assert tokens.decode(beat.resume_token).revision == beat.revision


async def test_6_a_reader_behind_the_ring_is_served_from_postgres(
    world: Coordination, sql: asyncpg.Connection
) -> None:
    async with world.replica() as one:
        watcher = one.watch()
        token = (await watcher.until(SNAPSHOT_END)).resume_token
        await progress(world, one, reports=30)
    async with world.replica() as two:
        behind = two.watch(resume_token=token)
        await behind.revision(await head(sql))

    assert behind.revisions == list(range(1, await head(sql) + 1))


async def test_6_latest_behind_the_ring_gets_a_snapshot_marked_as_such(
    world: Coordination,
) -> None:
    async with world.replica() as one:
        watcher = one.watch(delivery=watch_pb2.DELIVERY_LATEST)
        token = (await watcher.until(SNAPSHOT_END)).resume_token
        await progress(world, one, reports=30)
    async with world.replica() as two:
        behind = two.watch(resume_token=token, delivery=watch_pb2.DELIVERY_LATEST)
        await behind.until(SNAPSHOT_END)

    kinds = [frame.kind for frame in behind.frames]
    assert kinds == [watch_pb2.FRAME_KIND_SNAPSHOT, SNAPSHOT_END]


async def test_6_latest_tells_how_many_states_it_left_out(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    watcher = replica.watch(delivery=watch_pb2.DELIVERY_LATEST)
    await watcher.until(SNAPSHOT_END)
    await replica.start()
    execution = await world.dispatched()
    reports = [a_report(execution, n, success=n) for n in range(1, 101)]
    await replica.reporter().send(*reports)
    await watcher.revision(await head(sql))

    delivered = sum(len(change.events) for change in watcher.changes)
    left_out = sum(frame.folded for frame in watcher.frames)
    newest = [e for c in watcher.changes for e in c.events if e.stage.execution == execution][-1]
    assert newest.stage.progress.items.success == 100
    assert left_out > 0
    bodies = await sql.fetch("SELECT body FROM coordinator.log")
    happened = sum(len(event_pb2.Change.FromString(row["body"]).events) for row in bodies)
    assert delivered + left_out == happened


async def test_6_a_reader_that_takes_nothing_is_ended_and_others_do_not_notice(
    world: Coordination, sql: asyncpg.Connection
) -> None:
    limits = QUICK.model_copy(update={"watch_slow": timedelta(seconds=2)})
    async with world.replica(limits) as replica:
        options = [("grpc.http2.lookahead_bytes", 1024), ("grpc.http2.bdp_probe", 0)]
        host = replica.address
        async with open_channel(host, options=options) as channel:
            stuck = Watcher(
                pb_grpc.CoordinatorServiceStub(channel).WatchStatus(pb.WatchStatusRequest())
            )
            await stuck.until(SNAPSHOT_END)
            healthy = replica.watch()
            await healthy.until(SNAPSHOT_END)
            await replica.start()
            execution = await world.dispatched()
            reporter = replica.reporter()
            failures = [
                progress_pb2.ItemFailure(item_id=str(n), message="x" * 1000) for n in range(5)
            ]
            last = asyncio.get_running_loop().create_future()
            following = asyncio.create_task(follow(healthy, last))
            # For longer than it may take nothing, there is more to take than the connection buffers.
            until, sequence = asyncio.get_running_loop().time() + 5, 0
            while sequence < 1000 or asyncio.get_running_loop().time() < until:
                sequence += 1
                report = a_report(execution, sequence, success=sequence)
                report.progress.failures.extend(failures)
                await reporter.send(report)
            last.set_result(await head(sql))
            await reporter.send(a_report(execution, sequence + 1, success=0))
            await following
            assert healthy.revisions == list(range(1, healthy.revisions[-1] + 1))
            error = await ended(stuck)
            assert error.code() in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.CANCELLED)
            trailers = dict(error.trailing_metadata() or ())
            if token := trailers.get(TOKEN_TRAILER):
                # Nothing that arrived comes again, and nothing that did not is left out.
                assert token == stuck.token


async def test_7_an_old_stream_ends_with_ok_and_its_token(world: Coordination) -> None:
    limits = QUICK.model_copy(update={"watch_age": timedelta(milliseconds=300)})
    async with world.replica(limits) as replica:
        watcher = replica.watch()
        last = await watcher.until(END)

        assert last.end_reason == watch_pb2.END_REASON_AGE
        assert await watcher.call.code() is grpc.StatusCode.OK
        trailers = dict(await watcher.call.trailing_metadata())
        assert trailers[TOKEN_TRAILER] == last.resume_token


async def test_7_a_drain_ends_streams_with_unavailable_and_their_token(
    world: Coordination, sql: asyncpg.Connection
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        async with world.replica() as replica:
            # A channel that outlives the replica, to see how it goes.
            caller = await stack.enter_async_context(calling(replica.address))
            watcher = caller.watch()
            await watcher.until(SNAPSHOT_END)
            await progress(world, replica)
            await watcher.revision(await head(sql))
        last = await watcher.until(END)

        assert last.end_reason == watch_pb2.END_REASON_DRAIN
        assert await watcher.call.code() is grpc.StatusCode.UNAVAILABLE
        trailers = dict(await watcher.call.trailing_metadata())
        assert trailers[TOKEN_TRAILER] == last.resume_token
    async with world.replica() as replica:
        resumed = replica.watch(resume_token=last.resume_token)
        await replica.stub.CancelRun(
            pb.CancelRunRequest(run_id=watcher.changes[0].events[0].run.run_id)
        )
        await resumed.until(CHANGES)
        assert resumed.revisions[0] == watcher.revisions[-1] + 1


async def test_the_ledger_of_the_snapshot_is_of_the_days_asked_for(
    world: Coordination, replica: Replica
) -> None:
    await progress(world, replica)
    elsewhere = progress_pb2.DateRange(start_date="2026-01-01", end_date="2026-01-31")
    here, there = replica.watch(ledger=RANGE), replica.watch(ledger=elsewhere)
    await here.until(SNAPSHOT_END)
    await there.until(SNAPSHOT_END)

    def days(watcher: Watcher) -> list[str]:
        events = [e for f in watcher.frames for c in f.changes for e in c.events]
        return [e.day.counts.day for e in events if e.HasField("day")]

    assert (days(here), days(there)) == ([DAY], [])
