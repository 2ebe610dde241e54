"""What the use cases need from the outside."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from services.status.domain import Cost, ExecutionNumber, Owner
from services.transcription.domain import (
    CallId,
    Meeting,
    Recognition,
    StoredTranscript,
    Transcript,
)

Transaction = Any
"""An open transaction of the database; opaque to the core."""


class RecordingSource(Protocol):
    """Where recordings come from."""

    def fetch(self, owner: Owner, call_id: CallId) -> AbstractAsyncContextManager[Path]:
        """Bring a recording into a file that is gone when the block ends.

        Raises RecordingMissing, RecordingTooLarge, RecordingUnavailable, RecordingRefused.
        """


class MeetingSource(RecordingSource, Protocol):
    """Where meetings come from, with their recordings by the id of the bot that made them."""

    async def get_meeting(self, owner: Owner, call_id: CallId) -> Meeting:
        """Return what is known of a meeting; raises RecordingMissing, RecordingUnavailable."""


class SpeechEngine(Protocol):
    """Turns speech into words with times."""

    def price(self, duration_seconds: float) -> Cost | None:
        """Return what a recording of that length costs at the most; None: nothing, or nobody knows."""

    async def transcribe(
        self, recording: Path, language: str, *, mixed: bool = False
    ) -> Recognition:
        """Return every word said in the audio file `recording`; `language` is ISO 639-1 ("ru").

        `mixed`: its channels tell no speakers apart, and are heard as one voice.
        Cancelling stops the work, wherever it is done. Raises NoSpeech, TooShort, BadAudio,
        EmptyFile, RecordingTooLong, RecordingTooLarge, UnknownLanguage; EngineClosed, EngineRefused,
        BadTranscript; and WorkerDied, TimedOut or EngineUnavailable where another try may help.
        """


class TranscriptRepository(Protocol):
    """Transcripts, one a call of an owner."""

    async def get_transcripts(
        self, owner: Owner, call_ids: Sequence[CallId], *, words: bool
    ) -> list[StoredTranscript]:
        """Return the transcripts that there are, in the order asked for, with `words` or without."""

    async def upsert_transcripts(
        self,
        transaction: Transaction,
        owner: Owner,
        execution: ExecutionNumber,
        transcripts: Sequence[Transcript],
    ) -> None:
        """Store transcripts and the execution that made them, in place of earlier ones."""

    async def delete_transcripts(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        """Forget transcripts."""
