"""Transcripts and analyses of meetings, asked for where they are owned."""

from datetime import date
from typing import TYPE_CHECKING

from potok.analysis.v1 import meeting_analysis_service_pb2
from potok.transcription.v1 import transcription_service_pb2

from services.kernel.errors import NotFound
from services.kernel.rpc.client import errors_of
from services.recommendations.meetings.domain import BotId, Conclusions, MeetingTranscript
from services.recommendations.meetings.mapping import conclusions_from_pb, meeting_from_pb
from services.status.domain import Owner

if TYPE_CHECKING:  # the generated code has them for type checkers only
    from potok.analysis.v1.meeting_analysis_service_pb2_grpc import MeetingAnalysisServiceAsyncStub
    from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceAsyncStub

DEADLINE = 20.0
"""Seconds for one answer."""


class RpcMeetingPayloads:
    """Implements MeetingPayloads; a meeting's transcript has the id of its bot for that of a call."""

    def __init__(
        self,
        transcripts: "TranscriptionServiceAsyncStub",
        analyses: "MeetingAnalysisServiceAsyncStub",
    ) -> None:
        self._transcripts = transcripts
        self._analyses = analyses

    async def get_meeting(self, owner: Owner, bot_id: BotId, day: date) -> MeetingTranscript | None:
        request = transcription_service_pb2.GetTranscriptsRequest(
            owner=owner, call_ids=[bot_id], words=True
        )
        with errors_of("transcription"):
            response = await self._transcripts.GetTranscripts(request, timeout=DEADLINE)
        return next((meeting_from_pb(each, day) for each in response.transcripts), None)

    async def get_conclusions(self, owner: Owner, bot_id: BotId) -> Conclusions | None:
        request = meeting_analysis_service_pb2.GetMeetingAnalysisRequest(owner=owner, bot_id=bot_id)
        try:
            with errors_of("analysis"):
                response = await self._analyses.GetMeetingAnalysis(request, timeout=DEADLINE)
        except NotFound:
            return None
        return conclusions_from_pb(response.analysis)
