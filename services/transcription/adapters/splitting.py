"""What a child of the engine behind a URL does: take a recording apart into voices, each in pieces that may be sent."""

import io
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from faster_whisper.vad import VadOptions, get_speech_timestamps

from services.transcription.adapters.chunks import Part, Parts
from services.transcription.adapters.recognition_options import Listening
from services.transcription.adapters.sound import (
    FULL_SCALE,
    RATE,
    SPEECH,
    Samples,
    survey,
    windows,
)
from services.transcription.domain import NoSpeech

FRAME = 4096
"""Samples the encoder takes at a time."""


def take_apart(listening: Listening, recording: Path, into: Path) -> Parts:
    """Write what of `recording` has speech in it to the file `into`; raises what SpeechEngine does for bad recordings.

    Silence before and after speech is left out: it costs money, and speech models invent text for
    it. A window of sound is at most 10 MB, which is less than any server refuses.
    """
    sound = survey(recording, listening)
    parts: list[Part] = []
    with into.open("wb") as file:
        for voices in windows(recording, sound, listening.window_seconds):
            for window in voices:
                spoken = _spoken(window.samples)
                if not spoken:
                    continue
                content = _flac(window.samples[spoken.start : spoken.stop])
                parts.append(
                    Part(
                        speaker=window.speaker,
                        start_seconds=window.start_seconds + spoken.start / RATE,
                        offset=file.tell(),
                        size=len(content),
                    )
                )
                file.write(content)
    if not parts:
        raise NoSpeech("no speech was found in the recording")
    return Parts(
        channels=sound.channels,
        duration_seconds=sound.seconds,
        speakers=tuple(sound.voices),
        parts=tuple(parts),
    )


def _spoken(samples: Samples) -> range:
    """Return the samples from the first to the last in which somebody speaks; empty where nobody does."""
    scaled = samples.astype(np.float32) / FULL_SCALE
    spoken = get_speech_timestamps(scaled, VadOptions(**SPEECH))
    return range(spoken[0]["start"], spoken[-1]["end"]) if spoken else range(0)


def _flac(samples: Samples) -> bytes:
    content = io.BytesIO()
    with av.open(content, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=RATE, layout="mono")
        for frame in _frames(samples):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return content.getvalue()


def _frames(samples: Samples) -> Iterator[AudioFrame]:
    for start in range(0, len(samples), FRAME):
        piece = np.ascontiguousarray(samples[None, start : start + FRAME])
        frame = AudioFrame.from_ndarray(piece, format="s16", layout="mono")
        frame.sample_rate = RATE
        yield frame
