"""A coordinator that takes reports of bots, over a real server: ranks grow, what is final stays."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from potok.coordinator.v1 import bot_pb2, bot_report_service_pb2, report_pb2
from potok.coordinator.v1.bot_report_service_pb2_grpc import (
    BotReportServiceServicer,
    add_BotReportServiceServicer_to_server,
)
from potok.status.v1 import stage_pb2

from services.kernel.rpc.server import serving
from tests.identity import guard
from tests.waiting import in_time

SERVICE = "potok.coordinator.v1.BotReportService"
FINAL = (stage_pb2.BOT_STATE_DONE, stage_pb2.BOT_STATE_ERROR)


class FakeBotCoordinator(BotReportServiceServicer):
    """Keeps the state of each bot and every report; those that come while it is `down` are `lost`."""

    def __init__(self) -> None:
        self.reports: list[bot_pb2.BotReport] = []
        self.states: dict[str, int] = {}
        self.lost: list[bot_pb2.BotReport] = []
        self.down = False
        self._news = asyncio.Condition()

    async def ReportBots(
        self, request: bot_report_service_pb2.ReportBotsRequest, context: Any
    ) -> bot_report_service_pb2.ReportBotsResponse:
        if self.down:
            self.lost += request.reports
            await self._tell()
            await context.abort(grpc.StatusCode.UNAVAILABLE, "down")
        verdicts = [self._take(report) for report in request.reports]
        await self._tell()
        return bot_report_service_pb2.ReportBotsResponse(verdicts=verdicts)

    def of(self, bot_id: str) -> list[bot_pb2.BotReport]:
        """Return what was reported of a bot, in its order."""
        return [report for report in self.reports if report.bot_id == bot_id]

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds that reports decide."""
        async with in_time("the reports come that are waited for"), self._news:
            await self._news.wait_for(holds)

    async def until_state(self, bot_id: str, state: int) -> None:
        """Wait until a bot has come to a state, in which it need not be any more."""

        def came() -> bool:
            reported = any(report.state == state for report in self.of(bot_id))
            return reported or self.states.get(bot_id) == state

        await self.until(came)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    def _take(self, report: bot_pb2.BotReport) -> bot_pb2.BotVerdict:
        self.reports.append(report)
        state = report.state
        if report.media_ready and state not in FINAL:
            state = stage_pb2.BOT_STATE_TRANSCRIBING
        known = self.states.get(report.bot_id, 0)
        if state == known:
            verdict = report_pb2.VERDICT_DUPLICATE
        elif known in FINAL or state < known:
            verdict = report_pb2.VERDICT_STALE
        else:
            verdict = report_pb2.VERDICT_APPLIED
            self.states[report.bot_id] = state
        return bot_pb2.BotVerdict(
            verdict=verdict,
            state=self.states[report.bot_id],  # type: ignore[arg-type]  # a number of the enum
        )


@contextlib.asynccontextmanager
async def serving_bot_coordinator(
    coordinator: FakeBotCoordinator, listen: str = "127.0.0.1:0"
) -> AsyncIterator[str]:
    """Serve the fake; yields its address."""
    async with serving(
        listen,
        lambda server: add_BotReportServiceServicer_to_server(coordinator, server),
        services=[SERVICE],
        guard=guard(),
    ) as port:
        yield f"127.0.0.1:{port}"
