"""gRPC in, use case, gRPC out, for bots. No decisions are made here."""

from typing import TYPE_CHECKING

from potok.bot_status.v1 import bot_status_service_pb2 as status_pb
from potok.coordinator.v1 import bot_report_service_pb2 as report_pb
from potok.coordinator.v1 import bot_report_service_pb2_grpc as report_grpc
from potok.coordinator.v1 import bot_service_pb2 as pb
from potok.coordinator.v1 import bot_service_pb2_grpc as pb_grpc

from services.coordinator.bots.mapping import (
    bot_record_fields,
    bot_report_from_pb,
    bot_state_name,
    bot_verdict_to_pb,
)
from services.coordinator.bots.usecases import Bots
from services.coordinator.state.bot import BotId
from services.coordinator.wire.messages import bot_status
from services.kernel.rpc.client import errors_of
from services.kernel.rpc.headers import NO_STORE
from services.kernel.rpc.server import Context
from services.status.mapping import BOT_STATE_FROM_PB
from services.status.rpc.access import current_caller

if TYPE_CHECKING:
    from potok.bot_status.v1.bot_status_service_pb2_grpc import BotStatusServiceAsyncStub


SERVICE = "potok.coordinator.v1.BotService"
REPORT_SERVICE = "potok.coordinator.v1.BotReportService"
OBSERVATIONS_SECONDS = 8


class BotServicer(pb_grpc.BotServiceServicer):
    """Serves potok.coordinator.v1.BotService."""

    def __init__(self, bots: Bots, status: "BotStatusServiceAsyncStub") -> None:
        self._bots = bots
        self._status = status

    async def TriggerBot(
        self, request: pb.TriggerBotRequest, context: Context
    ) -> pb.TriggerBotResponse:
        bot_id, state = await self._bots.trigger_bot(
            current_caller(),
            request.meet_url,
            request.bot_name,
            request.request_id,
            request.language,
        )
        return pb.TriggerBotResponse(
            bot_id=bot_id,
            status=bot_state_name(state),
            message=f"Bot {bot_id} started successfully for meeting",
        )

    async def GetBotStatus(
        self, request: pb.GetBotStatusRequest, context: Context
    ) -> pb.GetBotStatusResponse:
        record = await self._bots.get_bot_status(current_caller(), BotId(request.bot_id))
        await context.send_initial_metadata(NO_STORE)
        return pb.GetBotStatusResponse(**bot_record_fields(record))

    async def UpdateBotStatus(
        self, request: pb.UpdateBotStatusRequest, context: Context
    ) -> pb.UpdateBotStatusResponse:
        state = await self._bots.update_bot_status(
            BotId(request.bot_id), request.status, request.error_message, request.audio_url
        )
        return pb.UpdateBotStatusResponse(bot_id=request.bot_id, status=bot_state_name(state))

    async def CreateTasksFromAudio(
        self, request: pb.CreateTasksFromAudioRequest, context: Context
    ) -> pb.CreateTasksFromAudioResponse:
        record = await self._bots.create_tasks(
            request.user_id, request.bot_id, request.audio_url, request.text, strict=request.strict
        )
        return pb.CreateTasksFromAudioResponse(**bot_record_fields(record))

    async def ListBots(self, request: pb.ListBotsRequest, context: Context) -> pb.ListBotsResponse:
        page = await self._bots.list_bots(
            current_caller(),
            [BOT_STATE_FROM_PB[state] for state in request.states],
            request.page_size or 50,
            request.page_token,
        )
        return pb.ListBotsResponse(
            bots=map(bot_status, page.items), next_page_token=page.next_page_token
        )

    async def StopBot(self, request: pb.StopBotRequest, context: Context) -> pb.StopBotResponse:
        bot = await self._bots.stop_bot(current_caller(), BotId(request.bot_id))
        return pb.StopBotResponse(bot=bot_status(bot))

    async def ListBotObservations(
        self, request: pb.ListBotObservationsRequest, context: Context
    ) -> pb.ListBotObservationsResponse:
        await self._bots.check_bots(current_caller(), [BotId(request.bot_id)])
        with errors_of("bot_status"):
            answer = await self._status.ListObservations(
                status_pb.ListObservationsRequest(
                    bot_id=request.bot_id, page_size=request.page_size
                ),
                timeout=OBSERVATIONS_SECONDS,
            )
        return pb.ListBotObservationsResponse(observations=answer.observations)


class BotReportServicer(report_grpc.BotReportServiceServicer):
    """Serves potok.coordinator.v1.BotReportService."""

    def __init__(self, bots: Bots) -> None:
        self._bots = bots

    async def ReportBots(
        self, request: report_pb.ReportBotsRequest, context: Context
    ) -> report_pb.ReportBotsResponse:
        judged = await self._bots.report_bots(list(map(bot_report_from_pb, request.reports)))
        return report_pb.ReportBotsResponse(
            verdicts=[bot_verdict_to_pb(verdict, state) for verdict, state in judged]
        )
