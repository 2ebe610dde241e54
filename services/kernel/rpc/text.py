"""What a message may hold in protobuf that nothing behind it can: named by the path of its field."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message

NUL = "\0"
BIGGEST = 2**63 - 1
"""Of the integers that Postgres holds."""

_TEXT = FieldDescriptor.TYPE_STRING
_UNSIGNED = {FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_FIXED64}
_SECONDS = {
    "google.protobuf.Timestamp": range(-62_135_596_800, 253_402_300_800),
    "google.protobuf.Duration": range(-315_576_000_000, 315_576_000_001),
}
"""What each may hold: the years 1 to 9999, and as many there and back."""
_NANOS = {
    "google.protobuf.Timestamp": range(10**9),
    "google.protobuf.Duration": range(-(10**9) + 1, 10**9),
}


def unstorable(message: Message, within: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path of each field that holds what Postgres or Python does not, and what is wrong with it."""
    for field, value in message.ListFields():
        path = f"{within}{field.name}"
        many = value if field.is_repeated else (value,)
        if field.type == _TEXT:
            if any(NUL in text for text in many):
                yield path, "must not hold the character NUL"
        elif field.type in _UNSIGNED:
            if any(number > BIGGEST for number in many):
                yield path, f"must be at most {BIGGEST}"
        elif field.message_type and not field.message_type.GetOptions().map_entry:
            kind = field.message_type.full_name
            for each in many:
                if kind not in _SECONDS:
                    yield from unstorable(each, f"{path}.")
                elif each.seconds not in _SECONDS[kind] or each.nanos not in _NANOS[kind]:
                    yield (
                        path,
                        "is beyond the years 1 to 9999, or its nanos are no part of a second",
                    )


def undecodable(message: type[Message], data: bytes) -> list[str]:
    """Return the paths of fields whose bytes are no UTF-8 in `data`; none where it is no such message at all."""
    try:
        whole = _with_bytes(message.DESCRIPTOR).FromString(data)
    except DecodeError:
        return []
    return list(_not_utf8(whole, ""))


def _not_utf8(message: Message, within: str) -> Iterator[str]:
    for field, value in message.ListFields():
        path = f"{within}{field.name}"
        many = value if field.is_repeated else (value,)
        if field.message_type:
            if not field.message_type.GetOptions().map_entry:
                for each in many:
                    yield from _not_utf8(each, f"{path}.")
        elif field.type == FieldDescriptor.TYPE_BYTES and not all(map(_is_utf8, many)):
            yield path


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@cache
def _with_bytes(message: Descriptor) -> type[Message]:
    """Return the message's twin that has bytes where it has text, so that it takes any."""
    pool = descriptor_pool.DescriptorPool()
    _add(message.file, pool, set())
    twin: type[Message] = message_factory.GetMessageClass(
        pool.FindMessageTypeByName(message.full_name)
    )
    return twin


def _add(file: Any, pool: descriptor_pool.DescriptorPool, added: set[str]) -> None:
    if file.name in added:
        return
    added.add(file.name)
    for imported in file.dependencies:
        _add(imported, pool, added)
    proto = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(proto)
    if not file.package.startswith(("google", "buf")):  # whose options and well-known types stay
        for each in proto.message_type:
            _bytes_for_text(each)
    pool.Add(proto)


def _bytes_for_text(message: descriptor_pb2.DescriptorProto) -> None:
    for field in message.field:
        if field.type == descriptor_pb2.FieldDescriptorProto.TYPE_STRING:
            field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
    for nested in message.nested_type:
        if not nested.options.map_entry:
            _bytes_for_text(nested)
