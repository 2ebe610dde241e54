"""The services that the use cases of bots ask: the outside of bots, and the tasks of meetings."""

from typing import TYPE_CHECKING

from potok.bot_status.v1 import bot_status_service_pb2 as status_pb
from potok.recommendations.v1 import meeting_tasks_service_pb2 as tasks_pb

from services.coordinator.bots.mapping import meeting_result_from_pb
from services.coordinator.state.bot import BotId, MeetingResult
from services.kernel.errors import NotFound
from services.kernel.rpc.client import errors_of
from services.status.domain import BotState, Owner
from services.status.mapping import BOT_STATE_FROM_PB

if TYPE_CHECKING:
    from potok.bot_status.v1.bot_status_service_pb2_grpc import BotStatusServiceAsyncStub
    from potok.recommendations.v1.meeting_tasks_service_pb2_grpc import MeetingTasksServiceAsyncStub

OUTSIDE_SECONDS = 50
"""The limit of calls for which bot_status asks the service that runs bots."""
NOTE_SECONDS = 25
"""The limit of calls that bot_status only notes and reports."""
TASKS_SECONDS = 5


class RpcBotStatus:
    """Implements BotStatus."""

    def __init__(self, stub: "BotStatusServiceAsyncStub") -> None:
        self._stub = stub

    async def start_bot(
        self, owner: Owner, meet_url: str, bot_name: str, request_id: str, language: str
    ) -> tuple[BotId, BotState]:
        request = status_pb.StartBotRequest(
            owner=owner,
            meet_url=meet_url,
            bot_name=bot_name,
            request_id=request_id,
            language=language,
        )
        with errors_of("bot_status"):
            answer = await self._stub.StartBot(request, timeout=OUTSIDE_SECONDS)
        return BotId(answer.bot_id), BOT_STATE_FROM_PB[answer.state]

    async def stop_bot(self, bot_id: BotId) -> None:
        with errors_of("bot_status"):
            await self._stub.StopBot(
                status_pb.StopBotRequest(bot_id=bot_id), timeout=OUTSIDE_SECONDS
            )

    async def observe_bot(
        self, bot_id: BotId, status: str, error_message: str, audio_url: str
    ) -> BotState:
        request = status_pb.ObserveBotRequest(
            bot_id=bot_id, raw_status=status, error_message=error_message, audio_url=audio_url
        )
        with errors_of("bot_status"):
            answer = await self._stub.ObserveBot(request, timeout=NOTE_SECONDS)
        return BOT_STATE_FROM_PB[answer.state]

    async def keep_media(
        self, owner: Owner, bot_id: str, audio_url: str, text: str
    ) -> tuple[BotId, BotState]:
        request = status_pb.KeepMediaRequest(owner=owner, bot_id=bot_id)
        if audio_url:
            request.audio_url = audio_url
        else:
            request.text = text
        with errors_of("bot_status"):
            answer = await self._stub.KeepMedia(request, timeout=NOTE_SECONDS)
        return BotId(answer.bot_id), BOT_STATE_FROM_PB[answer.state]


class RpcMeetingResults:
    """Implements MeetingResults."""

    def __init__(self, stub: "MeetingTasksServiceAsyncStub") -> None:
        self._stub = stub

    async def get_meeting_tasks(self, owner: Owner, bot_id: BotId) -> MeetingResult | None:
        request = tasks_pb.GetMeetingTasksRequest(owner=owner, bot_id=bot_id)
        try:
            with errors_of("recommendations"):
                answer = await self._stub.GetMeetingTasks(request, timeout=TASKS_SECONDS)
        except NotFound:
            return None
        return meeting_result_from_pb(answer.meeting)
