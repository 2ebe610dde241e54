"""A coordinator that records what is reported to it, over a real server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import report_pb2
from potok.status.v1 import stage_pb2

from tests.waiting import in_time

ENDED = (
    stage_pb2.EXECUTION_STATE_SUCCEEDED,
    stage_pb2.EXECUTION_STATE_PARTIAL,
    stage_pb2.EXECUTION_STATE_FAILED,
    stage_pb2.EXECUTION_STATE_CANCELLED,
)


class FakeCoordinator:
    """Keeps the reports of the highest sequence; acknowledges unless told otherwise."""

    def __init__(self) -> None:
        self.reports: list[report_pb2.Report] = []
        self.heartbeats: list[int] = []
        self.stale: set[int] = set()
        self.acks = True
        self.streams = 0
        self._news = asyncio.Condition()

    async def report_status(self, request_iterator: Any, _context: Any) -> AsyncIterator[Any]:
        self.streams += 1
        async for request in request_iterator:
            self.reports += request.reports
            self.heartbeats += request.heartbeats
            async with self._news:
                self._news.notify_all()
            if self.acks:
                yield pb.ReportStatusResponse(
                    batch=request.batch,
                    verdicts=[
                        pb.ReportVerdict(
                            execution=report.execution,
                            sequence=report.sequence,
                            verdict=report_pb2.VERDICT_STALE,
                        )
                        for report in request.reports
                        if report.execution in self.stale
                    ],
                )

    def of(self, execution: int) -> list[report_pb2.Report]:
        """Return what was reported of an execution, in the order of the sequence."""
        reports = [report for report in self.reports if report.execution == execution]
        return sorted(reports, key=lambda report: report.sequence)

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds that reports decide."""
        async with in_time("the reports come that are waited for"), self._news:
            await self._news.wait_for(holds)

    async def until_ended(self, execution: int) -> report_pb2.Report:
        """Wait for the report that an execution has ended."""
        await self.until(lambda: any(report.state in ENDED for report in self.of(execution)))
        return self.of(execution)[-1]


@contextlib.asynccontextmanager
async def serving_coordinator(
    coordinator: FakeCoordinator, address: str = "127.0.0.1:0"
) -> AsyncIterator[str]:
    """Serve the fake; yields its address."""
    server = grpc.aio.server()
    report_status = grpc.stream_stream_rpc_method_handler(
        coordinator.report_status,
        pb.ReportStatusRequest.FromString,
        pb.ReportStatusResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        [
            grpc.method_handlers_generic_handler(
                "potok.coordinator.v1.CoordinatorService", {"ReportStatus": report_status}
            )
        ]
    )
    port = server.add_insecure_port(address)
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)
