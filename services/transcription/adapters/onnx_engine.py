"""The speech engine that runs a model of onnx-asr, such as GigaAM, in child processes."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Self

from services.transcription.adapters.children import START_SECONDS, Children
from services.transcription.adapters.model import ModelBroken, OnnxModel
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.domain import Recognition, Speaker


class OnnxEngine:
    """Implements SpeechEngine; use it with `async with`."""

    def __init__(
        self,
        model: OnnxModel,
        options: RecognitionOptions,
        *,
        processes: int,
        timeout_seconds: float,
    ) -> None:
        """Work on up to `processes` recordings at once, on each at most `timeout_seconds`."""
        self._model = model
        self._options = options
        self._children = Children(
            partial(_load, model, options), processes=processes, timeout_seconds=timeout_seconds
        )

    async def __aenter__(self) -> Self:
        await self._children.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._children.__aexit__(*error)

    async def check(self) -> None:
        """Look whether the model can be loaded; raises ModelBroken."""
        async with Children(_load_nothing, processes=1, timeout_seconds=START_SECONDS) as children:
            if refusal := await children.run(partial(_refusal, self._model)):
                raise ModelBroken(refusal)

    def price(self, duration_seconds: float) -> None:
        """Return nothing: it costs nothing."""

    async def transcribe(
        self,
        recording: Path,
        language: str,
        *,
        left: Speaker = Speaker.OPERATOR,
        mixed: bool = False,
    ) -> Recognition:
        options = replace(self._options, left=left, mixed=mixed)
        return await self._children.run(
            partial(_recognise, self._model, options, recording, language)
        )


def _load_nothing() -> None:
    pass


def _refusal(model: OnnxModel) -> str:
    """Return why a model cannot be loaded; empty where it can."""
    from services.transcription.adapters import onnx_recognition

    try:
        onnx_recognition.load(model.directory, model.name)
    except ModelBroken as error:
        return str(error)
    return ""


def _load(model: OnnxModel, options: RecognitionOptions) -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    from services.transcription.adapters import onnx_recognition, recognition

    recognition.load(model.whisper.directory, options)
    onnx_recognition.load(model.directory, model.name)


def _recognise(
    model: OnnxModel, options: RecognitionOptions, recording: Path, language: str
) -> Recognition:
    from services.transcription.adapters import onnx_recognition

    return onnx_recognition.recognise(model, options, recording, language)
