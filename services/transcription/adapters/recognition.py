"""What a child of the Whisper engine does: recognise the words of a recording."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
from faster_whisper import WhisperModel
from tqdm import tqdm  # type: ignore[import-untyped]

from services.transcription.adapters.model import SpeechModel
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.adapters.sound import FULL_SCALE, SPEECH, Window, survey, windows
from services.transcription.domain import (
    NoSpeech,
    Recognition,
    Speaker,
    Track,
    UnknownLanguage,
    Word,
)

# Without the voice detector Whisper invents text for silence and ringing. One temperature bounds the
# time: the usual fall-backs cost ten times as much on noise and gave no better words.
RECOGNITION: dict[str, Any] = {
    "beam_size": 5,
    "temperature": [0.0],
    "vad_filter": True,
    "vad_parameters": SPEECH,
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
    model: SpeechModel, options: RecognitionOptions, recording: Path, language: str
) -> Recognition:
    """Return what is said in `recording`; raises what SpeechEngine does for bad recordings."""
    whisper = load(model.directory, options.threads)
    if language not in whisper.supported_languages:
        raise UnknownLanguage(f"{model.version} does not know the language {language!r}")
    sound = survey(recording, options)
    words: dict[Speaker, list[Word]] = {speaker: [] for speaker in sound.voices}
    with ThreadPoolExecutor(options.threads) as pool:
        for voices in windows(recording, sound, options.window_seconds):
            found = pool.map(lambda window: _words(whisper, window, language), voices)
            for window, recognised in zip(voices, found, strict=True):
                words[window.speaker] += recognised
    if not any(words.values()):
        raise NoSpeech("no speech was found in the recording")
    return Recognition(
        language=language,
        duration_seconds=sound.seconds,
        told_seconds=sound.told_seconds,
        channels=sound.channels,
        overlap_reliable=sound.speakers_apart,
        model=model.version,
        tracks=tuple(Track(speaker=speaker, words=tuple(said)) for speaker, said in words.items()),
    )


def _words(whisper: WhisperModel, window: Window, language: str) -> list[Word]:
    samples = window.samples.astype(np.float32) / FULL_SCALE
    segments, _ = whisper.transcribe(samples, language=language, **RECOGNITION)
    return [
        Word(
            start=window.start_seconds + float(word.start),
            end=window.start_seconds + float(word.end),
            text=word.word,
            probability=float(word.probability),
        )
        for segment in segments
        for word in segment.words or ()
    ]
