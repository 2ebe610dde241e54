"""The language of a voice by its sound, as Whisper detects it. For child processes."""

from collections import defaultdict

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.vad import VadOptions, collect_chunks, get_speech_timestamps

from services.status.domain import RECOGNISED
from services.transcription.adapters.sound import RATE, SPEECH, Floats
from services.transcription.languages import Detection

LEAST_SECONDS = 2.0
"""Less speech tells no language."""
PIECE_SECONDS = 30
"""What Whisper looks at in one go."""
MOST_PIECES = 3
"""Pieces of a window in which a language is looked for, spread over what is said in it; each costs as much as 30 seconds
of it to encode."""
_NEVER = 2.0
"""A probability that none exceeds, so that a piece is looked at once."""


def detect_language(whisper: WhisperModel, samples: Floats) -> Detection:
    """Return how probable each language is in the speech of a voice, in the mean of its pieces."""
    speech = get_speech_timestamps(samples, VadOptions(**SPEECH))
    seconds = sum(each["end"] - each["start"] for each in speech) / RATE
    if seconds < LEAST_SECONDS or not whisper.model.is_multilingual:
        return Detection(seconds=seconds, probabilities={})
    said = np.concatenate(collect_chunks(samples, speech)[0])
    pieces = max(1, min(MOST_PIECES, len(said) // (PIECE_SECONDS * RATE)))
    totals: dict[str, float] = defaultdict(float)
    for piece in np.array_split(said, pieces):
        _, _, probabilities = whisper.detect_language(
            piece[: PIECE_SECONDS * RATE], language_detection_threshold=_NEVER
        )
        for language, probability in probabilities:
            if language in RECOGNISED:
                totals[language] += probability / pieces
    return Detection(seconds=seconds, probabilities=totals)
