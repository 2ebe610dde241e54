"""Protobuf values that every mapping converts."""

import enum
from datetime import UTC, datetime
from typing import Any, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

E = TypeVar("E", bound=enum.Enum)


def enum_pairs(python: type[E], protobuf: Any, prefix: str) -> dict[E, Any]:
    """Return python member -> protobuf enum value, matched by name.

    Both sides must be complete: a member without its twin is a KeyError at import. The protobuf zero is left out.
    """
    numbers = {
        name.removeprefix(f"{prefix}_"): number for name, number in protobuf.items() if number
    }
    pairs = {member: numbers.pop(member.name) for member in python}
    if numbers:
        raise KeyError(f"{python.__name__} lacks {sorted(numbers)}")
    return pairs


def timestamp(moment: datetime | None) -> Timestamp | None:
    """Return the protobuf of a moment; None stays None."""
    if moment is None:
        return None
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def moment(message: Timestamp) -> datetime:
    """Return the aware moment of a protobuf timestamp."""
    return message.ToDatetime(UTC)
