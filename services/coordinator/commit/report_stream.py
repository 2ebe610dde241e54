"""ReportStatus: batches of reports in, one acknowledgement after each commit out."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import timedelta

import structlog

from services.coordinator.commit import repository
from services.coordinator.commit.changes import Batch, Reported
from services.coordinator.commit.lanes import Lanes
from services.coordinator.state.reports import Verdict
from services.coordinator.wire.reports import (
    UNREADABLE,
    RawReport,
    Rejection,
    acknowledgement,
    read_address,
    read_batch,
    read_raw,
)
from services.kernel.errors import InvalidInput
from services.kernel.postgres import ConnectionOrPool
from services.kernel.tasks import cancel
from services.status.domain import ExecutionNumber, Owner
from services.status.mapping import EXECUTION_STATE_FROM_PB

log = structlog.get_logger()

MOST_REPORTS = 1_000
MOST_BATCHES_OPEN = 100
MOST_OWNERS = 100_000
MOST_UNKNOWN = 10
"""Reports of unknown executions that are kept of a message."""

Write = Callable[[bytes], Awaitable[None]]


class Reports:
    """Takes the report streams of a replica."""

    def __init__(self, pool: ConnectionOrPool, lanes: Lanes) -> None:
        self._pool = pool
        self._lanes = lanes
        self._owners: OrderedDict[ExecutionNumber, Owner] = OrderedDict()
        self._alive: set[int] = set()
        self._readers: set[asyncio.Task[None]] = set()
        self._draining = False

    async def take(self, requests: AsyncIterator[bytes], write: Write) -> None:
        """Take one stream until its sender closes it, or the replica stops; all that was taken is acknowledged then."""
        if self._draining:
            return
        open_batches: deque[Batch | None] = deque()
        arrived = asyncio.Event()
        slots = asyncio.Semaphore(MOST_BATCHES_OPEN)
        acker = asyncio.create_task(_acknowledge(open_batches, arrived, slots, write))

        async def read() -> None:
            async for data in requests:
                await slots.acquire()
                open_batches.append(await self._take_batch(data))
                arrived.set()
                if acker.done():
                    break

        reader = asyncio.create_task(read())
        self._readers.add(reader)
        try:
            await asyncio.wait({reader})
            if not reader.cancelled():
                reader.result()
            open_batches.append(None)
            arrived.set()
            await acker
        finally:
            self._readers.discard(reader)
            await cancel(reader, acker)

    async def drain(self) -> None:
        """Take no more reports: their senders open a stream to another replica, and repeat what has no answer."""
        self._draining = True
        await cancel(*self._readers)

    async def store_heartbeats(self, least: timedelta) -> None:
        """Store which executions were alive since the last time."""
        alive, self._alive = self._alive, set()
        if alive:
            await repository.heartbeat(self._pool, alive, least)

    async def _take_batch(self, data: bytes) -> Batch:
        message = read_batch(data)
        if len(message.reports) > MOST_REPORTS:
            raise InvalidInput(f"reports: at most {MOST_REPORTS} in a message")
        heartbeats = message.heartbeats
        if heartbeats and max(heartbeats) >> 63:
            raise InvalidInput("heartbeats: must be below 2^63")
        self._alive.update(heartbeats)
        settled = asyncio.get_running_loop().create_future()
        # One more than there are reports, so that it is not settled before all are on their way.
        batch = Batch(message.batch, len(message.reports) + 1, settled)
        raws = self._read(message.reports, batch)
        owners = self._owners
        unknown = {raw.execution for raw in raws if raw.execution not in owners}
        if unknown:
            await self._learn_owners(unknown)
        reports = []
        for raw in raws:
            owner = owners.get(raw.execution)
            if owner is None:
                batch.settle(1, [_illegal(raw.execution, raw.sequence)])
            else:
                reports.append(Reported(owner, raw))
        await self._keep_unknown([raw for raw in raws if raw.execution not in owners])
        self._alive.update([raw.execution for raw in raws])
        await self._lanes.put(batch, reports, len(data))
        batch.settle(1, [])
        return batch

    async def _keep_unknown(self, raws: Sequence[RawReport]) -> None:
        """Keep reports of executions that nobody knows; of many in a message the first."""
        known = [
            (raw.execution, raw.sequence, EXECUTION_STATE_FROM_PB[raw.state])
            for raw in raws[:MOST_UNKNOWN]
            if raw.state in EXECUTION_STATE_FROM_PB and max(raw.execution, raw.sequence) < 1 << 63
        ]
        if known:
            await repository.insert_unknown_reports(self._pool, known)

    def _read(self, messages: Iterable[bytes], batch: Batch) -> list[RawReport]:
        reports = []
        for data in messages:
            try:
                reports.append(read_raw(data))
            except UNREADABLE as error:
                execution, sequence = read_address(data)
                log.warning("report_malformed", execution=execution, error=str(error))
                batch.settle(1, [_illegal(execution, sequence)])
        return reports

    async def _learn_owners(self, executions: set[ExecutionNumber]) -> None:
        self._owners.update(await repository.owners_of(self._pool, executions))
        while len(self._owners) > MOST_OWNERS:
            self._owners.popitem(last=False)


def _illegal(execution: int, sequence: int) -> Rejection:
    return Rejection(ExecutionNumber(execution), sequence, Verdict.ILLEGAL)


async def _acknowledge(
    batches: deque[Batch | None], arrived: asyncio.Event, slots: asyncio.Semaphore, write: Write
) -> None:
    """Acknowledge batches in their order, up to a None; those that are settled together share an answer."""
    while True:
        while not batches:
            arrived.clear()
            await arrived.wait()
        first = batches[0]
        if first is None:
            return
        await first.settled
        last, rejections = first.number, []
        while batches and (batch := batches[0]) is not None and batch.settled.done():
            batches.popleft()
            slots.release()
            last = batch.number
            rejections += batch.rejections
        await write(acknowledgement(last, rejections))
