"""What a caller asks to watch, as the watch takes it: by gRPC and as server-sent events alike."""

from collections.abc import Collection
from datetime import timedelta

from potok.coordinator.v1 import coordinator_service_pb2, watch_events_service_pb2, watch_pb2

from services.coordinator.hub import Filter
from services.coordinator.tokens import Token
from services.coordinator.watch import DEFAULT_HEARTBEAT, WatchRequest
from services.status.domain import client_owner
from services.status.identity import Caller
from services.status.mapping import date_range_from_pb

Request = coordinator_service_pb2.WatchStatusRequest | watch_events_service_pb2.WatchEventsRequest


def watch_request(request: Request, caller: Caller, token: Token | None) -> WatchRequest:
    """Return the watch that is asked for, from where `token` says; raises InvalidInput for what is no range."""
    return WatchRequest(
        wanted=wanted_filter(caller, request.client_ids, request.run_ids),
        token=token,
        latest=request.delivery == watch_pb2.DELIVERY_LATEST,
        heartbeat=timedelta(seconds=request.heartbeat_seconds or DEFAULT_HEARTBEAT),
        ledger=date_range_from_pb(request.ledger) if request.HasField("ledger") else None,
        expires_at=caller.expires_at,
    )


def wanted_filter(caller: Caller, client_ids: Collection[str], run_ids: Collection[str]) -> Filter:
    """Return what a watch delivers: what it names, or else all that its caller may see."""
    if client_ids or run_ids:
        owners = frozenset[str](map(client_owner, client_ids))
        return Filter(everything=False, owners=owners, subjects=frozenset(run_ids))
    if caller.sees_all:
        return Filter(everything=True)
    return Filter(everything=False, owners=frozenset(caller.owners))
