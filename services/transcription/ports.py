"""What the use cases need from the outside."""

from pathlib import Path
from typing import Protocol

from services.transcription.domain import Recognition


class SpeechEngine(Protocol):
    """Turns speech into words with times."""

    async def transcribe(self, recording: Path, language: str) -> Recognition:
        """Return every word said in the audio file `recording`; `language` is ISO 639-1 ("ru").

        Cancelling stops the work, wherever it is done. Raises NoSpeech, TooShort, BadAudio,
        EmptyFile, UnknownLanguage, and WorkerDied or TimedOut where another try may help.
        """
        ...
