"""Every rule of the protos is told in a sentence, and what transports say is told from what services say."""

from collections.abc import Iterator
from typing import Any

import protovalidate
import pytest
from buf.validate import validate_pb2
from google.protobuf.message import Message
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import run_pb2
from potok.status.v1 import progress_pb2, stage_pb2

from gateway.endpoints import methods
from services.kernel.rpc.sentences import PATTERNS, of_the_transport, rule_sentence

DAYS = progress_pb2.DateRange(start_date="2026-11-02", end_date="2026-11-04")


def told(request: Message) -> set[str]:
    violations = protovalidate.Validator().collect_violations(request)
    return {
        f"{_last_field(violation)} {rule_sentence(request, violation)}" for violation in violations
    }


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (
            pb.GetClientRequest(client_id="no good"),
            "client_id must be 1 to 64 letters, digits, _ or -",
        ),
        (pb.ListRunsRequest(client_id="ü"), "client_id must be at most 64 letters, digits, _ or -"),
        (pb.ListRunsRequest(page_size=9999), "page_size must be at most 200"),
        (pb.SetClientRequest(), "client is missing, give one"),
        (
            pb.GetRunRequest(run_id="x"),
            "run_id must be a UUID, such as 1b4e28ba-2fa1-41d2-883f-0016d3cca427",
        ),
        (
            pb.StartRunRequest(client_id="a", range=DAYS, mode=77),  # type: ignore[arg-type]
            "mode must be one of RUN_MODE_PENDING, RUN_MODE_FAILED, RUN_MODE_ALL",
        ),
        (
            pb.StartRunRequest(client_id="a", range=DAYS, stages=[stage_pb2.STAGE_ANALYSIS] * 2),
            "stages names something twice, name each once",
        ),
        (
            pb.StartRunRequest(client_id="a", range=DAYS, request_id="x" * 200),
            "request_id must have at most 128 characters",
        ),
        (
            pb.SetClientRequest(
                client=run_pb2.Client(
                    client_id="a", settings=progress_pb2.ClientSettings(min_success_ratio=2)
                )
            ),
            "min_success_ratio must be at least 0 and at most 1",
        ),
    ],
)
def test_a_broken_rule_says_what_the_field_must_be(request_: Message, sentence: str) -> None:
    assert sentence in told(request_)


def _last_field(violation: Any) -> str:
    return str(violation.proto.field.elements[-1].field_name)


def patterns(descriptor: Any, seen: set[str]) -> Iterator[str]:
    """Yield the patterns of a message and of those in it."""
    if descriptor.full_name in seen:
        return
    seen.add(descriptor.full_name)
    for field in descriptor.fields:
        rules = field.GetOptions().Extensions[validate_pb2.field]
        for strings in (rules.string, rules.repeated.items.string):
            if strings.HasField("pattern"):
                yield strings.pattern
        if field.message_type:
            yield from patterns(field.message_type, seen)


def test_every_pattern_of_the_protos_has_words() -> None:
    seen: set[str] = set()
    used = {each for method in methods() for each in patterns(method.input_type, seen)}

    assert used - PATTERNS.keys() == set(), "say in PATTERNS what it asks for"
    assert PATTERNS.keys() - used == set(), "no proto has it: take it away"


@pytest.mark.parametrize(
    "text",
    [
        "Deadline Exceeded",
        "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Connection refused",
        "upstream connect error or disconnect/reset before headers. reset reason: overflow",
        "Socket closed",
        "Stream removed (RST_STREAM)",
    ],
)
def test_what_a_transport_says_is_known(text: str) -> None:
    assert of_the_transport(text)


@pytest.mark.parametrize(
    "text", ["the source limits the rate until 12:30", "account clinic is paused", "internal error"]
)
def test_what_a_service_says_is_left_as_it_is(text: str) -> None:
    assert not of_the_transport(text)
