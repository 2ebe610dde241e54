"""Transcripts of meetings by RPC, from transcription."""

from datetime import timedelta
from typing import TYPE_CHECKING

from potok.transcription.v1 import transcription_service_pb2

from services.analysis.meetings.domain import BotId, MeetingTranscript
from services.analysis.meetings.mapping import meeting_transcript_from_pb
from services.kernel.rpc.client import errors_of
from services.status.domain import Owner

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceAsyncStub


class RpcMeetingTranscripts:
    """Implements MeetingTranscripts; the id of the call is that of the bot."""

    def __init__(self, transcripts: "TranscriptionServiceAsyncStub", timeout: timedelta) -> None:
        self._transcripts = transcripts
        self._timeout = timeout.total_seconds()

    async def get_meeting_transcript(self, owner: Owner, bot_id: BotId) -> MeetingTranscript | None:
        request = transcription_service_pb2.GetTranscriptsRequest(
            owner=owner, call_ids=[bot_id], words=True
        )
        with errors_of("transcription"):
            response = await self._transcripts.GetTranscripts(request, timeout=self._timeout)
        return next(map(meeting_transcript_from_pb, response.transcripts), None)
