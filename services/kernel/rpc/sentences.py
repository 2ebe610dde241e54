"""What machines say of a request or a call, in sentences for people: the rules of protos, the words of transports."""

import re
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

PATTERNS = {
    "^[A-Za-z0-9_-]{1,64}$": "must be 1 to 64 letters, digits, _ or -",
    "^[A-Za-z0-9_-]{0,64}$": "must be at most 64 letters, digits, _ or -",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "must be a day, such as 2026-01-31",
    "^[a-z]{2}$": "must be the two small letters of a language, such as ru",
    "^([a-z]{2})?$": "must be the two small letters of a language, such as ru, or empty",
    "^[a-z]{1,32}$": "must be 1 to 32 small letters",
    r"^[^\x00-\x1f,\x7f-\xa0]{1,120}$": "must be 1 to 120 printable characters, none a comma",
    "^([A-Za-z0-9_-]{1,64})?$": "must be at most 64 letters, digits, _ or -",
}
"""What each pattern of the protos asks for."""

_RULES = {
    "required": "is missing, give one",
    "string.min_len": "must have at least {} characters",
    "string.max_len": "must have at most {} characters",
    "string.uri": "must be an address, such as https://example.com/path",
    "string.uri_empty": "must be an address, such as https://example.com/path",
    "repeated.unique": "names something twice, name each once",
    "repeated.min_items": "must name at least {}",
    "repeated.max_items": "must name at most {}",
}
"""What the rules with one value ask for."""

_COMPARED = (
    (re.compile(r"greater than or equal to"), "at least"),
    (re.compile(r"less than or equal to"), "at most"),
    (re.compile(r"greater than"), "more than"),
    (re.compile(r"^value "), ""),
)

_TRANSPORT = re.compile(
    r"failed to connect|connection (refused|reset|attempt)|socket closed|stream (removed|reset|closed)|goaway|rst_stream"
    r"|deadline exceeded|upstream (connect|request)|no healthy upstream|broken pipe|keepalive|ping timeout|transport"
    r"|name resolution|dns|cancelled on the server side|channel (is )?closed|too many pings",
    re.IGNORECASE,
)


def rule_sentence(request: Message, violation: Any) -> str:
    """Return what a field must be, of a violation that protovalidate found."""
    rule, value = violation.proto.rule_id, violation.rule_value
    kind, _, name = rule.partition(".")
    if rule == "string.pattern" and value in PATTERNS:
        return PATTERNS[value]
    if rule in ("string.min_len", "repeated.min_items") and value == 1:
        return "is empty, give one"
    if rule in _RULES:
        return _RULES[rule].format(value)
    if name.startswith("uuid"):
        return "must be a UUID, such as 1b4e28ba-2fa1-41d2-883f-0016d3cca427"
    if kind == "enum":
        return f"must be one of {', '.join(_words(request, violation))}"
    text = str(violation.proto.message)
    for pattern, words in _COMPARED:
        text = pattern.sub(words, text)
    return text


def of_the_transport(text: str) -> bool:
    """Return whether a status was said by gRPC or a proxy, and not by who was called."""
    return bool(_TRANSPORT.search(text))


def _words(request: Message, violation: Any) -> list[str]:
    """Return the words that an enum has, without the one that stands for none."""
    descriptor: Any = request.DESCRIPTOR
    field: FieldDescriptor | None = None
    for element in violation.proto.field.elements:
        field = descriptor.fields_by_name[element.field_name]
        descriptor = field.message_type
    if field is None or field.enum_type is None:
        return []
    return [value.name for value in field.enum_type.values if value.number]
