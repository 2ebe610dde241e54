"""The stage CALL_SYNC: lists calls at discovery, fetches one recording per item."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import cast

from services.call_sync.domain import (
    Call,
    CallFacts,
    CallId,
    NotFetched,
    Recording,
    SourceRefused,
    StoreUnavailable,
)
from services.call_sync.usecases import CallSync
from services.stage.domain import (
    DiscoveryFailed,
    Execution,
    Failure,
    Found,
    Item,
    ItemId,
    Limits,
    Outcome,
    Skip,
    Success,
)
from services.stage.ports import Transaction
from services.status.domain import ClientSettings, Owner, Reason, Stage


class CallSyncWork:
    """Implements StageWork.

    The facts of a call are stored when it is listed, so that work needs nothing but its id; the recording is stored
    while working, and its address in the transaction that ends the item.
    """

    stage = Stage.CALL_SYNC

    def __init__(self, call_sync: CallSync, limits: Limits) -> None:
        self.limits = limits
        self._call_sync = call_sync

    async def discover(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        pages = self._call_sync.list_calls(
            owner=execution.owner,
            execution=execution.number,
            source=execution.settings.source,
            days=execution.range,
            time_zone=execution.settings.time_zone,
        )
        async for page in _found(pages):
            yield page

    async def preview(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        pages = self._call_sync.preview_calls(
            source=execution.settings.source,
            days=execution.range,
            time_zone=execution.settings.time_zone,
        )
        async for page in _found(pages):
            yield page

    def estimate(self, settings: ClientSettings, duration_seconds: float | None) -> None:
        """Return nothing: recordings cost nothing."""

    async def work(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        calls = await self._call_sync.get_calls(
            execution.owner, [CallId(item.item_id) for item in items]
        )
        known = {call.facts.call_id: call for call in calls}
        return [await self._outcome(execution, item.item_id, known) for item in items]

    async def store(
        self, transaction: Transaction, execution: Execution, successes: Sequence[Success]
    ) -> None:
        recordings = [
            (CallId(success.item_id), cast(Recording, success.result)) for success in successes
        ]
        await self._call_sync.set_recordings(transaction, execution.owner, recordings)

    async def forget(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        await self._call_sync.delete_calls(
            transaction, owner, [CallId(item_id) for item_id in item_ids]
        )

    async def discard(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        await self._call_sync.clear_recordings(
            transaction, owner, [CallId(item_id) for item_id in item_ids]
        )

    async def finish(self, execution: Execution) -> None:
        """Do nothing: calls need no work as a whole."""

    async def _outcome(
        self, execution: Execution, item_id: ItemId, known: Mapping[CallId, Call]
    ) -> Outcome:
        call = known.get(CallId(item_id))
        if call is None:
            return Failure(
                item_id=item_id,
                reason=Reason.INTERNAL,
                message="the call was forgotten while it was worked on: run CALL_SYNC again",
            )
        link = call.facts.recording_link
        if not call.facts.answered:
            return Skip(item_id=item_id, reason=Reason.MISSED_CALL, message="nobody answered")
        if link is None:
            return Skip(
                item_id=item_id, reason=Reason.NO_RECORDING, message="the source has no recording"
            )
        try:
            recording = await self._call_sync.fetch_recording(execution.settings.source, link)
        except NotFetched as error:
            return Failure(item_id=item_id, reason=error.reason, message=str(error))
        except StoreUnavailable as error:
            return Failure(item_id=item_id, reason=Reason.UPSTREAM_UNAVAILABLE, message=str(error))
        return Success(item_id=item_id, result=recording)


async def _found(
    pages: AsyncIterator[Sequence[CallFacts]],
) -> AsyncIterator[Sequence[Found]]:
    """Yield listed calls as items; raises DiscoveryFailed."""
    try:
        async for page in pages:
            yield [
                Found(
                    item_id=ItemId(call.call_id),
                    day=call.day,
                    duration_seconds=call.duration_seconds,
                )
                for call in page
            ]
    except SourceRefused as error:
        raise DiscoveryFailed(error.reason, str(error)) from error
