"""Recordings made for a test, in any format that PyAV writes."""

import wave
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tests.tree import RECORDINGS

Samples: TypeAlias = NDArray[np.int16]
"""(channels, samples) of 16 bits."""

RATE = 8000


def a_sample(name: str, seconds: float | None = None) -> Samples:
    """Return a sample recording, stereo at 8 kHz, or its beginning."""
    with wave.open(str(RECORDINGS / f"{name}.wav")) as file:
        assert file.getframerate() == RATE
        frames = file.readframes(round(seconds * RATE) if seconds else file.getnframes())
    return np.frombuffer(frames, np.int16).reshape(-1, 2).T


def a_recording(
    path: Path, codec: str, *streams: Samples, rate: int = RATE, video: bool = False
) -> Path:
    """Write sound of 8 kHz as `path`, whose ending says the container; each of `streams` becomes one of its own."""
    with av.open(str(path), "w") as container:
        pictures = _pictures(container) if video else None
        tracks = [_track(container, codec, rate, samples) for samples in streams]
        for track, samples in zip(tracks, streams, strict=True):
            for frame in _frames(track, samples):
                container.mux(track.encode(frame))
            container.mux(track.encode(None))
        if pictures is not None:
            _film(container, pictures)
    return path


def a_film(path: Path) -> Path:
    """Write pictures without sound as `path`."""
    with av.open(str(path), "w") as container:
        _film(container, _pictures(container))
    return path


def _pictures(container: OutputContainer) -> VideoStream:
    pictures = container.add_stream("mpeg4", rate=5)
    pictures.width = pictures.height = 64
    return pictures


def _film(container: OutputContainer, pictures: VideoStream) -> None:
    picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
    for _ in range(10):
        container.mux(pictures.encode(picture))
    container.mux(pictures.encode(None))


def _track(container: OutputContainer, codec: str, rate: int, samples: Samples) -> AudioStream:
    track = container.add_stream(
        codec, rate=rate, layout=_layout(samples), options={"strict": "experimental"}
    )
    assert isinstance(track, AudioStream)
    if codec == "wmav2":  # has no default
        track.bit_rate = 64_000
    track.codec_context.open()  # else the header of the file is written without it
    return track


def _frames(track: AudioStream, samples: Samples) -> list[AudioFrame]:
    source = AudioFrame.from_ndarray(
        np.ascontiguousarray(samples), format="s16p", layout=_layout(samples)
    )
    source.sample_rate, source.time_base = RATE, Fraction(1, RATE)
    context = track.codec_context
    resampler = AudioResampler(
        context.format, context.layout, context.rate, context.frame_size or None
    )
    return [*resampler.resample(source), *resampler.resample(None)]


def _layout(samples: Samples) -> str:
    return "stereo" if len(samples) == 2 else "mono"
