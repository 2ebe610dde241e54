"""A model of onnx-asr beside Whisper: one of a few hundred bytes, which writes letters for what it hears."""

from pathlib import Path

import av
import numpy as np

from services.transcription.adapters.model import embedded_model, onnx_model_at
from services.transcription.adapters.onnx_engine import OnnxEngine
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.domain import Speaker
from tests.fakes.sound import a_recording, a_sample
from tests.tree import DATA

TINY = DATA / "speech" / "tiny_ctc"
ENGLISH = DATA / "speech" / "english_garage.flac"


async def test_the_model_hears_its_language_and_whisper_the_others(tmp_path: Path) -> None:
    model = onnx_model_at(TINY, "gigaam-v3-ctc", embedded_model(tmp_path / "whisper"))
    with av.open(str(ENGLISH)) as english:
        operator = np.concatenate([f.to_ndarray() for f in english.decode(audio=0)], axis=1)[0, ::2]
    client = a_sample("call1_booking")[1]
    length = min(len(operator), len(client))
    call = a_recording(
        tmp_path / "a.wav", "pcm_s16le", np.stack([operator[:length], client[:length]])
    )

    async with OnnxEngine(model, RecognitionOptions(), processes=1, timeout_seconds=60) as engine:
        await engine.check()
        recognition = await engine.transcribe(call, "ru")

    tracks = {track.speaker: track for track in recognition.tracks}
    assert tracks[Speaker.OPERATOR].language == "en"
    assert "name is David" in "".join(word.text for word in tracks[Speaker.OPERATOR].words)
    russian = tracks[Speaker.CLIENT]
    assert russian.language == "ru"
    assert set("".join(word.text for word in russian.words)) <= set("абв ")
    assert all(0 < word.probability <= 1 for word in russian.words)
    assert all(0 <= word.start < word.end <= length / 8000 + 1 for word in russian.words)
    assert recognition.model == model.version
