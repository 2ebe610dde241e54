"""The outside of bots and the tasks of meetings, as the test says; what it notes it reports, like the real service."""

import itertools
from typing import TYPE_CHECKING, Any, cast

import grpc
from potok.bot_status.v1 import bot_status_service_pb2 as pb
from potok.bot_status.v1 import bot_status_service_pb2_grpc as pb_grpc
from potok.coordinator.v1 import bot_pb2, bot_report_service_pb2
from potok.recommendations.v1 import meeting_tasks_pb2
from potok.recommendations.v1 import meeting_tasks_service_pb2 as tasks_pb
from potok.recommendations.v1 import meeting_tasks_service_pb2_grpc as tasks_grpc
from potok.status.v1 import stage_pb2

from tests.builders.bot_status import MEETING_URL

if TYPE_CHECKING:
    from potok.coordinator.v1.bot_report_service_pb2_grpc import BotReportServiceAsyncStub

STATES = {
    "initialized": stage_pb2.BOT_STATE_INITIALIZED,
    "connecting": stage_pb2.BOT_STATE_CONNECTING,
    "connected": stage_pb2.BOT_STATE_CONNECTED,
    "error": stage_pb2.BOT_STATE_ERROR,
}
MEETING_DAY = "2026-11-20"


class FakeBots(pb_grpc.BotStatusServiceServicer, tasks_grpc.MeetingTasksServiceServicer):
    """Knows bots by their owners; `reports` is the coordinator's, once it serves."""

    def __init__(self) -> None:
        self.reports: BotReportServiceAsyncStub | None = None
        self.owners: dict[str, str] = {}
        self.tasks: dict[str, meeting_tasks_pb2.MeetingTasks] = {}
        self.started: list[pb.StartBotRequest] = []
        self.kept: list[pb.KeepMediaRequest] = []
        self.stopped: list[str] = []
        self.observed: list[pb.ObserveBotRequest] = []
        self.refusal: tuple[grpc.StatusCode, str] | None = None
        self.cut_off = False
        """What is kept does not reach the coordinator for now."""
        self.ended: set[str] = set()
        """Bots that are known to have ended, whatever became of their records: nothing is reported of them."""
        self._sequences = itertools.count(1)
        self._ids = itertools.count(1)

    def register(self, server: grpc.aio.Server) -> None:
        pb_grpc.add_BotStatusServiceServicer_to_server(self, server)
        tasks_grpc.add_MeetingTasksServiceServicer_to_server(self, server)

    async def report(
        self, bot_id: str, status: str = "initialized", **fields: Any
    ) -> bot_pb2.BotVerdict:
        """Report a bot, as anna's where it is new, `via` a coordinator; returns the verdict."""
        via = fields.pop("via", self.reports)
        assert via, "no coordinator serves"
        report = bot_pb2.BotReport(
            bot_id=bot_id,
            owner=self.owners.setdefault(bot_id, "user:anna"),
            sequence=fields.pop("sequence", None) or next(self._sequences),
            state=STATES[status],
            meet_url=MEETING_URL,
            bot_name="Potok",
            day=MEETING_DAY,
            time_zone="Europe/Moscow",
            language="en",
            **fields,
        )
        request = bot_report_service_pb2.ReportBotsRequest(reports=[report])
        answer: bot_report_service_pb2.ReportBotsResponse = await via.ReportBots(request)
        return answer.verdicts[0]

    async def StartBot(self, request: pb.StartBotRequest, context: Any) -> pb.StartBotResponse:
        await self._refuse(context)
        self.started.append(request)
        bot_id = f"bot_{next(self._ids)}"
        self.owners[bot_id] = request.owner
        verdict = await self.report(bot_id)
        return pb.StartBotResponse(bot_id=bot_id, state=verdict.state)

    async def StopBot(self, request: pb.StopBotRequest, context: Any) -> pb.StopBotResponse:
        await self._refuse(context)
        self.stopped.append(request.bot_id)
        return pb.StopBotResponse()

    async def ObserveBot(
        self, request: pb.ObserveBotRequest, context: Any
    ) -> pb.ObserveBotResponse:
        if request.bot_id not in self.owners:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"there is no bot {request.bot_id}")
        self.observed.append(request)
        if request.bot_id in self.ended:
            return pb.ObserveBotResponse(state=stage_pb2.BOT_STATE_TRANSCRIBING)
        status = request.raw_status if request.raw_status in STATES else "initialized"
        verdict = await self.report(request.bot_id, status, error_message=request.error_message)
        # Like the real one, which is not told of what comes after the outside.
        state = min(verdict.state, stage_pb2.BOT_STATE_TRANSCRIBING)
        return pb.ObserveBotResponse(state=state, verdict=verdict.verdict)

    async def KeepMedia(self, request: pb.KeepMediaRequest, context: Any) -> pb.KeepMediaResponse:
        await self._refuse(context)
        self.kept.append(request)
        bot_id = request.bot_id or f"bot_{next(self._ids)}"
        self.owners.setdefault(bot_id, request.owner)
        if bot_id in self.ended:
            return pb.KeepMediaResponse(bot_id=bot_id, state=stage_pb2.BOT_STATE_TRANSCRIBING)
        if self.cut_off:
            return pb.KeepMediaResponse(bot_id=bot_id, state=stage_pb2.BOT_STATE_CONNECTED)
        verdict = await self.report(bot_id, "connected", media_ready=True)
        return pb.KeepMediaResponse(bot_id=bot_id, state=verdict.state)

    async def ListObservations(
        self,
        request: pb.ListObservationsRequest,
        context: Any,  # noqa: ARG002
    ) -> pb.ListObservationsResponse:
        said = [o for o in reversed(self.observed) if o.bot_id == request.bot_id]
        return pb.ListObservationsResponse(
            observations=[
                bot_pb2.BotObservation(number=len(said) - place, raw_status=one.raw_status)
                for place, one in enumerate(said)
            ]
        )

    async def GetMeetingTasks(
        self, request: tasks_pb.GetMeetingTasksRequest, context: Any
    ) -> tasks_pb.GetMeetingTasksResponse:
        await self._refuse(context)
        if request.bot_id not in self.tasks:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no tasks were looked for")
        return tasks_pb.GetMeetingTasksResponse(meeting=self.tasks[request.bot_id])

    async def _refuse(self, context: Any) -> None:
        if self.refusal:
            await context.abort(*self.refusal)


def fake_bots() -> FakeBots:
    """Return the servers; RPCs that they lack are UNIMPLEMENTED."""
    made: FakeBots = cast(Any, FakeBots)()
    return made
