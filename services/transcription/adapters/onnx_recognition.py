"""What a child does where a model of onnx-asr, such as GigaAM, is the recogniser.

It hears the languages it knows. Whisper tells which language is spoken, and hears all others.
"""

import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import onnx_asr
from faster_whisper import WhisperModel
from faster_whisper.vad import VadOptions, get_speech_timestamps
from onnx_asr.adapters import TimestampedResultsAsrAdapter
from onnx_asr.asr import TimestampedResult
from onnx_asr.utils import ModelLoadingError

from services.transcription.adapters import recognition
from services.transcription.adapters.model import ModelBroken, OnnxModel
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.adapters.sound import RATE, SPEECH, Window
from services.transcription.domain import Recognition, Track, Word
from services.transcription.languages import LanguageChoice

LONGEST_SECONDS = 25.0
"""Of speech in one go; the models were trained on no more."""
LAST_SECONDS = 0.08
"""How long the last letter of a word lasts: a model tells when each begins."""


@cache
def load(directory: Path, name: str) -> TimestampedResultsAsrAdapter:
    """Load the model once per process, its quantised weights where there are no others; raises ModelBroken."""
    full = any("int8" not in each.name for each in directory.glob("*.onnx"))
    try:
        return onnx_asr.load_model(
            name,
            directory,
            quantization=None if full else "int8",
            providers=["CPUExecutionProvider"],
        ).with_timestamps()
    except ModelLoadingError as error:
        raise ModelBroken(f"{directory} is no {name}: {error}") from None


def recognise(
    model: OnnxModel, options: RecognitionOptions, recording: Path, language: str
) -> Recognition:
    """Return what is said in `recording`; raises what SpeechEngine does for bad recordings."""
    recogniser = load(model.directory, model.name)

    def hear(whisper: WhisperModel, window: Window, choice: LanguageChoice) -> Track:
        if choice.language in model.languages:
            return _track(recogniser, window, choice)
        return recognition.hear(whisper, window, choice)

    return recognition.recognise(model.whisper, options, recording, language, hear, model.version)


def _track(
    recogniser: TimestampedResultsAsrAdapter, window: Window, choice: LanguageChoice
) -> Track:
    samples = window.scaled
    options = VadOptions(**SPEECH, max_speech_duration_s=LONGEST_SECONDS)
    words: list[Word] = []
    for speech in get_speech_timestamps(samples, options):
        result = recogniser.recognize(samples[speech["start"] : speech["end"]])
        words += words_of(result, window.start_seconds + speech["start"] / RATE)
    return Track(
        speaker=window.speaker,
        language=choice.language,
        language_probability=choice.probability,
        words=tuple(words),
    )


def words_of(result: TimestampedResult, start_seconds: float) -> list[Word]:
    """Return the words of a result, whose tokens are letters or parts of words; a blank begins a word.

    The probability of a word is the geometric mean of its tokens', 0 where the model tells none.
    """
    tokens, times = result.tokens or [], result.timestamps or []
    sure: Sequence[float | None] = result.logprobs or [None] * len(tokens)
    words: list[Word] = []
    for group in _groups(tokens):
        text = "".join(tokens[n] for n in group).strip()
        if text:
            known = [each for n in group if (each := sure[n]) is not None]
            words.append(
                Word(
                    start=start_seconds + times[group[0]],
                    end=start_seconds + times[group[-1]] + LAST_SECONDS,
                    text=f" {text}",
                    probability=math.exp(min(0.0, sum(known) / len(known))) if known else 0.0,
                )
            )
    return words


def _groups(tokens: list[str]) -> list[list[int]]:
    groups: list[list[int]] = []
    for number, token in enumerate(tokens):
        if token.startswith(" ") or not groups:
            groups.append([])
        groups[-1].append(number)
    return groups
