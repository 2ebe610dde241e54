"""The kind of an audio file by its first bytes: names and headers of foreign files are no evidence."""

import re

HEAD_BYTES = 16 << 10
"""How many bytes `sound_start` and `content_type` look at."""
_MAGIC_BYTES = 16

WAV_HEAD_BYTES = 4096
"""How many bytes `wav_seconds` looks at: headers of recorders have notes before the sound."""
LONGEST = 24 * 3600
"""Seconds; a header that states more is wrong."""

_MAGIC = (
    (0, b"ID3", "audio/mpeg"),
    (8, b"WAVE", "audio/wav"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (8, b"AIFF", "audio/aiff"),
    (8, b"AIFC", "audio/aiff"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"\x1a\x45\xdf\xa3", "audio/webm"),
    (0, b".snd", "audio/basic"),
    (0, b"caff", "audio/x-caf"),
    (0, b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00", "audio/x-w64"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "audio/x-ms-wma"),
)
_CONTAINERS = (b"RIFF", b"RF64", b"FORM")
_PICTURES = (b"hei", b"hev", b"mif1", b"msf1", b"avi", b"jp2", b"jpx", b"crx")
"""The brands of pictures among those of MP4."""
_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip")
"""What a QuickTime file begins with where it does not name its brand."""
_BLANK = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\r\n\t \x00]*")
"""What programs leave before a file: a mark of byte order, ends of lines, zeros."""
_LEFT_OVER = re.compile(
    rb"(?:HTTP/\d[^\n]*\n|[A-Za-z][A-Za-z0-9-]{0,40}:[^\n\x00]*\n|[0-9a-fA-F]{1,8}\r\n|\r?\n)+"
)
"""Lines of an answer by HTTP, or the length of a chunk."""
_CERTAIN = re.compile(
    rb"(?:RIFF|RF64).{4}WAVE|FORM.{4}AIF[FC]|OggS\x00[\x00-\x07]|fLaC\x00\x00\x00\x22|#!AMR|"
    rb"\x1a\x45\xdf\xa3|ID3[\x02-\x04][\x00-\x0f].[\x00-\x7f]{4}|.{4}ftyp(?:M4[ABV]|mp4|iso|3g[p2]|dash|qt)|"
    rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11|caff\x00\x01|riff\x2e\x91\xcf\x11|\.snd\x00\x00[\x00-\x0f].\x00{0,4}",
    re.DOTALL,
)
"""Beginnings that are hardly there by chance."""
_SYNC = re.compile(rb"\xff[\xe2-\xff]")
_CERTAIN_FRAMES = 3
"""So many MPEG frames one after another are not there by chance."""
_KBITS = {
    (3, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (3, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates by version (3 is MPEG 1) and layer; layer II of the later versions has those of layer III."""
_RATES = (44100, 48000, 32000)


def sound_start(head: bytes) -> tuple[int, str] | None:
    """Return where in a file that begins with `head` the sound begins, and its media type; None where there is none.

    What programs left before it counts for nothing: players skip it, though not those of every kind of file.
    """
    for start in (0, *_leftovers(head)):
        if found := content_type(head[start : start + _MAGIC_BYTES]):
            return start, found
    if certain := _CERTAIN.search(head):
        found = content_type(head[certain.start() : certain.start() + _MAGIC_BYTES])
        return (certain.start(), found) if found else None
    for sync in _SYNC.finditer(head):
        if found := _mpeg_frames(head, sync.start()):
            return sync.start(), found
    return None


def _leftovers(head: bytes) -> tuple[int, ...]:
    """Return where a file would begin without what was left before it: blanks, or lines of HTTP and blanks."""
    lines = _LEFT_OVER.match(head)
    after = lines.end() if lines else 0
    blanks = (_BLANK.match(head, start) for start in (0, after))
    return (*(found.end() for found in blanks if found), after)


def content_type(head: bytes) -> str | None:
    """Return the media type of a file that begins with `head`; None where it is no audio we know.

    Sources: RFC 9559 (Matroska), RFC 3533 (Ogg), RFC 9639 (FLAC), RFC 4867 (AMR), ISO 11172-3 and 13818-7
    (MPEG frames), ISO 14496-12 (MP4), Apple's Core Audio Format, Sony's Wave64; a container that can hold video too is taken as audio.
    """
    for offset, magic, media_type in _MAGIC:
        if head[offset:].startswith(magic) and (offset == 0 or head.startswith(_CONTAINERS)):
            return media_type
    if head[4:8] == b"ftyp":
        return None if head[8:].startswith(_PICTURES) else "audio/mp4"
    if head[4:8] in _QUICKTIME and head[0] < ord(" "):
        return "audio/mp4"
    return _mpeg_frame(head)


def wav_seconds(head: bytes, size: int) -> float | None:
    """Return how long the sound of a WAV file of `size` bytes is, by its `head`; None where that does not say.

    The length that a header states is no more than the file holds: recorders that were cut off left it as it was, or
    never filled it in. Source: Microsoft and IBM, Multimedia Programming Interface and Data Specifications 1.0.
    """
    if not head.startswith((b"RIFF", b"RF64")) or head[8:12] != b"WAVE":
        return None
    at, bytes_a_second = 12, 0
    while at + 8 <= len(head):
        name, length = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        at += 8
        if name == b"data":
            held = max(0, size - at)
            sound = min(length, held) if length else held
            is_told = 0 < sound <= LONGEST * bytes_a_second
            return sound / bytes_a_second if is_told else None
        if name == b"fmt ":
            bytes_a_second = int.from_bytes(head[at + 8 : at + 12], "little")
        at += length + length % 2
    return None


def _mpeg_frame(head: bytes) -> str | None:
    """Recognise a bare MPEG frame: 11 bits of sync, version, layer, bit rate, sample rate.

    Only layers II and III, since a text in UTF-16 begins like layer I; no layer at all is AAC in ADTS.
    """
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, sample_rate = head[2] >> 4, head[2] >> 2 & 3
    if layer == 0:
        return "audio/aac" if head[1] & 0xF6 == 0xF0 else None  # noqa: PLR2004
    valid = version != 1 and layer in (1, 2) and bit_rate not in (0, 15) and sample_rate != 3  # noqa: PLR2004
    return "audio/mpeg" if valid else None


def _mpeg_frames(head: bytes, at: int) -> str | None:
    """Recognise MPEG frames of one kind that follow one another."""
    first = head[at : at + 3]
    found = _mpeg_frame(head[at : at + 4])
    for _ in range(_CERTAIN_FRAMES - 1):
        length = _frame_bytes(head[at : at + 6])
        at += length
        coming = head[at : at + 3]
        if not length or coming[:2] != first[:2] or len(coming) < 3 or (coming[2] ^ first[2]) & 12:  # noqa: PLR2004
            return None
    return found


def _frame_bytes(head: bytes) -> int:
    """Return the length of the frame that begins so; 0 where it is none. Source: ISO 11172-3, 13818-3 and -7."""
    if len(head) < 6 or not _mpeg_frame(head):  # noqa: PLR2004
        return 0
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    if layer == 4:  # noqa: PLR2004 - AAC, which states it
        return int.from_bytes(head[3:6]) >> 5 & 0x1FFF
    mpeg1 = version == 3  # noqa: PLR2004
    kbits = _KBITS[(3, layer) if mpeg1 else (2, 3)][head[2] >> 4]
    rate = _RATES[head[2] >> 2 & 3] // (1 if mpeg1 else 2 if version == 2 else 4)  # noqa: PLR2004
    samples = 576 if layer == 3 and not mpeg1 else 1152  # noqa: PLR2004
    return samples * kbits * 125 // rate + (head[2] >> 1 & 1)
