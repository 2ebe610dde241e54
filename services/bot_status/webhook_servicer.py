"""Webhooks over gRPC. No decisions are made here."""

from potok.bot_status.v1 import webhook_service_pb2 as pb
from potok.bot_status.v1 import webhook_service_pb2_grpc as pb_grpc

from services.bot_status.usecases import Bots
from services.kernel.rpc.server import Context


class WebhookServicer(pb_grpc.WebhookServiceServicer):
    """Serves potok.bot_status.v1.WebhookService; the headers of a webhook are the metadata of the call."""

    def __init__(self, bots: Bots) -> None:
        self._bots = bots

    async def ReceiveWebhook(
        self, request: pb.ReceiveWebhookRequest, context: Context
    ) -> pb.ReceiveWebhookResponse:
        headers = {
            name.lower(): value
            for name, value in context.invocation_metadata() or ()
            if isinstance(value, str)
        }
        await self._bots.receive_webhook(request.provider, headers, request.body.data)
        return pb.ReceiveWebhookResponse()
