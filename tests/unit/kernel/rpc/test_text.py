"""What Postgres cannot store is found wherever it is in a request."""

import pytest
from google.api import httpbody_pb2
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from potok.bot_status.v1 import webhook_service_pb2
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import run_pb2
from potok.stage.v1 import stage_service_pb2 as stage_pb
from potok.status.v1 import progress_pb2

from services.kernel.rpc.text import undecodable, unstorable


def test_the_character_nul_is_found_in_any_field() -> None:
    settings = progress_pb2.ClientSettings(source="folder:\0", playbook="clinic")
    client = run_pb2.Client(client_id="a\0", settings=settings)

    assert paths(pb.SetClientRequest(client=client)) == [
        "client.client_id",
        "client.settings.source",
    ]
    assert paths(pb.WatchStatusRequest(run_ids=["a", "b\0"])) == ["run_ids"]


def paths(message: Message) -> list[str]:
    return [path for path, _ in unstorable(message)]


@pytest.mark.parametrize("number", [2**63, 2**64 - 1])
def test_numbers_that_no_column_holds_are_found(number: int) -> None:
    assert paths(stage_pb.CancelStageRequest(execution=number)) == ["execution"]
    assert not paths(stage_pb.CancelStageRequest(execution=2**63 - 1))


@pytest.mark.parametrize(
    ("seconds", "nanos"),
    [(-62_135_596_801, 0), (253_402_300_800, 0), (2**62, 0), (0, 10**9), (0, -1)],
)
def test_times_that_are_none_are_found(seconds: int, nanos: int) -> None:
    at = Timestamp(seconds=seconds, nanos=nanos)
    assert paths(progress_pb2.Wait(until_time=at)) == ["until_time"]
    assert not paths(progress_pb2.Wait(until_time=Timestamp(seconds=253_402_300_799)))


def test_text_that_is_no_utf_8_is_found_in_bytes_that_cannot_be_decoded() -> None:
    good = pb.SetClientRequest(
        client=run_pb2.Client(client_id="ABC", settings=progress_pb2.ClientSettings(source="DEF"))
    ).SerializeToString()
    one = good.replace(b"ABC", b"A\xffC")

    assert undecodable(pb.SetClientRequest, one) == ["client.client_id"]
    assert undecodable(pb.SetClientRequest, one.replace(b"DEF", b"\xc0\xaf.")) == [
        "client.client_id",
        "client.settings.source",
    ]
    assert undecodable(pb.SetClientRequest, b"\x0a\xff") == []


def test_bytes_may_hold_anything() -> None:
    body = httpbody_pb2.HttpBody(content_type="application/json", data=b"\0")
    assert not list(unstorable(webhook_service_pb2.ReceiveWebhookRequest(body=body)))


def test_other_text_is_let_through() -> None:
    assert not list(unstorable(pb.WatchStatusRequest(client_ids=["ключ\n\t", ""])))
