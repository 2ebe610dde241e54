"""Small servers in the place of the public services, for what the gateway does before and after them."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any, cast

import grpc
from google.api import httpbody_pb2
from google.protobuf import any_pb2, struct_pb2
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from potok.bot_status.v1 import webhook_service_pb2, webhook_service_pb2_grpc
from potok.coordinator.v1 import (
    bot_service_pb2,
    bot_service_pb2_grpc,
    coordinator_service_pb2,
    coordinator_service_pb2_grpc,
    date_range_service_pb2,
    date_range_service_pb2_grpc,
    range_status_pb2,
    run_pb2,
    session_service_pb2,
    session_service_pb2_grpc,
    watch_events_service_pb2_grpc,
    watch_pb2,
)
from potok.status.v1 import event_pb2

from services.kernel.rpc.errors import abort_with

RUN = "0b4f0c3e-8a8e-4a53-9f0e-2f3f2f0b7a11"


def refusal() -> any_pb2.Any:
    """Return what says why a run is refused."""
    detail = any_pb2.Any()
    detail.Pack(
        error_details_pb2.ErrorInfo(reason="RUN_ACTIVE", domain="potok", metadata={"run_id": RUN})
    )
    return detail


class PublicServices(
    bot_service_pb2_grpc.BotServiceServicer,
    coordinator_service_pb2_grpc.CoordinatorServiceServicer,
    date_range_service_pb2_grpc.DateRangeServiceServicer,
    session_service_pb2_grpc.SessionServiceServicer,
    watch_events_service_pb2_grpc.WatchEventsServiceServicer,
    webhook_service_pb2_grpc.WebhookServiceServicer,
):
    """Some public RPCs; `calls` has the metadata of every call, by the name of the RPC."""

    def __init__(self) -> None:
        self.calls: dict[str, list[dict[str, str]]] = defaultdict(list)
        self.next_event: asyncio.Queue[str] = asyncio.Queue()
        """What the streams say next; they are silent until then."""
        self.synced = asyncio.Event()
        """Until it is set a sync is under way."""
        self.gone = asyncio.Event()
        """Set when the caller of a stream has gone."""
        self.unavailable = 0
        """So many next reads and starts fail."""

    def metadata(self, name: str) -> dict[str, str]:
        """Return the metadata of the last call of an RPC."""
        return self.calls[name][-1]

    async def GetTranscriptionStatus(self, _: Any, context: Any) -> Any:
        self._note("GetTranscriptionStatus", context)
        await self._fail_perhaps(context)
        return date_range_service_pb2.GetTranscriptionStatusResponse(
            overall_status="processing",
            total_calls=150,
            status_breakdown=range_status_pb2.StatusBreakdown(
                pending=50, processing=10, success=85, failed=5
            ),
            progress_percentage=56.67,
        )

    async def TranscribeCalls(self, request: Any, context: Any) -> Any:
        self._note("TranscribeCalls", context)
        await self._fail_perhaps(context)
        if request.client_id == "busy":
            await abort_with(
                context, grpc.StatusCode.ABORTED, "a run «утро» is under way", [refusal()]
            )
        return date_range_service_pb2.TranscribeCallsResponse(run_id=RUN, status="active")

    async def SyncCalls(self, _: Any, context: Any) -> Any:
        self._note("SyncCalls", context)
        await self.synced.wait()
        return date_range_service_pb2.SyncCallsResponse(run_id=RUN, status="completed")

    async def GetRun(self, request: Any, context: Any) -> Any:
        self._note("GetRun", context)
        run = run_pb2.Run(status=event_pb2.RunStatus(run_id=request.run_id))
        return coordinator_service_pb2.GetRunResponse(run=run)

    async def SetClient(self, request: Any, context: Any) -> Any:
        self._note("SetClient", context)
        return coordinator_service_pb2.SetClientResponse(client=request.client)

    async def ReportStatus(self, _: Any, context: Any) -> Any:
        self._note("ReportStatus", context)
        return
        yield

    async def WatchStatus(self, _: Any, context: Any) -> AsyncIterator[Any]:
        self._note("WatchStatus", context)
        await context.send_initial_metadata(())
        async for said in self._events():
            if said == "refused":
                await abort_with(
                    context, grpc.StatusCode.RESOURCE_EXHAUSTED, "too slow", [refusal()]
                )
            yield coordinator_service_pb2.WatchStatusResponse(
                kind=watch_pb2.FRAME_KIND_HEARTBEAT, resume_token=said
            )

    async def WatchEvents(self, _: Any, context: Any) -> AsyncIterator[Any]:
        self._note("WatchEvents", context)
        await context.send_initial_metadata(())
        async for said in self._events():
            data = f"id: {said}\nevent: changes\ndata: {{}}\n\n".encode()
            yield httpbody_pb2.HttpBody(content_type="text/event-stream", data=data)

    async def GetSession(self, _: Any, context: Any) -> Any:
        self._note("GetSession", context)
        session = session_service_pb2.Session(user_id="anna")
        return session_service_pb2.GetSessionResponse(session=session)

    async def DeleteSession(self, _: Any, context: Any) -> Any:
        self._note("DeleteSession", context)
        return session_service_pb2.DeleteSessionResponse()

    async def GetBotStatus(self, request: Any, context: Any) -> Any:
        self._note("GetBotStatus", context)
        null = struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        return bot_service_pb2.GetBotStatusResponse(
            bot_id=request.bot_id,
            status="connected",
            user_id="anna",
            created_at="2026-11-21T10:00:00.000Z",
            updated_at="2026-11-21T10:00:01.000Z",
            error_message=null,
            session_id=null,
            result_data=null,
        )

    async def UpdateBotStatus(self, request: Any, context: Any) -> Any:
        self._note("UpdateBotStatus", context)
        return bot_service_pb2.UpdateBotStatusResponse(bot_id=request.bot_id, status=request.status)

    async def CreateTasksFromAudio(self, request: Any, context: Any) -> Any:
        self._note("CreateTasksFromAudio", context)
        return bot_service_pb2.CreateTasksFromAudioResponse(
            bot_id=request.bot_id, user_id=request.user_id, status=request.text
        )

    async def ReceiveWebhook(self, request: Any, context: Any) -> Any:
        self._note(f"ReceiveWebhook {request.provider} {request.body.data!r}", context)
        return webhook_service_pb2.ReceiveWebhookResponse()

    def _note(self, name: str, context: Any) -> None:
        metadata: dict[str, str] = {}
        for key, value in context.invocation_metadata():
            metadata[key] = f"{metadata[key]}, {value}" if key in metadata else value
        self.calls[name].append(metadata)

    async def _fail_perhaps(self, context: Any) -> None:
        if self.unavailable:
            self.unavailable -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "busy, try again")

    async def _events(self) -> AsyncIterator[str]:
        try:
            while (said := await self.next_event.get()) != "end":
                yield said
        except (asyncio.CancelledError, GeneratorExit):  # the latter while an event is written
            self.gone.set()
            raise


def public_services() -> PublicServices:
    """Return the servers; RPCs that they lack are UNIMPLEMENTED."""
    made: PublicServices = cast(Any, PublicServices)()
    return made


@contextlib.asynccontextmanager
async def serving_public(services: PublicServices) -> AsyncIterator[str]:
    """Serve until the block ends; yields `host:port`."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    bot_service_pb2_grpc.add_BotServiceServicer_to_server(services, server)
    coordinator_service_pb2_grpc.add_CoordinatorServiceServicer_to_server(services, server)
    date_range_service_pb2_grpc.add_DateRangeServiceServicer_to_server(services, server)
    session_service_pb2_grpc.add_SessionServiceServicer_to_server(services, server)
    watch_events_service_pb2_grpc.add_WatchEventsServiceServicer_to_server(services, server)
    webhook_service_pb2_grpc.add_WebhookServiceServicer_to_server(services, server)
    checks = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    await checks.set("", health_pb2.HealthCheckResponse.SERVING)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)
