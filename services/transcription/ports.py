"""The ports of the use cases."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from services.status.domain import AuditEntry, Cost, ExecutionNumber, Owner
from services.transcription.domain import (
    CallId,
    FetchedRecording,
    MeetingMedia,
    Recognition,
    Speaker,
    StoredTranscript,
    Transcript,
)

Transaction = Any
"""An open transaction of the database; opaque to the core."""


class RecordingSource(Protocol):
    """Where recordings come from."""

    def fetch(self, owner: Owner, call_id: CallId) -> AbstractAsyncContextManager[FetchedRecording]:
        """Bring a recording into a file that is gone when the block ends.

        Raises RecordingGone, RecordingTooLarge, RecordingUnavailable, RecordingRefused.
        """


class MeetingSource(RecordingSource, Protocol):
    """Where meetings come from, with their recordings by the id of the bot that made them."""

    async def get_meeting(self, owner: Owner, call_id: CallId) -> MeetingMedia:
        """Return what is known of a meeting; raises RecordingGone, RecordingUnavailable."""


class SpeechEngine(Protocol):
    """Turns speech into words with times."""

    def price(self, duration_seconds: float) -> Cost | None:
        """Return what a recording of that length costs at the most, None where it costs nothing or nobody knows."""

    async def transcribe(
        self,
        recording: Path,
        language: str,
        *,
        left: Speaker = Speaker.OPERATOR,
        mixed: bool = False,
    ) -> Recognition:
        """Return every word said in the audio file `recording`.

        `language`, ISO 639-1 ("ru"), is the one that is expected; a voice that is plainly in another is heard in that.

        `left` is who speaks on its left channel, `mixed` tells that its channels tell no speakers apart: they become one voice.
        Cancelling stops the work, wherever it is done. Raises NoSpeech, TooShort, BadAudio,
        EmptyFile, RecordingTooLong, RecordingTooLarge, UnknownLanguage; EngineClosed, EngineRefused,
        BadTranscript; and WorkerDied, RecognitionTimedOut or EngineUnavailable where another try may help.
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


class TranscriptAudit(Protocol):
    """Who took transcripts as files."""

    async def insert_audit_entry(self, entry: AuditEntry) -> None:
        """Keep that somebody did."""

    async def list_audit_entries(
        self, owner: Owner, before: int | None, page_size: int
    ) -> list[AuditEntry]:
        """Return who took those of an owner, newest first."""
