"""gRPC in, use case of meetings, gRPC out. No decisions are made here."""

from potok.recommendations.v1 import meeting_tasks_service_pb2 as pb
from potok.recommendations.v1 import meeting_tasks_service_pb2_grpc as pb_grpc

from services.kernel.rpc.server import Context
from services.recommendations.meetings.domain import BotId
from services.recommendations.meetings.mapping import meeting_tasks_to_pb
from services.recommendations.meetings.usecases import Tasks
from services.status.domain import Owner


class MeetingTasksServicer(pb_grpc.MeetingTasksServiceServicer):
    """Serves potok.recommendations.v1.MeetingTasksService."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks

    async def GetMeetingTasks(
        self, request: pb.GetMeetingTasksRequest, context: Context
    ) -> pb.GetMeetingTasksResponse:
        meeting = await self._tasks.get_meeting_tasks(Owner(request.owner), BotId(request.bot_id))
        return pb.GetMeetingTasksResponse(meeting=meeting_tasks_to_pb(meeting))
