"""The watch as server-sent events over gRPC. No decisions are made here."""

from google.api import httpbody_pb2
from potok.coordinator.v1 import watch_events_service_pb2 as pb
from potok.coordinator.v1 import watch_events_service_pb2_grpc as pb_grpc

from services.coordinator.watch.domain import WatchEnded
from services.coordinator.watch.mapping import selection_from_pb, watch_request_from_pb
from services.coordinator.watch.server_sent import EventWatches
from services.coordinator.watch.usecases import Selections
from services.coordinator.watch.watcher import read_in_time
from services.coordinator.watch.watches import Watches
from services.kernel.rpc.server import Context
from services.status.rpc.access import current_caller

SERVICE = "potok.coordinator.v1.WatchEventsService"
CONTENT_TYPE = "text/event-stream; charset=utf-8"
HEADERS = (("cache-control", "no-cache"),)
LAST_EVENT_ID = "last-event-id"
"""The header with which a browser says what it saw last."""


class WatchEventsServicer(pb_grpc.WatchEventsServiceServicer):
    """Serves potok.coordinator.v1.WatchEventsService."""

    def __init__(self, watches: Watches, selections: Selections) -> None:
        self._watches = watches
        self._selections = selections
        self._events = EventWatches(watches)

    async def WatchEvents(  # type: ignore[override]  # written rather than yielded
        self, request: pb.WatchEventsRequest, context: Context
    ) -> None:
        async def write(event: bytes) -> None:
            await context.write(httpbody_pb2.HttpBody(content_type=CONTENT_TYPE, data=event))

        caller = current_caller()
        with self._watches.admitted(caller.user):
            metadata = dict(context.invocation_metadata() or ())
            token = str(metadata.get(LAST_EVENT_ID, "")) or request.resume_token
            selecting = self._selections.filter_of(selection_from_pb(request), caller)
            try:
                filter_ = await read_in_time(selecting, token)
            except WatchEnded as ended:  # no status: a browser would never come again after one
                await context.send_initial_metadata(HEADERS)
                await self._events.end(ended, write)
                return
            watch = watch_request_from_pb(request, filter_, caller, token=None)
            # Not before now: what was refused until here is a status that a browser can see.
            await context.send_initial_metadata(HEADERS)
            await self._events.watch(watch, token, write)
