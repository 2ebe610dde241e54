"""Requests for a watch to the domain: by gRPC and as server-sent events alike."""

from datetime import timedelta

from potok.coordinator.v1 import coordinator_service_pb2, watch_events_service_pb2, watch_pb2

from services.coordinator.state.bot import BotId
from services.coordinator.watch.domain import (
    DEFAULT_HEARTBEAT,
    Filter,
    Selection,
    WatchRequest,
)
from services.coordinator.watch.resume_tokens import ResumeToken
from services.status.domain import RunId
from services.status.identity import Caller
from services.status.mapping import date_range_from_pb

Request = coordinator_service_pb2.WatchStatusRequest | watch_events_service_pb2.WatchEventsRequest


def selection_from_pb(request: Request) -> Selection:
    return Selection(
        client_ids=tuple(request.client_ids),
        run_ids=tuple(map(RunId, request.run_ids)),
        bot_ids=tuple(map(BotId, request.bot_ids)),
    )


def watch_request_from_pb(
    request: Request, filter_: Filter, caller: Caller, token: ResumeToken | None
) -> WatchRequest:
    """Return the watch that is asked for, from where `token` says; raises InvalidInput for what is no range."""
    return WatchRequest(
        filter_=filter_,
        token=token,
        latest=request.delivery == watch_pb2.DELIVERY_LATEST,
        heartbeat=timedelta(seconds=request.heartbeat_seconds) or DEFAULT_HEARTBEAT,
        ledger=date_range_from_pb(request.ledger, "ledger") if request.HasField("ledger") else None,
        expires_at=caller.expires_at,
    )
