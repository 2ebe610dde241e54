"""The stage CALL_SYNC: lists calls at discovery, fetches one recording per item."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from pathlib import PurePosixPath
from typing import cast

import structlog

from services.call_sync.calls.contacts import shown_contact
from services.call_sync.domain import CallFacts, CallId, SourceRefused, SourceWaits
from services.call_sync.usecases import CallSync
from services.kernel.clock import utc_now
from services.recordings.domain import (
    AccessDenied,
    NotAudio,
    NotFetched,
    Recording,
    RecordingMissing,
    RecordingNotReady,
    StoreUnavailable,
)
from services.stage.domain import (
    DiscoveryFailed,
    DiscoveryWaits,
    Execution,
    Failure,
    Found,
    Item,
    ItemId,
    Later,
    Limits,
    Outcome,
    Skip,
    Success,
)
from services.stage.ports import Transaction
from services.status.domain import (
    ClientSettings,
    Owner,
    Reason,
    SettingFault,
    Stage,
    Wait,
    WaitReason,
)

log = structlog.get_logger()

AT_ONCE = 4
"""Recordings of one job that are fetched at a time."""
SHARE = 0.9
"""The part of a job's time that its recordings may take."""


class CallSyncWork:
    """Implements StageWork.

    The facts of a call are stored when it is listed, so that work needs nothing but its id; the recording is stored
    while working, and its address in the transaction that ends the item. A recording that may still come is looked
    for again after each of `recording_delays`.
    """

    stage = Stage.CALL_SYNC

    def __init__(
        self, call_sync: CallSync, limits: Limits, recording_delays: tuple[timedelta, ...]
    ) -> None:
        self.limits = limits
        self._recording_delays = recording_delays
        self._call_sync = call_sync

    def discover(self, execution: Execution) -> AsyncGenerator[Sequence[Found] | Wait, None]:
        pages = self._call_sync.list_calls(
            owner=execution.owner,
            execution=execution.number,
            source=execution.settings.source,
            days=execution.range,
            time_zone=execution.settings.time_zone,
        )
        return _found(pages)

    async def preview(self, execution: Execution) -> AsyncGenerator[Sequence[Found], None]:
        pages = self._call_sync.preview_calls(
            source=execution.settings.source,
            days=execution.range,
            time_zone=execution.settings.time_zone,
        )
        async with aclosing(_found(pages)) as found:
            async for page in found:
                if not isinstance(page, Wait):
                    yield page

    async def check_settings(self, settings: ClientSettings) -> Sequence[SettingFault]:
        fault = await self._call_sync.check_source(settings.source)
        return [fault] if fault else []

    def estimate(self, settings: ClientSettings, duration_seconds: float | None) -> None:
        """Return nothing: recordings cost nothing."""

    async def work(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        # Less time than the job has, so that recordings that came in time are not lost with those that did not.
        seconds = SHARE * self.limits.job_timeout.total_seconds()
        deadline = asyncio.get_running_loop().time() + seconds
        calls = await self._call_sync.get_calls(
            execution.owner, [CallId(item.item_id) for item in items]
        )
        known = {call.facts.call_id: call.facts for call in calls}
        kept = {ItemId(call.facts.call_id) for call in calls if call.recording}
        again = [
            CallId(item.item_id)
            for item in items
            if item.attempt > 1 and _has_recording(known.get(CallId(item.item_id)))
        ]
        paused: SourceWaits | None = None
        if again:
            try:
                known |= await self._reread(execution, again)
            except SourceWaits as error:
                paused = error
        turn = asyncio.Semaphore(AT_ONCE)

        async def in_time(item: Item) -> Outcome:
            try:
                async with asyncio.timeout_at(deadline), turn:
                    outcome = await self._outcome(execution, item, known, paused)
            except TimeoutError:
                return Failure(
                    item_id=item.item_id,
                    reason=Reason.TIMEOUT,
                    message="the recording did not come while its job had time",
                )
            if isinstance(outcome, Later) and item.item_id in kept:
                # Waiting may end in SKIPPED, which takes away what an earlier run brought.
                return Failure(
                    item_id=item.item_id,
                    reason=Reason.UPSTREAM_UNAVAILABLE,
                    message=outcome.message,
                    retry_after=min(outcome.delays, default=None),
                    wait=outcome.wait,
                )
            return outcome

        async with asyncio.TaskGroup() as tasks:
            working = [tasks.create_task(in_time(item)) for item in items]
        return [task.result() for task in working]

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
        self,
        execution: Execution,
        item: Item,
        known: Mapping[CallId, CallFacts],
        paused: SourceWaits | None,
    ) -> Outcome:
        item_id = item.item_id
        call = known.get(CallId(item_id))
        if call is None:
            return Failure(
                item_id=item_id,
                reason=Reason.INTERNAL,
                message="the call was forgotten while it was worked on: run CALL_SYNC again",
            )
        if call.merged_into:
            return Skip(
                item_id=item_id,
                reason=Reason.MERGED,
                message=f"the source lists it as {call.merged_into}, too",
            )
        if call.fault:
            return Failure(item_id=item_id, reason=Reason.UNREADABLE, message=call.fault)
        link = call.recording_link
        if not call.answered:
            return Skip(item_id=item_id, reason=Reason.MISSED_CALL, message="nobody answered")
        if link is None and call.duration_seconds and call.is_young(utc_now()):
            if paused and item.attempt > 1:
                return self._later_than(paused, item_id)
            return self._later(item_id, "the source has no recording yet")
        if link is None:
            return Skip(
                item_id=item_id, reason=Reason.NO_RECORDING, message="the source has no recording"
            )
        try:
            recording = await self._call_sync.fetch_recording(execution.settings.source, link)
        except NotFetched as error:
            return self._not_fetched(item, call, error)
        except StoreUnavailable as error:
            return Failure(item_id=item_id, reason=Reason.UPSTREAM_UNAVAILABLE, message=str(error))
        return Success(item_id=item_id, result=recording)

    def _not_fetched(self, item: Item, call: CallFacts, error: NotFetched) -> Outcome:
        """Decide whether to wait for the recording, to try again or to give it up."""
        told = _without_number(str(error), call)
        if call.duration_seconds == 0 and isinstance(error, RecordingMissing | NotAudio):
            message = f"nobody answered, and there is no recording: {told}"
            return Skip(item_id=item.item_id, reason=Reason.MISSED_CALL, message=message)
        may_come = error.may_come and call.is_young(utc_now())
        if may_come or isinstance(error, RecordingNotReady):
            return self._later(item.item_id, told)
        # Hosts also deny what they deny for the moment, so once is not enough.
        denied_once = isinstance(error, AccessDenied) and item.attempt == 1
        return Failure(
            item_id=item.item_id,
            reason=Reason.UPSTREAM_UNAVAILABLE if denied_once else error.reason,
            message=told,
            retry_after=error.retry_after,
            wait=Wait(reason=error.wait_reason) if error.retry_after else None,
        )

    def _later(self, item_id: ItemId, message: str) -> Later:
        return Later(
            item_id=item_id,
            reason=Reason.NO_RECORDING_YET,
            message=message,
            delays=self._recording_delays,
            wait=Wait(reason=WaitReason.RECORDING),
        )

    def _later_than(self, paused: SourceWaits, item_id: ItemId) -> Later:
        """Wait until a source that is left alone for a while can say where the recording is."""
        rest = paused.until_at - utc_now()
        return Later(
            item_id=item_id,
            reason=Reason.NO_RECORDING_YET,
            message=str(paused),
            delays=tuple(max(delay, rest) for delay in self._recording_delays),
            wait=Wait(reason=paused.wait_reason),
        )

    async def _reread(
        self, execution: Execution, call_ids: Sequence[CallId]
    ) -> Mapping[CallId, CallFacts]:
        """Ask the source for calls again, since recordings may have come or moved; raises SourceWaits."""
        try:
            calls = await self._call_sync.reread_calls(
                owner=execution.owner,
                execution=execution.number,
                source=execution.settings.source,
                call_ids=call_ids,
                time_zone=execution.settings.time_zone,
            )
        except SourceWaits:
            raise
        except SourceRefused as error:
            log.warning("calls_not_reread", execution=execution.number, error=str(error))
            return {}
        return {call.call_id: call for call in calls}


def _has_recording(call: CallFacts | None) -> bool:
    """Whether asking the source again may help a call."""
    return call is None or not (call.merged_into or call.fault)


async def _found(
    pages: AsyncGenerator[Sequence[CallFacts] | Wait, None],
) -> AsyncGenerator[Sequence[Found] | Wait, None]:
    """Yield what is listed as items; raises DiscoveryFailed, DiscoveryWaits."""
    try:
        async with aclosing(pages):
            async for page in pages:
                yield page if isinstance(page, Wait) else [_item(call) for call in page]
    except SourceWaits as error:
        raise DiscoveryWaits(error.wait_reason, error.until_at, str(error)) from error
    except SourceRefused as error:
        raise DiscoveryFailed(error.reason, str(error)) from error


def _item(call: CallFacts) -> Found:
    settled = Reason.MERGED if call.merged_into else Reason.UNREADABLE if call.fault else None
    return Found(
        item_id=ItemId(call.call_id),
        day=call.day,
        upstream=call.version,
        duration_seconds=call.duration_seconds,
        settled=settled,
    )


def _without_number(message: str, call: CallFacts) -> str:
    """Return a message for everybody, with the name of the file as everybody sees it: it is often a phone number."""
    name = PurePosixPath(call.recording_link or "").name
    return message.replace(name, shown_contact(name)) if name else message
