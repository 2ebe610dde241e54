"""The watch of the client against a coordinator that does as the test says."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc
from potok.coordinator.v1 import watch_pb2
from potok.status.v1.event_pb2 import Change
from potok_client import Update, WatchBroken, WatchLost, channels, watch
from potok_client.watch import (
    FIRST_DELAY_SECONDS,
    LONGEST_DELAY_SECONDS,
    _delay,  # the one random thing
)

from tests.identity import admin
from tests.waiting import PATIENCE

ACTIVE_RUN = pb.WatchStatusRequest(client_ids=["clinic"])


def frame(
    kind: "watch_pb2.FrameKind.ValueType", revision: int, *changes: int, token: str = ""
) -> pb.WatchStatusResponse:
    return pb.WatchStatusResponse(
        kind=kind,
        revision=revision,
        resume_token=token or f"t{revision}",
        changes=[Change(revision=number) for number in changes],
    )


def part(revision: int) -> pb.WatchStatusResponse:
    return frame(watch_pb2.FRAME_KIND_SNAPSHOT, revision, revision)


def complete(revision: int) -> pb.WatchStatusResponse:
    return frame(watch_pb2.FRAME_KIND_SNAPSHOT_END, revision)


def changes(*revisions: int) -> pb.WatchStatusResponse:
    return frame(watch_pb2.FRAME_KIND_CHANGES, revisions[-1], *revisions)


def end(revision: int) -> pb.WatchStatusResponse:
    last = frame(watch_pb2.FRAME_KIND_END, revision)
    last.end_reason = watch_pb2.END_REASON_AGE
    return last


@dataclass(frozen=True)
class Refuse:
    """Ends a stream with a status."""

    code: grpc.StatusCode
    reason: str = ""


class Hang:
    """Says nothing more until the client goes away."""


Script = list[pb.WatchStatusResponse | Refuse | Hang]


@dataclass
class Scripted(pb_grpc.CoordinatorServiceServicer):
    """Plays one script a stream; the last one again and again."""

    scripts: list[Script]
    requests: list[pb.WatchStatusRequest] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def WatchStatus(  # noqa: N802
        self, request: pb.WatchStatusRequest, context: Any
    ) -> AsyncIterator[pb.WatchStatusResponse]:
        self.requests.append(request)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        for step in script:
            match step:
                case Refuse():
                    await self._refuse(step, context)
                case Hang():
                    try:
                        await asyncio.Event().wait()
                    finally:
                        self.gone.set()
                case response:
                    yield response

    async def _refuse(self, step: Refuse, context: Any) -> None:
        detail = any_pb2.Any()
        detail.Pack(error_details_pb2.ErrorInfo(reason=step.reason, domain="potok"))
        rich = status_pb2.Status(code=step.code.value[0], message="no", details=[detail])
        await context.abort(step.code, "no", rpc_status.to_status(rich).trailing_metadata)

    @property
    def tokens(self) -> list[str]:
        return [request.resume_token for request in self.requests]


@asynccontextmanager
async def served(*scripts: Script) -> AsyncIterator[tuple[Scripted, list[grpc.aio.Channel]]]:
    scripted = Scripted(list(scripts))  # type: ignore[abstract]  # the other RPCs are not asked for
    server = grpc.aio.server()
    pb_grpc.add_CoordinatorServiceServicer_to_server(scripted, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with channels([f"127.0.0.1:{port}"], admin) as replicas:
            yield scripted, replicas
    finally:
        await server.stop(0)


async def collected(
    replicas: list[grpc.aio.Channel],
    until: Callable[[Update], bool],
    request: pb.WatchStatusRequest = ACTIVE_RUN,
    patience: timedelta = timedelta(minutes=1),
) -> list[Update]:
    """Watch up to the first update that is `until`."""
    updates = []
    async with (
        asyncio.timeout(PATIENCE),
        aclosing(watch(replicas, request, patience=patience)) as w,
    ):
        async for update in w:
            updates.append(update)
            if until(update):
                break
    return updates


def revision(number: int) -> Callable[[Update], bool]:
    return lambda update: update.revision >= number


def seen(updates: list[Update]) -> list[int]:
    return [change.revision for update in updates for change in update.changes]


async def test_a_snapshot_is_one_update_and_what_follows_is_newer() -> None:
    async with served([part(7), part(7), complete(7), changes(8, 9), Hang()]) as (_, replicas):
        updates = await collected(replicas, revision(9))

    assert [(u.reset, u.revision, len(u.changes)) for u in updates] == [(True, 7, 2), (False, 9, 2)]


async def test_a_stream_that_ends_is_resumed_from_its_last_frame() -> None:
    first: Script = [complete(1), changes(2), end(3)]
    async with served(first, [changes(4), Hang()]) as (server, replicas):
        updates = await collected(replicas, revision(4))

    assert server.tokens == ["", "t3"]
    assert seen(updates) == [2, 4]
    assert [u.lost for u in updates if u.lost] == ["the server ended the stream: AGE"]


async def test_half_a_snapshot_is_thrown_away_and_taken_anew() -> None:
    half: Script = [part(5), Refuse(grpc.StatusCode.UNAVAILABLE)]
    async with served(half, [part(6), complete(6), Hang()]) as (server, replicas):
        updates = await collected(replicas, revision(6))

    assert server.tokens == ["", ""]
    assert seen(updates) == [6]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (grpc.StatusCode.OUT_OF_RANGE, "COMPACTED"),
        (grpc.StatusCode.FAILED_PRECONDITION, "EPOCH_CHANGED"),
        (grpc.StatusCode.FAILED_PRECONDITION, "FUTURE_REVISION"),
    ],
)
async def test_where_no_resume_is_possible_the_whole_state_comes_anew(
    code: grpc.StatusCode, reason: str
) -> None:
    lost: Script = [complete(50), changes(51), Refuse(grpc.StatusCode.UNAVAILABLE)]
    # The new log may be younger than the old one.
    async with served(lost, [Refuse(code, reason)], [part(3), complete(3), changes(4), Hang()]) as (
        server,
        replicas,
    ):
        updates = await collected(replicas, lambda u: u.revision == 4)

    assert server.tokens == ["", "t51", ""]
    assert [u.revision for u in updates if u.reset] == [50, 3]


async def test_a_refused_snapshot_is_not_asked_for_for_ever() -> None:
    refused: Script = [Refuse(grpc.StatusCode.OUT_OF_RANGE, "COMPACTED")]
    request = pb.WatchStatusRequest(resume_token="old")
    async with served(refused) as (server, replicas):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await collected(replicas, revision(1), request)

    assert raised.value.code() is grpc.StatusCode.OUT_OF_RANGE
    assert server.tokens == ["old", ""]


async def test_what_no_retry_mends_is_raised() -> None:
    async with served([Refuse(grpc.StatusCode.NOT_FOUND)]) as (server, replicas):
        with pytest.raises(grpc.aio.AioRpcError):
            await collected(replicas, revision(1))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "wrong",
    [changes(3), changes(5, 5), changes(6, 5), frame(watch_pb2.FRAME_KIND_HEARTBEAT, 3)],
    ids=["repeated", "twice", "backwards", "heartbeat in the past"],
)
async def test_revisions_that_do_not_grow_are_not_handed_over(
    wrong: pb.WatchStatusResponse,
) -> None:
    async with served([complete(4), wrong, Hang()]) as (_, replicas):
        with pytest.raises(WatchBroken):
            await collected(replicas, lambda u: bool(u.changes))


async def test_a_heartbeat_moves_the_token() -> None:
    heartbeat = frame(watch_pb2.FRAME_KIND_HEARTBEAT, 9)
    first: Script = [complete(4), heartbeat, Refuse(grpc.StatusCode.UNAVAILABLE)]
    async with served(first, [changes(10), Hang()]) as (server, replicas):
        await collected(replicas, revision(10))
    assert server.tokens == ["", "t9"]


async def test_a_silent_stream_is_given_up_and_resumed() -> None:
    request = pb.WatchStatusRequest(heartbeat_seconds=1)
    async with served([complete(1), Hang()], [changes(2), Hang()]) as (server, replicas):
        updates = await collected(replicas, revision(2), request)
        assert [u.lost for u in updates if u.lost] == ["the server fell silent"]
        async with asyncio.timeout(PATIENCE):
            await server.gone.wait()
    assert server.tokens == ["", "t1"]


async def test_the_server_is_told_when_the_reader_goes() -> None:
    async with served([complete(1), Hang()]) as (server, replicas):
        await collected(replicas, revision(1))
        async with asyncio.timeout(PATIENCE):
            await server.gone.wait()


async def test_patience_ends() -> None:
    async with served([Refuse(grpc.StatusCode.UNAVAILABLE)]) as (server, replicas):
        with pytest.raises(WatchLost):
            await collected(replicas, revision(1), patience=timedelta(seconds=0.5))
    assert len(server.requests) > 1


async def test_a_replica_that_is_away_is_passed_over() -> None:
    async with (
        served([complete(1), Hang()]) as (_, replicas),
        channels(["127.0.0.1:1"], admin) as away,
    ):
        updates = await collected([*away, *replicas], revision(1))
    assert [bool(u.lost) for u in updates] == [True, False]


async def test_a_frame_of_a_newer_server_is_passed_over() -> None:
    unknown = pb.WatchStatusResponse(kind=99, revision=5)  # type: ignore[arg-type]
    async with served([complete(1), unknown, changes(2), Hang()]) as (_, replicas):
        assert seen(await collected(replicas, revision(2))) == [2]


def test_waits_are_spread_and_bounded() -> None:
    for tries in itertools.chain(range(20), [10_000]):
        waits = [_delay(tries) for _ in range(200)]
        limit = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** min(tries, 16))
        assert 0 <= min(waits) <= limit / 4
        assert limit * 3 / 4 <= max(waits) <= limit
