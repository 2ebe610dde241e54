"""HTTP/2 as no library sends it: one call in bytes of our own, and the gRPC status that comes back."""

import asyncio
import re
import struct
from collections.abc import Sequence

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS = 0, 1, 4
END_STREAM, END_HEADERS = 1, 4

STATUS = re.compile(rb"(?:grpc-status|\x9a\xca\xc8\xb2\x124\xda\x8f)[\x01\x02](\d{1,2})")
"""The header with its value, as the servers under test send it: in plain text, or Envoy its name by Huffman's code."""

Header = tuple[bytes, bytes]


def message(data: bytes, *, length: int | None = None, compressed: int = 0) -> bytes:
    """Return a message of gRPC, which says of itself that it has `length` bytes."""
    return struct.pack(">BI", compressed, len(data) if length is None else length) + data


async def call(
    address: str,
    path: bytes,
    body: bytes,
    *,
    more: Sequence[Header] = (),
    ends: bool = True,
    patience: float = 5,
) -> int | None:
    """Return the status of a call whose body is `body`; None where there is no answer within `patience`.

    With `ends` the caller says that there is no more of it.
    """
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        usual = [
            (b":method", b"POST"),
            (b":scheme", b"http"),
            (b":path", path),
            (b":authority", address.encode()),
            (b"content-type", b"application/grpc"),
            (b"te", b"trailers"),
        ]
        headers = b"".join(_header(*each) for each in (*usual, *more))
        writer.write(PREFACE + _frame(SETTINGS, 0, 0, b""))
        writer.write(_frame(HEADERS, END_HEADERS, 1, headers))
        writer.write(_frame(DATA, END_STREAM if ends else 0, 1, body))
        read = b""
        try:
            async with asyncio.timeout(patience):
                while chunk := await reader.read(4096):
                    read += chunk
                    if found := STATUS.search(read):
                        return int(found[1])
        except TimeoutError:
            pass
        return None
    finally:
        writer.close()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _header(name: bytes, value: bytes) -> bytes:
    """Return a header as a literal that is not indexed; of at most 127 bytes, or two bytes of length."""
    return b"\x00" + _text(name) + _text(value)


def _text(text: bytes) -> bytes:
    if len(text) < 127:
        return bytes([len(text)]) + text
    rest, length = len(text) - 127, b"\x7f"
    while rest >= 128:
        length += bytes([rest % 128 + 128])
        rest //= 128
    return length + bytes([rest]) + text
