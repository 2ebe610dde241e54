"""Stand-ins for the ports of transcription, and valid objects with defaults."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from services.status.domain import AuditEntry, Cost, ExecutionNumber, Owner
from services.transcription.domain import (
    CallId,
    FetchedRecording,
    MeetingMedia,
    Recognition,
    RecordingGone,
    Speaker,
    StoredTranscript,
    Transcript,
)
from services.transcription.ports import Transaction
from tests.builders.transcription import a_recognition, without_words


class FakeTranscripts:
    """A TranscriptRepository in memory; a transaction is whatever it is given."""

    def __init__(self) -> None:
        self.stored: dict[tuple[Owner, CallId], tuple[ExecutionNumber, StoredTranscript]] = {}

    async def get_transcripts(
        self, owner: Owner, call_ids: Sequence[CallId], *, words: bool
    ) -> list[StoredTranscript]:
        found = [self.stored[owner, i][1] for i in call_ids if (owner, i) in self.stored]
        if words:
            return found
        return [replace(each, transcript=without_words(each.transcript)) for each in found]

    async def upsert_transcripts(
        self,
        transaction: Transaction,
        owner: Owner,
        execution: ExecutionNumber,
        transcripts: Sequence[Transcript],
    ) -> None:
        del transaction
        for each in transcripts:
            kept = StoredTranscript(owner=owner, transcript=each, created_at=datetime.now(UTC))
            self.stored[owner, each.call_id] = execution, kept

    async def delete_transcripts(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        del transaction
        for call_id in call_ids:
            self.stored.pop((owner, call_id), None)


class FakeTranscriptAudit:
    """A TranscriptAudit in memory."""

    def __init__(self) -> None:
        self.kept: list[AuditEntry] = []

    async def insert_audit_entry(self, entry: AuditEntry) -> None:
        self.kept.append(replace(entry, number=len(self.kept) + 1))

    async def list_audit_entries(
        self, owner: Owner, before: int | None, page_size: int
    ) -> list[AuditEntry]:
        found = [each for each in reversed(self.kept) if each.owner == owner]
        return [each for each in found if before is None or each.number < before][:page_size]


class FakeRecordings:
    """A RecordingSource without recordings."""

    @contextlib.asynccontextmanager
    async def fetch(self, owner: Owner, call_id: CallId) -> AsyncIterator[FetchedRecording]:
        raise RecordingGone(f"{owner} has no recording of {call_id}")
        yield


class FakeMeetings(FakeRecordings):
    """A MeetingSource without meetings."""

    async def get_meeting(self, owner: Owner, call_id: CallId) -> MeetingMedia:
        raise RecordingGone(f"{owner} has no meeting of {call_id}")


class FakeEngine:
    """A SpeechEngine that hears one thing in every recording, `heard`; raises `broken` when it is set.

    It keeps what it was given, and where.
    """

    def __init__(self) -> None:
        self.broken: Exception | None = None
        self.heard = a_recognition()
        self.transcribed: list[tuple[bytes, str]] = []
        self.mixed: list[bool] = []
        self.left: list[Speaker] = []
        self.paths: list[Path] = []

    def price(self, duration_seconds: float) -> Cost | None:
        return Cost(amount=duration_seconds / 60, currency="EUR")

    async def transcribe(
        self,
        recording: Path,
        language: str,
        *,
        left: Speaker = Speaker.OPERATOR,
        mixed: bool = False,
    ) -> Recognition:
        self.left.append(left)
        self.mixed.append(mixed)
        self.paths.append(recording)
        self.transcribed.append((await asyncio.to_thread(recording.read_bytes), language))
        if self.broken:
            raise self.broken
        return self.heard
