"""What compresses a body: its bytes decide, not what its headers say of it."""

import contextlib
import re
import zlib
from collections.abc import AsyncGenerator, AsyncIterator

from services.kernel.fetch.errors import BodyTooLarge, BodyTruncated, Encoded

_MOST_LAYERS = 3
_HEAD_BYTES = 4096
_PIECE_BYTES = 1 << 20
_GZIP = b"\x1f\x8b\x08"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZLIB, _ZLIB_METHOD, _ZLIB_CHECK = b"\x78", 8, 31
"""The first byte of zlib with the window that nearly all use, half of it, and what its first two are a multiple of."""
_SAID = ("deflate", "gzip")
"""Headers of what has no mark of its own: some name the wrong one of both."""
_MOST_AFTER = 16
_GZIP_BITS, _ZLIB_BITS, _RAW_BITS = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


async def decoded(
    chunks: AsyncIterator[bytes], encoding: str, max_bytes: int, who: str
) -> AsyncGenerator[bytes, None]:
    """Yield a body as it was before it was compressed, up to `max_bytes`, which bounds what comes in, too.

    `encoding` is the Content-Encoding, which many set to something without a meaning, or to what was not done. Raises
    BodyTooLarge, BodyTruncated, and Encoded for a compression that cannot be undone here; `who` is named in the texts.
    """
    async with contextlib.aclosing(_bounded(chunks, max_bytes, who)) as bounded:
        body: AsyncGenerator[bytes, None] = bounded
        for _ in range(_MOST_LAYERS):
            head, body = await _peeked(body)
            bits = _bits(head, encoding.lower())
            if bits is None:
                break
            body = _inflated(body, bits, max_bytes, who)
            if bits == _RAW_BITS:
                encoding = re.sub("|".join(_SAID), "", encoding.lower(), count=1)
        if head.startswith(_ZSTD):
            raise Encoded(
                f"{who} compresses with zstd what it sends, though that was not asked for"
            )
        async for chunk in body:
            yield chunk


def _bits(head: bytes, encoding: str) -> int | None:
    """Return how zlib is told of a compression; None where there is none it knows."""
    if head.startswith(_GZIP):
        return _GZIP_BITS
    said = any(name in encoding for name in _SAID)
    method = head[:1] == _ZLIB or (said and head[:1] and head[0] & 15 == _ZLIB_METHOD)
    zlib_header = method and int.from_bytes(head[:2]) % _ZLIB_CHECK == 0
    for bits in (*([_ZLIB_BITS] if zlib_header else []), *([_RAW_BITS] if said else [])):
        with contextlib.suppress(zlib.error):
            inflate = zlib.decompressobj(bits)
            # What ends long before the rest does was never compressed.
            if inflate.decompress(head[:_HEAD_BYTES]) and len(inflate.unused_data) <= _MOST_AFTER:
                return bits
    return None


async def _peeked(body: AsyncIterator[bytes]) -> tuple[bytes, AsyncGenerator[bytes, None]]:
    """Return the first bytes of a body, and the whole of it."""
    head = b""
    async for chunk in body:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break

    async def whole() -> AsyncGenerator[bytes, None]:
        if head:
            yield head
        async for chunk in body:
            yield chunk

    return head, whole()


async def _bounded(
    chunks: AsyncIterator[bytes], max_bytes: int, who: str
) -> AsyncGenerator[bytes, None]:
    received = 0
    async for chunk in chunks:
        received += len(chunk)
        if received > max_bytes:
            raise BodyTooLarge(f"{who} sends more than {max_bytes} bytes")
        yield chunk


async def _inflated(
    body: AsyncIterator[bytes], bits: int, max_bytes: int, who: str
) -> AsyncGenerator[bytes, None]:
    """Yield what was compressed, one member after another; what follows the last one is nothing to anybody."""
    unpacked = 0
    inflate = zlib.decompressobj(bits)
    async for chunk in body:
        data = chunk
        while data and not inflate.eof:
            try:
                piece = inflate.decompress(data, _PIECE_BYTES)
            except zlib.error as error:
                raise BodyTruncated(f"{who} sends what cannot be decompressed") from error
            unpacked += len(piece)
            if unpacked > max_bytes:
                raise BodyTooLarge(f"{who} sends more than {max_bytes} bytes, decompressed")
            if piece:
                yield piece
            data = inflate.unconsumed_tail
            if inflate.eof and inflate.unused_data.startswith(_GZIP):
                data, inflate = inflate.unused_data, zlib.decompressobj(bits)
    if not inflate.eof:
        raise BodyTruncated(f"{who} broke off in the middle of what it compresses")
