"""RPCs of each kind whose handlers do next to nothing, or wait for as long as a test wants."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from potok.bot_status.v1 import webhook_service_pb2
from potok.bot_status.v1 import webhook_service_pb2_grpc as webhook_grpc
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc


class Coordinator(pb_grpc.CoordinatorServiceServicer):
    """Answers, or waits while it is told to."""

    def __init__(self) -> None:
        self.free = asyncio.Event()

    async def GetClient(self, request: pb.GetClientRequest, context: Any) -> pb.GetClientResponse:
        return pb.GetClientResponse()

    async def ListClients(
        self, request: pb.ListClientsRequest, context: Any
    ) -> pb.ListClientsResponse:
        await self.free.wait()
        return pb.ListClientsResponse()

    async def WatchStatus(
        self, request: pb.WatchStatusRequest, context: Any
    ) -> AsyncIterator[pb.WatchStatusResponse]:
        yield pb.WatchStatusResponse()

    async def ReportStatus(
        self, request_iterator: AsyncIterator[pb.ReportStatusRequest], context: Any
    ) -> AsyncIterator[pb.ReportStatusResponse]:
        async for request in request_iterator:
            yield pb.ReportStatusResponse(batch=request.batch)


class Webhooks(webhook_grpc.WebhookServiceServicer):
    """Takes everything."""

    async def ReceiveWebhook(self, request: Any, context: Any) -> Any:
        return webhook_service_pb2.ReceiveWebhookResponse()
