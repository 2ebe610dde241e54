"""Text that Postgres cannot store is found wherever it is in a request."""

from google.api import httpbody_pb2
from potok.bot_status.v1 import webhook_service_pb2
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import run_pb2
from potok.status.v1 import progress_pb2

from services.kernel.rpc.text import unstorable


def test_the_character_nul_is_found_in_any_field() -> None:
    settings = progress_pb2.ClientSettings(source="folder:\0", playbook="clinic")
    client = run_pb2.Client(client_id="a\0", settings=settings)

    assert list(unstorable(pb.SetClientRequest(client=client))) == [
        "client.client_id",
        "client.settings.source",
    ]
    request = pb.WatchStatusRequest(run_ids=["a", "b\0"])
    assert list(unstorable(request)) == ["run_ids"]


def test_bytes_may_hold_anything() -> None:
    body = httpbody_pb2.HttpBody(content_type="application/json", data=b"\0")
    assert not list(unstorable(webhook_service_pb2.ReceiveWebhookRequest(body=body)))


def test_other_text_is_let_through() -> None:
    assert not list(unstorable(pb.WatchStatusRequest(client_ids=["ключ\n\t", ""])))
