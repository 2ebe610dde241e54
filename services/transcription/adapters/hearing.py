"""What a child of the Whisper engine does: decode a recording and recognise its words."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import RLock
from typing import Any, TypeAlias

import av
import numpy as np
from faster_whisper import WhisperModel, decode_audio
from numpy.typing import NDArray
from tqdm import tqdm  # type: ignore[import-untyped]

from services.transcription.adapters.listening import Listening
from services.transcription.adapters.model import SpeechModel
from services.transcription.domain import (
    BadAudio,
    EmptyFile,
    NoSpeech,
    Recognition,
    Speaker,
    TooShort,
    Track,
    UnknownLanguage,
    Word,
)

Samples: TypeAlias = NDArray[np.float32]

RATE = 16_000
STEREO = 2

SAME_SIGNAL = 0.98
"""Correlation of two channels above which they carry one signal."""

# A playlist would make FFmpeg open whatever files it names, so only containers are let in.
CONTAINERS = "aac,aiff,amr,amrnb,amrwb,asf,au,caf,flac,g722,gsm,matroska,mov,mp3,ogg,w64,wav"

# Without the voice detector Whisper invents text for silence and ringing, and its default
# threshold of 0.5 loses short first words. One temperature bounds the time: the usual fall-backs
# cost ten times as much on noise and gave no better words.
RECOGNITION: dict[str, Any] = {
    "beam_size": 5,
    "temperature": [0.0],
    "vad_filter": True,
    "vad_parameters": {"threshold": 0.3, "min_silence_duration_ms": 500},
    "word_timestamps": True,
    "condition_on_previous_text": False,
}


@cache
def load(directory: Path, threads: int) -> WhisperModel:
    """Load the model once per process, for `threads` channels at a time."""
    # Whisper's progress bar, unseen here, would take a system semaphore that a killed child leaks.
    tqdm.set_lock(RLock())
    # More threads per channel do not make int8 faster: the decoder bounds it.
    return WhisperModel(
        str(directory),
        device="cpu",
        compute_type="int8",
        cpu_threads=1,
        num_workers=threads,
        local_files_only=True,
    )


def recognise(
    model: SpeechModel, listening: Listening, recording: Path, language: str
) -> Recognition:
    """Return what is said in `recording`; raises what SpeechEngine does for bad recordings."""
    whisper = load(model.directory, listening.threads)
    if language not in whisper.supported_languages:
        raise UnknownLanguage(f"{model.version} does not know the language {language!r}")
    channels = _probe(recording, listening.max_seconds)
    voices = _voices(recording, channels, listening)
    seconds = len(next(iter(voices.values()))) / RATE
    if seconds < listening.min_seconds:
        raise TooShort(
            f"the recording lasts {seconds:.1f} s, less than {listening.min_seconds:g} s"
        )
    with ThreadPoolExecutor(listening.threads) as pool:
        words = pool.map(lambda samples: _words(whisper, samples, language), voices.values())
        tracks = tuple(
            Track(speaker=speaker, words=spoken)
            for speaker, spoken in zip(voices, words, strict=True)
        )
    if not any(track.words for track in tracks):
        raise NoSpeech("no speech was found in the recording")
    return Recognition(
        language=language,
        duration_seconds=seconds,
        channels=channels,
        overlap_reliable=len(tracks) == STEREO,
        model=model.version,
        tracks=tracks,
    )


def _probe(recording: Path, max_seconds: float) -> int:
    """Return how many channels the recording has, having refused what cannot be decoded."""
    if recording.stat().st_size == 0:
        raise EmptyFile("the file is empty")
    try:
        with av.open(str(recording), options={"format_whitelist": CONTAINERS}) as container:
            if not container.streams.audio:
                raise BadAudio("the file holds no sound")
            codec = container.streams.audio[0].codec_context
            if codec is None:
                raise BadAudio("the sound is coded in a way that nothing here decodes")
            channels = codec.channels
            seconds = (container.duration or 0) / av.time_base
    except av.error.FFmpegError as error:
        raise BadAudio("the file is in no format that recordings come in") from error
    if seconds > max_seconds:
        raise BadAudio(
            f"the recording lasts {seconds:.0f} s, more than the {max_seconds:.0f} s allowed"
        )
    return channels


def _voices(recording: Path, channels: int, listening: Listening) -> dict[Speaker, Samples]:
    """Return the samples of each voice channel, -1 to 1 at 16 kHz."""
    try:
        # Split, a mono file would come back as the same signal twice.
        decoded = decode_audio(str(recording), RATE, split_stereo=channels == STEREO)
    except av.error.FFmpegError as error:
        raise BadAudio(f"the recording cannot be decoded: {error.strerror}") from error
    left, right = decoded if channels == STEREO else (decoded, None)
    if not len(left):
        raise BadAudio("the file holds no sound")
    if right is None:
        return {Speaker.UNKNOWN: left}
    if _one_signal(left, right):
        return {Speaker.UNKNOWN: max(left, right, key=np.std)}
    return dict(zip(listening.speakers, (left, right), strict=True))


def _one_signal(left: Samples, right: Samples) -> bool:
    """Tell whether the channels repeat each other, or one of them is digital silence."""
    if not left.any() or not right.any():
        return True
    # A constant channel divides by zero; it tells no speakers apart either.
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = abs(np.corrcoef(left, right)[0, 1])
    return bool(np.isnan(correlation) or correlation > SAME_SIGNAL)


def _words(whisper: WhisperModel, samples: Samples, language: str) -> tuple[Word, ...]:
    segments, _ = whisper.transcribe(samples, language=language, **RECOGNITION)
    return tuple(
        Word(
            start=float(word.start),
            end=float(word.end),
            text=word.word,
            probability=float(word.probability),
        )
        for segment in segments
        for word in segment.words or ()
    )
