"""How long RPCs may take where their proto says so."""

from collections.abc import Sequence
from datetime import timedelta

from google.protobuf import descriptor_pool
from potok.status.v1 import deadline_pb2


def deadlines_of(services: Sequence[str]) -> dict[str, timedelta]:
    """Return the deadlines by path, `/package.Service/Method`; `services` are full names of imported protos."""
    found = {}
    for name in services:
        for method in descriptor_pool.Default().FindServiceByName(name).methods:
            seconds = method.GetOptions().Extensions[deadline_pb2.deadline_seconds]
            if seconds:
                found[f"/{name}/{method.name}"] = timedelta(seconds=seconds)
    return found
