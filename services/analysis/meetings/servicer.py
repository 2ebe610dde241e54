"""gRPC in, use case of meetings, gRPC out. No decisions are made here."""

from potok.analysis.v1 import meeting_analysis_service_pb2 as pb
from potok.analysis.v1 import meeting_analysis_service_pb2_grpc as pb_grpc

from services.analysis.meetings.domain import BotId
from services.analysis.meetings.mapping import meeting_analysis_to_pb
from services.analysis.meetings.usecases import MeetingAnalyses
from services.kernel.rpc.server import Context
from services.status.domain import Owner


class MeetingAnalysisServicer(pb_grpc.MeetingAnalysisServiceServicer):
    """Serves potok.analysis.v1.MeetingAnalysisService."""

    def __init__(self, analyses: MeetingAnalyses) -> None:
        self._analyses = analyses

    async def GetMeetingAnalysis(
        self, request: pb.GetMeetingAnalysisRequest, context: Context
    ) -> pb.GetMeetingAnalysisResponse:
        analysis = await self._analyses.get_meeting_analysis(
            Owner(request.owner), BotId(request.bot_id)
        )
        return pb.GetMeetingAnalysisResponse(analysis=meeting_analysis_to_pb(analysis))
