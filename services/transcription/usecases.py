"""The use cases: transcribe for the stage, hand out transcripts to the stages after it."""

from collections.abc import Sequence

from services.kernel.clock import utc_now
from services.kernel.paging import Page, page_of, page_start, serial
from services.status.domain import (
    AuditAction,
    AuditEntry,
    ClientSettings,
    Cost,
    ExecutionNumber,
    Owner,
)
from services.transcription import dialogue
from services.transcription.domain import (
    CallId,
    LeftChannel,
    StoredTranscript,
    Transcript,
    TranscriptNotFound,
)
from services.transcription.export import Export, ExportFormat, export
from services.transcription.meeting_text import read_meeting
from services.transcription.ports import (
    MeetingSource,
    RecordingSource,
    SpeechEngine,
    Transaction,
    TranscriptAudit,
    TranscriptRepository,
)


class Transcription:
    """Transcripts of the calls and meetings of all owners."""

    def __init__(
        self,
        transcripts: TranscriptRepository,
        recordings: RecordingSource,
        meetings: MeetingSource,
        engine: SpeechEngine,
        *,
        left: LeftChannel = LeftChannel.OPERATOR,
    ) -> None:
        self._transcripts = transcripts
        self._recordings = recordings
        self._meetings = meetings
        self._engine = engine
        self._left = left

    def price(self, duration_seconds: float) -> Cost | None:
        """Return what a call of that length costs at the most, None where it costs nothing or nobody knows."""
        return self._engine.price(duration_seconds)

    async def transcribe(
        self, owner: Owner, call_id: CallId, settings: ClientSettings
    ) -> Transcript:
        """Return what is said in the recording of a client's call; raises NotTranscribed.

        What the call itself says of its language goes before the client's.
        """
        async with self._recordings.fetch(owner, call_id) as recording:
            said = settings.left_outgoing if recording.outgoing else settings.left_incoming
            left = LeftChannel(said) if said else self._left
            recognition = await self._engine.transcribe(
                recording.path,
                recording.language or settings.language,
                left=left.speaker(outgoing=recording.outgoing),
            )
        return dialogue.transcript(call_id, recognition, guess=True)

    async def transcribe_meeting(self, owner: Owner, call_id: CallId) -> Transcript:
        """Return what is said in a meeting, by its text or its recording; raises NotTranscribed."""
        meeting = await self._meetings.get_meeting(owner, call_id)
        if meeting.text:
            return read_meeting(call_id, meeting)
        async with self._meetings.fetch(owner, call_id) as recording:
            recognition = await self._engine.transcribe(
                recording.path, meeting.language, mixed=True
            )
        return dialogue.transcript(call_id, recognition, meeting.speakers)

    async def upsert_transcripts(
        self,
        transaction: Transaction,
        owner: Owner,
        execution: ExecutionNumber,
        transcripts: Sequence[Transcript],
    ) -> None:
        """Store transcripts in place of earlier ones of the same calls."""
        await self._transcripts.upsert_transcripts(transaction, owner, execution, transcripts)

    async def delete_transcripts(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        """Forget the transcripts of calls that are no more."""
        await self._transcripts.delete_transcripts(transaction, owner, call_ids)

    async def get_transcript(self, owner: Owner, call_id: CallId) -> StoredTranscript:
        """Return the transcript of a call with its words; raises TranscriptNotFound."""
        found = await self._transcripts.get_transcripts(owner, [call_id], words=True)
        if not found:
            raise TranscriptNotFound(f"call {call_id} has no transcript")
        return found[0]

    async def get_transcripts(
        self, owner: Owner, call_ids: Sequence[CallId], *, words: bool
    ) -> list[StoredTranscript]:
        """Return the transcripts that there are, in the order asked for, with `words` or without."""
        return await self._transcripts.get_transcripts(owner, call_ids, words=words)


class Exports:
    """Transcripts as files; who takes one is kept before it is handed out."""

    def __init__(self, transcription: Transcription, audit: TranscriptAudit) -> None:
        self._transcription = transcription
        self._audit = audit

    async def export_transcript(
        self, owner: Owner, call_id: CallId, form: ExportFormat, actor: str
    ) -> Export:
        """Return the transcript of a call as a file; raises TranscriptNotFound, NoTimes."""
        file = export(await self._transcription.get_transcript(owner, call_id), form)
        entry = AuditEntry(
            actor=actor,
            action=AuditAction.EXPORT_TRANSCRIPT,
            owner=owner,
            subject=call_id,
            detail=form.value.lower(),
            at=utc_now(),
        )
        await self._audit.insert_audit_entry(entry)
        return file

    async def list_audit_entries(
        self, owner: Owner, page_size: int, page_token: str
    ) -> Page[AuditEntry]:
        """Return a page of who took transcripts as files, newest first; raises InvalidInput for a token of another list."""
        listing = f"ListTranscriptAudit {owner}"
        before = page_start(listing, page_token, (serial,), int)
        found = await self._audit.list_audit_entries(owner, before, page_size + 1)
        return page_of(listing, found, page_size, lambda entry: [entry.number])
