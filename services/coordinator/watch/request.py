"""What a caller asks to watch, as the watch takes it: by gRPC and as server-sent events alike."""

from collections.abc import Collection
from datetime import timedelta

from potok.coordinator.v1 import coordinator_service_pb2, watch_events_service_pb2, watch_pb2

from services.coordinator.bots.usecases import Bots
from services.coordinator.runs.usecases import Coordinator
from services.coordinator.state.bot import BotId
from services.coordinator.watch.hub import Filter
from services.coordinator.watch.resume_tokens import Token
from services.coordinator.watch.watches import DEFAULT_HEARTBEAT, WatchRequest
from services.status.domain import RunId, client_owner
from services.status.identity import Caller
from services.status.mapping import date_range_from_pb

Request = coordinator_service_pb2.WatchStatusRequest | watch_events_service_pb2.WatchEventsRequest


class Watched:
    """Reads what callers ask to watch, and refuses what does not exist or is not theirs."""

    def __init__(self, coordinator: Coordinator, bots: Bots) -> None:
        self._coordinator = coordinator
        self._bots = bots

    async def read(self, request: Request, caller: Caller, token: Token | None) -> WatchRequest:
        """Return the watch that is asked for, from where `token` says.

        Raises NotFound, Forbidden, and InvalidInput for what is no range.
        """
        subjects = await self._coordinator.watch_topics(
            request.client_ids, list(map(RunId, request.run_ids))
        )
        await self._bots.check_bots(caller, list(map(BotId, request.bot_ids)))
        return WatchRequest(
            wanted=_filter(caller, request.client_ids, subjects | set(request.bot_ids)),
            token=token,
            latest=request.delivery == watch_pb2.DELIVERY_LATEST,
            heartbeat=timedelta(seconds=request.heartbeat_seconds or DEFAULT_HEARTBEAT),
            ledger=date_range_from_pb(request.ledger) if request.HasField("ledger") else None,
            expires_at=caller.expires_at,
        )


def _filter(caller: Caller, client_ids: Collection[str], subjects: Collection[str]) -> Filter:
    """Return what a watch delivers: what it names, or else all that its caller may see."""
    if client_ids or subjects:
        owners = frozenset[str](map(client_owner, client_ids))
        return Filter(everything=False, owners=owners, topics=frozenset(subjects))
    if caller.sees_all:
        return Filter(everything=True)
    return Filter(everything=False, owners=frozenset(caller.owners))
