"""The coordinator, by its BotReportService."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from potok.coordinator.v1 import bot_report_service_pb2 as pb

from services.bot_status.domain import Bot
from services.bot_status.mapping import acknowledgement_from_pb, report_to_pb
from services.bot_status.ports import Acknowledgement
from services.kernel.errors import UpstreamUnavailable
from services.kernel.rpc.client import errors_of

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.coordinator.v1.bot_report_service_pb2_grpc import BotReportServiceAsyncStub


class RpcCoordinator:
    """Implements Coordinator; a report that is not answered within `timeout` is made again."""

    def __init__(self, stub: "BotReportServiceAsyncStub", timeout: timedelta) -> None:
        self._stub = stub
        self._timeout = timeout

    async def report(self, bots: Sequence[Bot]) -> list[Acknowledgement]:
        request = pb.ReportBotsRequest(reports=[report_to_pb(bot) for bot in bots])
        with errors_of("coordinator"):
            response = await self._stub.ReportBots(request, timeout=self._timeout.total_seconds())
        if len(response.verdicts) != len(bots):
            raise UpstreamUnavailable("the coordinator answered other reports than it was sent")
        return [
            acknowledgement_from_pb(bot, verdict)
            for bot, verdict in zip(bots, response.verdicts, strict=True)
        ]
