import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import grpc
import pytest
from potok.call_sync.v1 import call_pb2
from potok.call_sync.v1 import call_sync_service_pb2 as pb
from potok.call_sync.v1 import call_sync_service_pb2_grpc as pb_grpc

from services.call_sync.domain import CallId
from services.call_sync.mapping import DIRECTION_TO_PB
from services.call_sync.servicer import CallSyncServicer
from services.call_sync.usecases import CallSync
from services.kernel.rpc.server import serving
from services.recordings.domain import Fetched, StoreUnavailable
from services.recordings.store import PIECE_BYTES
from services.status.domain import ExecutionNumber, Owner
from tests.builders.call_sync import WAV, a_call, a_recording
from tests.fakes.call_sync import FakeCalls, FakeRecordings, chunks, kept_at
from tests.identity import guard, open_channel

if TYPE_CHECKING:
    from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceAsyncStub as Stub

CLINIC = Owner("client:clinic")


@pytest.fixture
async def calls() -> FakeCalls:
    """Three calls of a clinic: one with its recording, one whose recording is lost, one without."""
    calls = FakeCalls()
    await calls.upsert_calls(
        CLINIC, ExecutionNumber(1), [a_call("c1"), a_call("c2"), a_call("c3", link=None)]
    )
    await calls.set_recordings(
        None, CLINIC, [(CallId("c1"), a_recording()), (CallId("c2"), a_recording(b"lost"))]
    )
    return calls


@pytest.fixture
def recordings() -> FakeRecordings:
    recordings = FakeRecordings()
    recordings.kept[a_recording().sha256] = WAV
    return recordings


@pytest.fixture
async def stub(calls: FakeCalls, recordings: FakeRecordings) -> "AsyncIterator[Stub]":
    servicer = CallSyncServicer(CallSync(calls, recordings, {}))
    async with (
        serving(
            "127.0.0.1:0",
            lambda server: pb_grpc.add_CallSyncServiceServicer_to_server(servicer, server),
            services=["potok.call_sync.v1.CallSyncService"],
            guard=guard(),
        ) as port,
        open_channel(f"127.0.0.1:{port}") as channel,
    ):
        yield pb_grpc.CallSyncServiceStub(channel)


async def read(stub: "Stub", call_id: str, owner: str = CLINIC) -> list[pb.ReadRecordingResponse]:
    request = pb.ReadRecordingRequest(owner=owner, call_id=call_id)
    return [response async for response in stub.ReadRecording(request)]


async def test_get_calls_returns_what_is_known_in_the_order_asked_for(
    stub: "Stub",
) -> None:
    request = pb.GetCallsRequest(owner=CLINIC, call_ids=["c3", "nope", "c1"])

    response = await stub.GetCalls(request)

    without, recorded = response.calls
    assert without.call_id == "c3"
    assert not without.HasField("recording")
    assert recorded == call_pb2.Call(
        call_id="c1",
        owner=CLINIC,
        day="2026-03-01",
        start_time=recorded.start_time,
        direction=call_pb2.DIRECTION_INCOMING,
        duration_seconds=12.5,
        employee="Анна",
        contact="+79990000000",
        answered=True,
        recording=call_pb2.Recording(
            sha256=a_recording().sha256,
            size_bytes=len(WAV),
            content_type="audio/wav",
            file_name="a.wav",
        ),
    )
    assert recorded.start_time.ToDatetime(UTC) == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


async def test_get_calls_of_another_owner_finds_nothing(stub: "Stub") -> None:
    request = pb.GetCallsRequest(owner="client:other", call_ids=["c1"])

    assert not (await stub.GetCalls(request)).calls


@pytest.mark.parametrize(
    ("owner", "call_ids", "field"),
    [
        ("", ["c1"], "owner"),
        (CLINIC, [], "call_ids"),
        (CLINIC, ["c"] * 501, "call_ids"),
        (CLINIC, ["c", ""], "call_ids"),
    ],
    ids=["no owner", "no ids", "too many ids", "empty id"],
)
async def test_a_malformed_request_is_refused_by_its_field(
    stub: "Stub", owner: str, call_ids: list[str], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.GetCalls(pb.GetCallsRequest(owner=owner, call_ids=call_ids))

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field in (raised.value.details() or "")


async def test_read_recording_says_what_it_is_and_then_its_bytes(
    stub: "Stub",
) -> None:
    first, *rest = await read(stub, "c1")

    assert first.recording.sha256 == a_recording().sha256
    assert first.direction == call_pb2.DIRECTION_INCOMING
    assert not first.data
    assert b"".join(response.data for response in rest) == WAV


async def test_a_large_recording_comes_in_small_messages(
    tmp_path_factory: pytest.TempPathFactory, calls: FakeCalls
) -> None:
    content = WAV + os.urandom(5_000_000)
    recordings = kept_at(f"file://{tmp_path_factory.mktemp('kept')}", max_bytes=10_000_000)
    kept = await recordings.keep(Fetched(file_name="a.wav", chunks=chunks(content)))
    await calls.set_recordings(None, CLINIC, [(CallId("c1"), kept)])
    servicer = CallSyncServicer(CallSync(calls, recordings, {}))
    async with (
        serving(
            "127.0.0.1:0",
            lambda server: pb_grpc.add_CallSyncServiceServicer_to_server(servicer, server),
            services=[],
            guard=guard(),
        ) as port,
        open_channel(f"127.0.0.1:{port}") as channel,
    ):
        _, *rest = await read(pb_grpc.CallSyncServiceStub(channel), "c1")

    assert b"".join(response.data for response in rest) == content
    assert max(len(response.data) for response in rest) <= PIECE_BYTES


@pytest.mark.parametrize("call_id", ["c2", "c3", "nope"])
async def test_read_recording_where_there_is_none_is_not_found(stub: "Stub", call_id: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await read(stub, call_id)

    assert raised.value.code() is grpc.StatusCode.NOT_FOUND


async def test_read_recording_of_another_owner_is_not_found(
    stub: "Stub",
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await read(stub, "c1", owner="client:other")

    assert raised.value.code() is grpc.StatusCode.NOT_FOUND


async def test_read_recording_while_the_store_is_away_is_unavailable(
    stub: "Stub", recordings: FakeRecordings
) -> None:
    recordings.broken = StoreUnavailable("away")

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await read(stub, "c1")

    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


def test_every_direction_has_a_protobuf_value() -> None:
    assert set(DIRECTION_TO_PB.values()) == set(call_pb2.Direction.values()) - {0}
