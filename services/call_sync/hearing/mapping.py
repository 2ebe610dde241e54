"""What is heard in protobuf and in the headers of HTTP. Pure functions."""

import re

from potok.call_sync.v1 import recording_service_pb2 as pb

from services.call_sync.hearing.domain import BehindTheEnd, Waveform
from services.call_sync.hearing.usecases import Heard, etag_of

LENGTH = "x-potok-length"
"""The header by which the gateway is told a `content-length`, which gRPC lets nobody send."""

_ENDINGS = {
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/webm": "webm",
}
"""What files of the kinds that are played are called."""


def headers_of(call_id: str, heard: Heard) -> tuple[tuple[str, str], ...]:
    """Return the headers of what is played; the gateway makes 206 of the status where there is a `content-range`."""
    recording, extent = heard.recording, heard.extent
    size = extent.size if extent else recording.size_bytes
    name = re.sub(r"[^\w.-]", "_", call_id, flags=re.ASCII)
    ending = _ENDINGS.get(recording.content_type, "bin")
    return (
        ("accept-ranges", "bytes"),
        (LENGTH, str(size)),
        ("content-disposition", f'inline; filename="{name}.{ending}"'),
        ("cache-control", "private"),
        ("etag", etag_of(recording)),
        *(
            [("content-range", f"bytes {extent.first}-{extent.end - 1}/{recording.size_bytes}")]
            if extent
            else []
        ),
    )


def unsatisfied(error: BehindTheEnd) -> tuple[tuple[str, str], ...]:
    """Return the headers of a refusal; the gateway makes 416 of its status."""
    return (("content-range", f"bytes */{error.size}"),)


def waveform_to_pb(waveform: Waveform) -> pb.GetWaveformResponse:
    return pb.GetWaveformResponse(
        duration_seconds=waveform.duration_seconds,
        channels=[pb.ChannelWaveform(peaks=peaks) for peaks in waveform.peaks],
    )
