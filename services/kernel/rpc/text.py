"""Text that cannot be stored."""

from collections.abc import Iterator

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

NUL = "\0"


def unstorable(message: Message, within: str = "") -> Iterator[str]:
    """Yield the path of each field whose text holds the character NUL: valid in JSON and protobuf, not in Postgres."""
    for field, value in message.ListFields():
        path = f"{within}{field.name}"
        many = value if field.is_repeated else (value,)
        if field.type == FieldDescriptor.TYPE_STRING:
            if any(NUL in text for text in many):
                yield path
        elif field.message_type and not field.message_type.GetOptions().map_entry:
            for each in many:
                yield from unstorable(each, f"{path}.")
