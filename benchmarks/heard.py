"""Writes down what the speech model hears in recordings whose words are known: a test judges both alike."""

import argparse
import asyncio
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from services.transcription.adapters.model import embedded_model, model_at
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.adapters.whisper import WhisperEngine
from services.transcription.dialogue import turns
from services.transcription.domain import Segment
from tests.tree import HEARD

PATIENCE = 600.0


async def main() -> None:
    """Recognise every `<name>.wav` of the folders that has a `<name>.json` with its turns, as word_errors does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path, help="recordings with their references")
    folders = parser.parse_known_args()[0].folders
    references = sorted(path for folder in folders for path in folder.glob("*.json"))
    with TemporaryDirectory() as cache:
        named = os.environ.get("POTOK_TRANSCRIPTION_MODEL_DIR")
        model = model_at(Path(named)) if named else embedded_model(Path(cache))
        options = RecognitionOptions()
        async with WhisperEngine(model, options, processes=1, timeout_seconds=PATIENCE) as engine:
            for path in references:
                reference = json.loads(path.read_text(encoding="utf-8"))
                recognised = await engine.transcribe(path.with_suffix(".wav"), reference["lang"])
                content = {
                    "model": model.version,
                    "language": reference["lang"],
                    "read": reference["turns"],
                    "heard": [_turn(turn) for turn in turns(recognised.tracks)],
                }
                text = json.dumps(content, ensure_ascii=False)
                (HEARD / path.name).write_text(text + "\n", encoding="utf-8")
                print(f"{path.stem}: {len(content['heard'])} turns heard")


def _turn(turn: Segment) -> dict[str, object]:
    """Return a turn; a word of it is its text, start, end and probability."""
    words = [
        [word.text, round(word.start, 2), round(word.end, 2), round(word.probability, 2)]
        for word in turn.words
    ]
    return {"speaker": turn.speaker.value, "words": words}


if __name__ == "__main__":
    asyncio.run(main())
