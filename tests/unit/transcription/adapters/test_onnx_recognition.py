"""What is made of the tokens of a model of onnx-asr, and of a directory without its weights."""

import math
import shutil
from pathlib import Path
from typing import get_args

import pytest
from onnx_asr.asr import TimestampedResult

from services.status.domain import RECOGNISED
from services.transcription.adapters.model import (
    ONNX_LANGUAGES,
    ModelBroken,
    SpeechModel,
    onnx_model_at,
)
from services.transcription.adapters.onnx_recognition import LAST_SECONDS, load, words_of
from services.transcription.domain import Word
from services.transcription.settings import OnnxModelName
from tests.tree import DATA

TINY = DATA / "speech" / "tiny_ctc"
WHISPER = SpeechModel(directory=Path("/nowhere"), version="whisper-base@0")


def test_letters_become_words_with_times_and_probabilities() -> None:
    result = TimestampedResult(
        text="да нет",
        tokens=["д", "а", " ", "н", "е", "т"],
        timestamps=[0.0, 0.25, 0.5, 1.0, 1.25, 1.5],
        logprobs=[0.0, -2.0, -0.5, -0.5, -1.0, -0.0],
    )

    assert words_of(result, 10.0) == [
        Word(start=10.0, end=10.25 + LAST_SECONDS, text=" да", probability=math.exp(-1)),
        Word(start=10.5, end=11.5 + LAST_SECONDS, text=" нет", probability=math.exp(-0.5)),
    ]


def test_a_model_that_tells_no_probabilities_gives_none() -> None:
    result = TimestampedResult(text="да", tokens=[" да"], timestamps=[0.0])

    assert [word.probability for word in words_of(result, 0.0)] == [0.0]


def test_silence_has_no_words() -> None:
    assert words_of(TimestampedResult(text="", tokens=[" "], timestamps=[0.0]), 0.0) == []


def test_a_directory_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ModelBroken, match=r"has no \*.onnx: name the directory with the weights of"
    ):
        onnx_model_at(tmp_path, "gigaam-v3-ctc", WHISPER)


@pytest.mark.parametrize("lost", ["v3_vocab.txt", "v3_ctc.onnx"])
def test_a_directory_that_lacks_a_file_is_refused_with_its_name(tmp_path: Path, lost: str) -> None:
    for file in TINY.iterdir():
        name = "another.onnx" if file.name == lost == "v3_ctc.onnx" else file.name
        if name != lost:
            shutil.copy(file, tmp_path / name)

    with pytest.raises(ModelBroken, match=rf"is no gigaam-v3-ctc: File .*{Path(lost).suffix}"):
        load(tmp_path, "gigaam-v3-ctc")


def test_weights_are_named_by_their_hash_and_known_by_their_languages() -> None:
    model = onnx_model_at(TINY, "gigaam-v3-ctc", WHISPER)

    assert model.version.startswith("gigaam-v3-ctc@")
    assert model.languages == {"ru"}


def test_every_model_that_may_be_set_has_languages() -> None:
    assert set(get_args(OnnxModelName)) == set(ONNX_LANGUAGES)
    assert all(languages and languages <= RECOGNISED for languages in ONNX_LANGUAGES.values())
