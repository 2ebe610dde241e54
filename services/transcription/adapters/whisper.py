"""The speech engine that runs Whisper in child processes."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Self

from services.transcription.adapters.children import START_SECONDS, Children
from services.transcription.adapters.model import ModelBroken, SpeechModel
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.domain import Recognition, Speaker


class WhisperEngine:
    """Implements SpeechEngine; use it with `async with`.

    As many processes as cores, two threads each, is a good choice: on two cores three calls of 137
    s together took 10.2 s, with one process of two threads 11.6 s, with two of one thread 10.9 s. A
    process needs about 750 MB, for calls of more than five minutes up to 1.1 GB.
    """

    def __init__(
        self,
        model: SpeechModel,
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

    async def check(self) -> None:
        """Look whether the device and the compute type are to be had here; raises ModelBroken."""
        async with Children(_load_nothing, processes=1, timeout_seconds=START_SECONDS) as children:
            refusal = await children.run(
                partial(_refusal, self._options.device, self._options.compute_type)
            )
        if refusal:
            raise ModelBroken(refusal)

    async def __aexit__(self, *error: object) -> None:
        await self._children.__aexit__(*error)

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


def _refusal(device: str, compute_type: str) -> str:
    """Return why a model cannot be computed so; empty where it can."""
    from services.transcription.adapters.device import DeviceUnusable, usable

    try:
        usable(device, compute_type)
    except DeviceUnusable as error:
        return str(error)
    return ""


def _load(model: SpeechModel, options: RecognitionOptions) -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    from services.transcription.adapters import recognition

    recognition.load(model.directory, options)


def _recognise(
    model: SpeechModel, options: RecognitionOptions, recording: Path, language: str
) -> Recognition:
    from services.transcription.adapters import recognition

    return recognition.recognise(
        model, options, recording, language, recognition.hear, model.version
    )
