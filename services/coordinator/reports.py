"""ReportStatus: batches of reports in, one acknowledgement after each commit out."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import timedelta

import asyncpg
import structlog
from potok.coordinator.v1 import coordinator_service_pb2 as pb

from services.coordinator import wire
from services.coordinator.lanes import Batch, Lane, Lanes, Rejection, Reported
from services.coordinator.mapping import VERDICT_TO_PB
from services.coordinator.repository import QUERIES
from services.coordinator.sequence import StageReport, Verdict
from services.kernel.errors import InvalidInput
from services.kernel.tasks import cancel
from services.status.domain import ExecutionNumber, Owner

log = structlog.get_logger()

MOST_REPORTS = 1_000
MOST_BATCHES_OPEN = 100
MOST_OWNERS = 100_000

Write = Callable[[bytes], Awaitable[None]]


class Reports:
    """Takes the report streams of a replica."""

    def __init__(self, pool: asyncpg.Pool, lanes: Lanes) -> None:
        self._pool = pool
        self._lanes = lanes
        self._owners: OrderedDict[ExecutionNumber, Owner] = OrderedDict()
        self._alive: set[ExecutionNumber] = set()

    async def take(self, requests: AsyncIterator[bytes], write: Write) -> None:
        """Take one stream until its sender closes it; everything taken is acknowledged by then."""
        open_batches: deque[Batch | None] = deque()
        arrived = asyncio.Event()
        room = asyncio.Semaphore(MOST_BATCHES_OPEN)
        acker = asyncio.create_task(_acknowledge(open_batches, arrived, room, write))
        try:
            async for data in requests:
                await room.acquire()
                open_batches.append(await self._take_batch(data))
                arrived.set()
                if acker.done():
                    break
            open_batches.append(None)
            arrived.set()
            await acker
        finally:
            await cancel(acker)

    async def store_heartbeats(self, least: timedelta) -> None:
        """Write down who was heard of since the last time."""
        alive, self._alive = self._alive, set()
        if alive:
            await QUERIES.heartbeat(self._pool, executions=list(alive), least=least)

    async def _take_batch(self, data: bytes) -> Batch:
        message = wire.read_batch(data)
        if len(message.reports) > MOST_REPORTS:
            raise InvalidInput(f"reports: at most {MOST_REPORTS} in a message")
        self._alive.update(map(ExecutionNumber, message.heartbeats))
        batch = Batch(
            message.batch, len(message.reports) + 1, asyncio.get_running_loop().create_future()
        )
        reports = self._read(message.reports, batch)
        await self._learn_owners({r.execution for r in reports if r.execution not in self._owners})
        by_lane: dict[Lane, list[Reported]] = {}
        for report in reports:
            owner = self._owners.get(report.execution)
            if owner is None:
                rejection = Rejection(report.execution, report.sequence, Verdict.ILLEGAL)
                batch.settle(1, [rejection])
                continue
            self._alive.add(report.execution)
            by_lane.setdefault(self._lanes.of(owner), []).append(Reported(owner, report, batch))
        for lane, part in by_lane.items():
            await lane.put(part)
        batch.settle(1, [])
        return batch

    def _read(self, messages: Iterable[bytes], batch: Batch) -> list[StageReport]:
        reports = []
        for data in messages:
            try:
                reports.append(wire.read_report(data))
            except (ValueError, TypeError) as error:
                log.warning("report_malformed", error=str(error))
                batch.settle(1, [Rejection(ExecutionNumber(0), 0, Verdict.ILLEGAL)])
        return reports

    async def _learn_owners(self, executions: set[ExecutionNumber]) -> None:
        if not executions:
            return
        async for row in QUERIES.owners_of(self._pool, executions=list(executions)):
            self._owners[ExecutionNumber(row["execution"])] = Owner(row["owner"])
        while len(self._owners) > MOST_OWNERS:
            self._owners.popitem(last=False)


async def _acknowledge(
    batches: deque[Batch | None], arrived: asyncio.Event, room: asyncio.Semaphore, write: Write
) -> None:
    """Acknowledge batches in their order until None; those that are settled together share an answer."""
    while True:
        while not batches:
            arrived.clear()
            await arrived.wait()
        first = batches[0]
        if first is None:
            return
        await first.settled
        answer = pb.ReportStatusResponse()
        while batches and (batch := batches[0]) is not None and batch.settled.done():
            batches.popleft()
            room.release()
            answer.batch = batch.number
            for rejection in batch.rejections:
                answer.verdicts.add(
                    execution=rejection.execution,
                    sequence=rejection.sequence,
                    verdict=VERDICT_TO_PB[rejection.verdict],
                )
        await write(answer.SerializeToString())
