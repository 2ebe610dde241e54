"""What a child of the engine behind a URL does: split a recording into voices, and each voice into chunks."""

import io
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from faster_whisper.vad import VadOptions, get_speech_timestamps

from services.transcription.adapters.chunks import Chunk, SplitRecording
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.adapters.sound import (
    RATE,
    SPEECH,
    Samples,
    Window,
    survey,
    windows,
)
from services.transcription.domain import NoSpeech

FRAME = 4096
"""Samples the encoder takes at a time."""


def split(options: RecognitionOptions, recording: Path, into: Path) -> SplitRecording:
    """Write what has speech in it of `recording` to the file `into`; raises what SpeechEngine does for bad recordings.

    Silence before and after speech is left out: it costs money, and speech models invent text for
    it. A window of sound is at most 10 MB, which is less than any server refuses.
    """
    sound = survey(recording, options)
    chunks: list[Chunk] = []
    with into.open("wb") as file:
        for voices in windows(recording, sound, options.window_seconds):
            for window in voices:
                speech = _speech(window)
                if not speech:
                    continue
                content = _flac(window.samples[speech.start : speech.stop])
                chunks.append(
                    Chunk(
                        speaker=window.speaker,
                        start_seconds=window.start_seconds + speech.start / RATE,
                        seconds=len(speech) / RATE,
                        offset=file.tell(),
                        size=len(content),
                    )
                )
                file.write(content)
    if not chunks:
        raise NoSpeech("no speech was found in the recording")
    return SplitRecording(
        channels=sound.channels,
        duration_seconds=sound.seconds,
        told_seconds=sound.told_seconds,
        speakers=tuple(sound.voices),
        chunks=tuple(chunks),
    )


def _speech(window: Window) -> range:
    """Return the samples from the first to the last in which somebody speaks; empty where nobody does."""
    speech = get_speech_timestamps(window.scaled, VadOptions(**SPEECH))
    return range(speech[0]["start"], speech[-1]["end"]) if speech else range(0)


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
