"""What is shown of calls to those who see numbers in part."""

from dataclasses import replace

import pytest
from potok.call_sync.v1 import listed_call_pb2

from services.call_sync.calls.domain import Findings, ListedCall
from services.call_sync.calls.mapping import call_filter_from_pb, listed_call_to_pb
from services.call_sync.domain import Call, CallId
from services.status.domain import Owner
from tests.builders.call_sync import a_call, a_recording


@pytest.mark.parametrize(
    ("whole", "shown"),
    [(True, "79161234567_in.wav"), (False, "7******4567_in.wav")],
)
def test_the_name_of_a_file_shows_no_more_of_a_number_than_the_contact_does(
    whole: bool, shown: str
) -> None:
    recording = replace(a_recording(), file_name="79161234567_in.wav")
    call = Call(owner=Owner("client:clinic"), facts=a_call("c1"), recording=recording)
    listed = ListedCall(call=call, stages=[], findings=Findings(call_id=CallId("c1")), language="")

    assert listed_call_to_pb(listed, whole=whole).call.recording.file_name == shown


def test_a_longest_of_nothing_is_a_longest() -> None:
    asked = call_filter_from_pb(listed_call_pb2.CallFilter(max_duration_seconds=0), whole=True)

    assert asked.max_duration_seconds == 0
    assert asked.min_duration_seconds is None
