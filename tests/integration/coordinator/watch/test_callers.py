"""Who watches what, for how long and how often: by gRPC and as server-sent events alike."""

import asyncio
from contextlib import aclosing
from datetime import timedelta

import grpc
import pytest
from google.protobuf import json_format
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import watch_pb2
from potok.status.v1.event_pb2 import Change
from potok_client.watch import watch

from services.coordinator.runs.servicer import TOKEN_TRAILER
from services.kernel.rpc.client import channel_to
from services.kernel.rpc.errors import error_info
from tests.coordination import QUICK, Coordination, Replica, calling
from tests.event_stream import EventStream, watch_events
from tests.identity import token
from tests.refusals import refusal
from tests.waiting import PATIENCE

SNAPSHOT_END = watch_pb2.FRAME_KIND_SNAPSHOT_END


@pytest.fixture
async def replica(replica: Replica) -> Replica:
    """Serve a second client."""
    await replica.set_client("bakery")
    return replica


async def test_without_a_filter_events_are_of_what_the_token_names(replica: Replica) -> None:
    foreign = (await replica.start("bakery")).run.status.run_id
    async with calling(replica.address, token(clients=["clinic"])) as anna:
        stream = watch_events(anna)
        await stream.until("snapshot_end")
        await replica.stub.CancelRun(pb.CancelRunRequest(run_id=foreign))
        await replica.start("clinic")
        await stream.until("changes")

        frames = [
            json_format.ParseDict(event.data, pb.WatchStatusResponse()) for event in stream.events
        ]
        events = [e for frame in frames for change in frame.changes for e in change.events]
        assert {e.run.owner or e.stage.owner for e in events} == {"client:clinic"}


async def test_events_of_what_belongs_to_others_are_refused(replica: Replica) -> None:
    foreign = (await replica.start("bakery")).run.status.run_id
    async with calling(replica.address, token(clients=["clinic"])) as anna:
        by_client = watch_events(anna, client_ids=["clinic", "bakery"])
        by_run = watch_events(anna, run_ids=[foreign])

        assert (await refusal(by_client.next())).code() is grpc.StatusCode.PERMISSION_DENIED
        assert (await refusal(by_run.next())).code() is grpc.StatusCode.NOT_FOUND


async def test_the_id_of_a_stream_does_not_resume_with_other_rights(replica: Replica) -> None:
    async with calling(replica.address, token(clients=["clinic"])) as anna:
        old = (await watch_events(anna).until("snapshot_end")).last_id
    async with calling(replica.address, token(clients=["clinic", "bakery"])) as anna:
        first = await watch_events(anna, last_event_id=old).next()

    assert (first.name, first.data["reason"]) == ("reset", "WATCH_CHANGED")


async def test_a_watch_ends_when_its_token_expires_and_a_new_one_resumes(
    replica: Replica,
) -> None:
    async with calling(
        replica.address, token(clients=["clinic"], lifetime=timedelta(seconds=1))
    ) as anna:
        watcher = anna.watch()
        last = await watcher.until(watch_pb2.FRAME_KIND_END)
        error = await refusal(watcher.frame())

        assert last.end_reason == watch_pb2.END_REASON_TOKEN_EXPIRED
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        assert dict(error.trailing_metadata())[TOKEN_TRAILER] == last.resume_token
    missed = await replica.start()
    async with calling(replica.address, token(clients=["clinic"])) as anna:
        resumed = anna.watch(resume_token=last.resume_token)
        await resumed.until(watch_pb2.FRAME_KIND_CHANGES)

    assert resumed.changes[0].events[0].run.run_id == missed.run.status.run_id


async def test_a_stream_of_events_says_that_its_token_has_expired_and_resumes(
    replica: Replica,
) -> None:
    async with calling(
        replica.address, token(clients=["clinic"], lifetime=timedelta(seconds=1))
    ) as anna:
        stream = watch_events(anna)
        end = await stream.until("end")
        with pytest.raises(EOFError):
            await stream.next()

        assert end.data["end_reason"] == "END_REASON_TOKEN_EXPIRED"
        assert await stream.call.code() is grpc.StatusCode.OK
    await replica.start()
    async with calling(replica.address, token(clients=["clinic"])) as anna:
        assert (await watch_events(anna, last_event_id=end.last_id).next()).name == "changes"


async def test_a_client_that_renews_its_token_misses_nothing(replica: Replica) -> None:
    def fresh() -> str:
        return token(clients=["clinic"], lifetime=timedelta(seconds=1))

    run_id = (await replica.start()).run.status.run_id
    changes: list[Change] = []
    lost: list[str] = []
    async with channel_to(replica.address, fresh) as channel:
        request = pb.WatchStatusRequest(client_ids=["clinic"])
        async with asyncio.timeout(PATIENCE), aclosing(watch([channel], request)) as updates:
            async for update in updates:
                changes = list(update.changes) if update.reset else [*changes, *update.changes]
                lost += [update.lost] if update.lost else []
                if len(lost) == 2 and update.lost:
                    cancel = pb.CancelRunRequest(run_id=run_id)
                    await replica.stub.CancelRun(cancel)
                if any(event.run.HasField("end_time") for c in changes for event in c.events):
                    break

    assert set(lost) == {"the server ended the stream: TOKEN_EXPIRED"}
    revisions = [change.revision for change in changes]
    first = revisions.count(revisions[0])  # of the snapshot, all at its revision
    assert revisions[first - 1 :] == list(range(revisions[0], revisions[-1] + 1))


async def test_a_user_has_so_many_watches_of_both_kinds_and_others_have_theirs(
    world: Coordination,
) -> None:
    async with (
        world.replica(QUICK.model_copy(update={"watches_per_user": 2})) as replica,
        calling(replica.address, token("anna", clients=["clinic"])) as anna,
        calling(replica.address, token("boris", clients=["clinic"])) as boris,
    ):
        await anna.watch().frame()
        second = watch_events(anna)
        await second.next()
        for third in (anna.watch().frame(), watch_events(anna).next()):
            error = await refusal(third)
            assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            info = error_info(error)
            assert info is not None
            assert (info.reason, info.metadata["limit"]) == ("TOO_MANY_WATCHES", "2")
        await watch_events(boris).next()
        second.call.cancel()
        await admitted(anna)


async def admitted(replica: Replica) -> EventStream:
    """Try until a place is free: that a stream was cancelled reaches the server a moment later."""
    async with asyncio.timeout(PATIENCE):
        while True:
            stream = watch_events(replica)
            try:
                await stream.next()
            except grpc.aio.AioRpcError:
                continue
            return stream
