"""What a child of the Whisper engine does: recognise the words of a recording."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from threading import RLock
from typing import Any

from faster_whisper import WhisperModel
from tqdm import tqdm  # type: ignore[import-untyped]

from services.transcription.adapters.detection import detect_language
from services.transcription.adapters.device import usable
from services.transcription.adapters.model import SpeechModel
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.adapters.sound import SPEECH, Window, survey, windows
from services.transcription.domain import NoSpeech, Recognition, Track, UnknownLanguage, Word
from services.transcription.languages import (
    LanguageChoice,
    choose,
    heard_languages,
    joined,
    main_language,
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


def load(directory: Path, options: RecognitionOptions) -> WhisperModel:
    """Load the model once per process, for as many channels at a time as the options have threads."""
    return _load(directory, options.threads, *usable(options.device, options.compute_type))


@cache
def _load(directory: Path, threads: int, device: str, compute_type: str) -> WhisperModel:
    # Whisper's progress bar, unseen here, would take a system semaphore that a killed child leaks.
    tqdm.set_lock(RLock())
    # More threads per channel do not make it faster: the decoder bounds it.
    return WhisperModel(
        str(directory),
        device=device,
        compute_type=compute_type,
        cpu_threads=1,
        num_workers=threads,
        local_files_only=True,
    )


Hear = Callable[[WhisperModel, Window, LanguageChoice], Track]
"""Recognises a window in the language that was chosen."""


def recognise(
    model: SpeechModel,
    options: RecognitionOptions,
    recording: Path,
    language: str,
    hear: Hear,
    version: str,
) -> Recognition:
    """Return what is said in `recording`, by Whisper or whatever else `hear` is, whose `version` the transcript names.

    Raises what SpeechEngine does for bad recordings.
    """
    whisper = load(model.directory, options)
    if language not in whisper.supported_languages:
        raise UnknownLanguage(f"{model.version} does not know the language {language!r}")
    sound = survey(recording, options)
    tracks: list[Track] = []
    spoken = language
    with ThreadPoolExecutor(options.threads) as pool:
        for voices in windows(recording, sound, options.window_seconds):
            detections = pool.map(lambda window: detect_language(whisper, window.scaled), voices)
            choices = choose(
                {window.speaker: found for window, found in zip(voices, detections, strict=True)},
                spoken,
            )
            tracks += pool.map(
                partial(hear, whisper), voices, [choices[window.speaker] for window in voices]
            )
            spoken = main_language(heard_languages(tracks, language), language)
    if not any(track.words for track in tracks):
        raise NoSpeech("no speech was found in the recording")
    return Recognition(
        language=language,
        duration_seconds=sound.seconds,
        told_seconds=sound.told_seconds,
        channels=sound.channels,
        overlap_reliable=sound.speakers_apart,
        model=version,
        tracks=joined(tracks),
    )


def hear(whisper: WhisperModel, window: Window, choice: LanguageChoice) -> Track:
    """Return what Whisper hears in a window."""
    segments, _ = whisper.transcribe(window.scaled, language=choice.language, **RECOGNITION)
    return Track(
        speaker=window.speaker,
        language=choice.language,
        language_probability=choice.probability,
        words=tuple(
            Word(
                start=window.start_seconds + float(word.start),
                end=window.start_seconds + float(word.end),
                text=word.word,
                probability=float(word.probability),
            )
            for segment in segments
            for word in segment.words or ()
        ),
    )
