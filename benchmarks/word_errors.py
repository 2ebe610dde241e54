"""Word errors of a speech model on the sample calls, recognised as a whole and in windows, per speaker."""

import json
import os
import re
import time
import wave
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import jiwer
from num2words import num2words  # type: ignore[import-untyped]

from services.transcription.adapters.model import SpeechModel, embedded_model, model_at
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.adapters.whisper import WhisperEngine

SAMPLES = Path(__file__).parents[1] / "deploy" / "samples"
CALLS = ("call1_booking", "call2_price_objection", "call4_wrong_number")
WINDOW_SECONDS = 20.0
PATIENCE = 600.0
LIMIT = 0.03
"""The share of wrong words that windows so short may add."""


@dataclass(frozen=True, slots=True)
class Errors:
    """The words of a reference, and how many of them were taken for others or missed, and how many were added."""

    words: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(
            self.words + other.words,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    @property
    def rate(self) -> float:
        """The word error rate, https://en.wikipedia.org/wiki/Word_error_rate."""
        return (self.substitutions + self.deletions + self.insertions) / max(1, self.words)


async def main() -> None:
    """Print the errors on each call and speaker, of the model that POTOK_TRANSCRIPTION_MODEL_DIR names or the embedded.

    It is computed with POTOK_TRANSCRIPTION_COMPUTE_TYPE.
    """
    with TemporaryDirectory() as cache:
        named = os.environ.get("POTOK_TRANSCRIPTION_MODEL_DIR")
        model = model_at(Path(named)) if named else embedded_model(Path(cache))
        compute_type = os.environ.get("POTOK_TRANSCRIPTION_COMPUTE_TYPE", "auto")
        options = RecognitionOptions(compute_type=compute_type)
        began = time.perf_counter()
        whole = await _recognise(model, options)
        took = time.perf_counter() - began
        cut = await _recognise(model, replace(options, window_seconds=WINDOW_SECONDS))
    print(f"{model.version}; columns: words, substituted, missed, added, word error rate")
    print(
        f"{'call':24}{'speaker':10}{'as a whole':>32}{f'in windows of {WINDOW_SECONDS:.0f} s':>32}"
    )
    for (call, speaker), errors in whole.items():
        print(f"{call:24}{speaker:10}{_row(errors)}{_row(cut[call, speaker])}")
    total, total_cut = (sum(each.values(), Errors()) for each in (whole, cut))
    print(f"{'all':34}{_row(total)}{_row(total_cut)}")
    print(f"{took / _seconds():.2f} seconds a second of recording, as a whole, with {compute_type}")
    print(f"windows add {total_cut.rate - total.rate:+.3f}   at most {LIMIT:+}")


def _seconds() -> float:
    """Return how long the sample calls are."""
    total = 0.0
    for call in CALLS:
        with wave.open(str(SAMPLES / f"{call}.wav")) as file:
            total += file.getnframes() / file.getframerate()
    return total


async def _recognise(
    model: SpeechModel, options: RecognitionOptions
) -> Mapping[tuple[str, str], Errors]:
    errors: dict[tuple[str, str], Errors] = {}
    async with WhisperEngine(model, options, processes=1, timeout_seconds=PATIENCE) as engine:
        for call in CALLS:
            reference = json.loads((SAMPLES / f"{call}.json").read_text())
            recognised = await engine.transcribe(SAMPLES / f"{call}.wav", reference["lang"])
            texts: dict[str, str] = defaultdict(str)
            for track in recognised.tracks:
                texts[track.speaker.value] += "".join(word.text for word in track.words)
            for speaker, text in texts.items():
                said = " ".join(t["text"] for t in reference["turns"] if t["speaker"] == speaker)
                errors[call, speaker] = word_errors(said, text, reference["lang"])
    return errors


def word_errors(said: str, recognised: str, language: str) -> Errors:
    """Count the errors of a recognised text against what was said, however both write numbers."""
    counted = jiwer.process_words(normal(said, language), normal(recognised, language))
    return Errors(
        counted.hits + counted.substitutions + counted.deletions,
        counted.substitutions,
        counted.deletions,
        counted.insertions,
    )


def normal(text: str, language: str) -> str:
    """Return the text in lower case, its numbers in words, without punctuation: "15-30" is "пятнадцать тридцать"."""
    text = re.sub(r"(?<=\d)[ ,.\u00a0](?=\d{3}\b)", "", text.lower().replace("ё", "е"))
    text = re.sub(r"\d+", lambda digits: f" {num2words(int(digits[0]), lang=language)} ", text)
    return " ".join(re.findall(r"\w+", text))


def _row(errors: Errors) -> str:
    counts = f"{errors.words:7}{errors.substitutions:6}{errors.deletions:6}{errors.insertions:6}"
    return f"{counts}{errors.rate:7.3f}"


if __name__ == "__main__":
    import asyncio

    asyncio.run(main())
