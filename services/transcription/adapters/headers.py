"""What a recording says of itself, before any of it is decoded; and what that is worth."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

from services.transcription.domain import BadAudio, RecordingTooLong

MOST_CHANNELS = 8
MIN_RATE, MAX_RATE = 4_000, 192_000
"""Hz; a sound of a few Hz would become one of gigabytes."""

_TRUE_LENGTHS = ("aiff", "au", "flac", "mov", "mp3", "wav")
"""Containers whose header counts what follows it; of others FFmpeg guesses a length by the size of the file."""
_LENGTH_OF_MP3 = (b"Xing", b"Info", b"VBRI")
_HEAD_BYTES = 1 << 16
_RIFF_HEADER, _CHUNK_HEADER, _FORMAT_BYTES = 12, 8, 16
_MOST_CHUNKS = 100
_NO_SIZE = 0x7FFF_0000
"""Recorders that do not know yet how long a call will be write 0, or a size from here on."""


def check_format(channels: int, rate: int) -> None:
    """Refuse sound that no call comes in; raises BadAudio."""
    if not 1 <= channels <= MOST_CHANNELS:
        raise BadAudio(f"the sound has {channels} channels, where 1 to {MOST_CHANNELS} are read")
    if not MIN_RATE <= rate <= MAX_RATE:
        raise BadAudio(
            f"the sound has {rate} samples a second, where {MIN_RATE} to {MAX_RATE} are read"
        )


def check_length(container: InputContainer, stream: AudioStream, max_seconds: float) -> None:
    """Refuse a recording that says it is too long, and is; raises RecordingTooLong.

    Its packets are counted, not decoded, which takes a few seconds for many hours.
    """
    told = [
        float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0,
        container.duration / av.time_base if container.duration else 0.0,
    ]
    if max(told) <= max_seconds or not stream.time_base:
        return
    most = max_seconds / stream.time_base
    length = 0
    for packet in container.demux(stream):
        length += packet.duration or 0
        if length > most:
            raise RecordingTooLong(f"the recording lasts more than the {max_seconds:.0f} s allowed")


def told_seconds(recording: Path, container: InputContainer, stream: AudioStream) -> float:
    """Return how long a recording says it is, 0 where it does not say, or nobody would believe it."""
    names = container.format.name.split(",")
    if not any(name in _TRUE_LENGTHS for name in names):
        return 0.0
    with recording.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if "wav" in names:
        return _wav_seconds(head)
    if "mp3" in names and not any(mark in head for mark in _LENGTH_OF_MP3):
        return 0.0
    if not stream.duration or not stream.time_base:
        return 0.0
    return float(stream.duration * stream.time_base)


@contextlib.contextmanager
def decoding() -> Iterator[None]:
    """Tell whatever the decoder makes of a damaged file as BadAudio."""
    try:
        yield
    except (av.error.FFmpegError, ValueError, ArithmeticError, LookupError) as error:
        # Its own words are of no use to whoever made the call.
        raise BadAudio(
            "the recording is damaged, or in no format that recordings come in"
        ) from error


def _wav_seconds(head: bytes) -> float:
    """Return the length that the header of a WAV has, which FFmpeg shortens to what there is."""
    if head[:4] != b"RIFF":
        return 0.0
    at, bytes_a_second = _RIFF_HEADER, 0
    for _ in range(_MOST_CHUNKS):
        name, size = head[at : at + 4], int.from_bytes(head[at + 4 : at + _CHUNK_HEADER], "little")
        if name == b"data":
            known = bytes_a_second and size < _NO_SIZE
            return size / bytes_a_second if known else 0.0
        if name == b"fmt ":
            content = head[at + _CHUNK_HEADER : at + _CHUNK_HEADER + _FORMAT_BYTES]
            bytes_a_second = int.from_bytes(content[8:12], "little")
        at += _CHUNK_HEADER + size + size % 2
        if at >= len(head):
            break
    return 0.0
