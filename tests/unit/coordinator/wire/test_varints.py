"""Varints written by hand are protobuf's."""

from hypothesis import given
from hypothesis import strategies as st
from potok.coordinator.v1 import report_pb2

from services.coordinator.wire.varints import varint


@given(st.integers(0, 2**63))
def test_varints_are_protobufs(number: int) -> None:
    message = report_pb2.Report(execution=number)

    assert (b"\x08" + varint(number) if number else b"") == message.SerializeToString()
