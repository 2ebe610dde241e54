"""Lengths and numbers as protobuf writes them."""

MOST_CACHED = 1 << 14

_MORE = 0x80
_LAST_SEVEN_BITS = 0x7F


def encode_varint(number: int) -> bytes:
    """Encode a number that is not cached."""
    out = bytearray()
    while number > _LAST_SEVEN_BITS:
        out.append(number & _LAST_SEVEN_BITS | _MORE)
        number >>= 7
    out.append(number)
    return bytes(out)


VARINTS = [encode_varint(n) for n in range(MOST_CACHED)]
"""The first numbers, for those who cannot afford a call."""


def varint(number: int) -> bytes:
    """Encode a length or number as protobuf does."""
    return VARINTS[number] if number < MOST_CACHED else encode_varint(number)
