"""gRPC in, use case, gRPC out. No decisions are made here."""

from collections.abc import AsyncIterator

from potok.bot_status.v1 import bot_status_service_pb2 as pb
from potok.bot_status.v1 import bot_status_service_pb2_grpc as pb_grpc

from services.bot_status.domain import BotId
from services.bot_status.mapping import (
    observation_to_pb,
    verdict_to_pb,
)
from services.bot_status.meetings.mapping import meeting_to_pb, recording_to_pb
from services.bot_status.meetings.usecases import Meetings
from services.bot_status.usecases import Bots
from services.kernel.rpc.server import Context
from services.status.domain import Owner
from services.status.mapping import BOT_STATE_TO_PB

DEFAULT_OBSERVATIONS = 100


class BotStatusServicer(pb_grpc.BotStatusServiceServicer):
    """Serves potok.bot_status.v1.BotStatusService."""

    def __init__(self, bots: Bots, meetings: Meetings) -> None:
        self._bots = bots
        self._meetings = meetings

    async def StartBot(self, request: pb.StartBotRequest, context: Context) -> pb.StartBotResponse:
        bot_id, state = await self._bots.start_bot(
            Owner(request.owner),
            request.meet_url,
            request.bot_name,
            request.language,
            request.request_id,
        )
        return pb.StartBotResponse(bot_id=bot_id, state=BOT_STATE_TO_PB[state])

    async def StopBot(self, request: pb.StopBotRequest, context: Context) -> pb.StopBotResponse:
        await self._bots.stop_bot(BotId(request.bot_id))
        return pb.StopBotResponse()

    async def ObserveBot(
        self, request: pb.ObserveBotRequest, context: Context
    ) -> pb.ObserveBotResponse:
        state, verdict = await self._bots.observe_bot(
            BotId(request.bot_id), request.raw_status, request.error_message, request.audio_url
        )
        return pb.ObserveBotResponse(state=BOT_STATE_TO_PB[state], verdict=verdict_to_pb(verdict))

    async def KeepMedia(
        self, request: pb.KeepMediaRequest, context: Context
    ) -> pb.KeepMediaResponse:
        bot_id, state = await self._meetings.keep_media(
            Owner(request.owner), BotId(request.bot_id), request.audio_url, request.text
        )
        return pb.KeepMediaResponse(bot_id=bot_id, state=BOT_STATE_TO_PB[state])

    async def ListObservations(
        self, request: pb.ListObservationsRequest, context: Context
    ) -> pb.ListObservationsResponse:
        observations = await self._bots.list_observations(
            BotId(request.bot_id), request.page_size or DEFAULT_OBSERVATIONS
        )
        return pb.ListObservationsResponse(observations=map(observation_to_pb, observations))

    async def GetMeeting(
        self, request: pb.GetMeetingRequest, context: Context
    ) -> pb.GetMeetingResponse:
        meeting = await self._meetings.get_meeting(Owner(request.owner), BotId(request.bot_id))
        return pb.GetMeetingResponse(meeting=meeting_to_pb(meeting))

    async def ReadRecording(
        self, request: pb.ReadRecordingRequest, context: Context
    ) -> AsyncIterator[pb.ReadRecordingResponse]:
        recording, pieces = await self._meetings.read_recording(
            Owner(request.owner), BotId(request.bot_id)
        )
        yield pb.ReadRecordingResponse(recording=recording_to_pb(recording))
        async for piece in pieces:
            yield pb.ReadRecordingResponse(data=piece)
