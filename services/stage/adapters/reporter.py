"""Tells the coordinator where executions are: one stream of batches, again after every loss.

Nothing is kept to be sent: what changed is named, and its rows are read when a batch is made. What the coordinator
has not acknowledged is found in the rows again when the stream is opened, and an end nobody named at every heartbeat.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import grpc
import structlog
from potok.coordinator.v1 import coordinator_service_pb2, report_pb2

from services.kernel.outage import Outage, go_on_ending
from services.kernel.postgres_errors import why_away
from services.kernel.tasks import cancel
from services.stage.mapping import report_to_pb
from services.stage.repository import report_rows
from services.stage.settings import StageSettings
from services.status.domain import ExecutionNumber

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.coordinator.v1.coordinator_service_pb2_grpc import CoordinatorServiceAsyncStub

log = structlog.get_logger()

MOST = 100
"""Reports of one batch."""
IN_FLIGHT = 8
"""Batches without an acknowledgement."""
FIRST_BACKOFF = 0.1
"""Seconds before the stream is opened again the first time."""
SHARE = 4
"""Pauses are at least so many times as long as the reading took: counting never takes more than a fifth of the time."""

OnStale = Callable[[ExecutionNumber], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """A batch on its way: when it was sent, and which executions it says to have ended."""

    at: float
    ended: Sequence[ExecutionNumber]


class Reporter:
    """The reporter of one process."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        stub: "CoordinatorServiceAsyncStub",
        settings: StageSettings,
    ) -> None:
        self._pool = pool
        self._stub = stub
        self._settings = settings
        self._dirty: dict[ExecutionNumber, set[date] | None] = {}
        self._changed = asyncio.Event()
        self._in_flight: dict[int, _Sent] = {}
        self._acked = asyncio.Event()
        self._building = False
        self._writing = asyncio.Lock()
        self._batch = 0
        self._backoff = FIRST_BACKOFF
        self._outage = Outage("reports")

    def touch(
        self, number: ExecutionNumber, days: Iterable[date] | None = report_rows.WHOLE_RANGE
    ) -> None:
        """Note that an execution changed, and days of it; all of them where none are named."""
        before = self._dirty.get(number, set())
        self._dirty[number] = None if days is None or before is None else before | set(days)
        self._changed.set()

    async def run(self, on_stale: OnStale) -> None:
        """Report until cancelled; `on_stale` is called with executions that the coordinator gave up."""
        while True:
            try:
                await self._session(on_stale)
            except Exception as error:
                go_on_ending()
                text = error.details() if isinstance(error, grpc.aio.AioRpcError) else repr(error)
                self._outage.begin(why_away(error) or str(text))
            await asyncio.sleep(random.uniform(0, self._backoff))  # noqa: S311
            self._backoff = min(2 * self._backoff, self._settings.report_backoff.total_seconds())

    async def flush(self, timeout: timedelta) -> None:  # noqa: ASYNC109
        """Wait until all is reported and acknowledged, but no longer than that."""
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                while self._dirty or self._building or self._in_flight:
                    self._acked.clear()
                    await self._acked.wait()
        except TimeoutError:
            log.warning("reports_unfinished", executions=len(self._dirty))

    async def _session(self, on_stale: OnStale) -> None:
        """Open the stream, report all that may be news, then what changes; raises when the stream is lost."""
        self._in_flight.clear()
        self._building = False
        for number, _ in await report_rows.list_reportable(self._pool):
            self.touch(number)
        call = self._stub.ReportStatus()
        tasks = [
            asyncio.create_task(each)
            for each in (self._read(call, on_stale), self._write(call), self._beat(call))
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            call.cancel()
            await cancel(*tasks)

    async def _write(self, call: Any) -> None:
        """Report what changes."""
        loop = asyncio.get_running_loop()
        heartbeat = self._settings.report_heartbeat.total_seconds()
        pause = 0.0
        while True:
            # Either there is something to say, or room for it.
            await (self._changed if len(self._in_flight) < IN_FLIGHT else self._acked).wait()
            await asyncio.sleep(max(self._settings.report_debounce.total_seconds(), pause))
            started = loop.time()
            self._building = True
            reports, ended = await self._build()
            pause = min(SHARE * (loop.time() - started), heartbeat)
            if reports:
                await self._send(call, reports, ended, [])
            self._building = False

    async def _beat(self, call: Any) -> None:
        """Tell which executions are open, on a timer of its own: what is counted for reports may take long."""
        limit = self._settings.report_timeout.total_seconds()
        while True:
            heartbeats = await self._take_stock()
            oldest = min((sent.at for sent in self._in_flight.values()), default=None)
            if oldest is not None and asyncio.get_running_loop().time() - oldest > limit:
                raise TimeoutError(f"no acknowledgement for {limit} seconds")
            if heartbeats:
                await self._send(call, [], [], heartbeats)
            await asyncio.sleep(self._settings.report_heartbeat.total_seconds())

    async def _take_stock(self) -> list[ExecutionNumber]:
        """Return which executions are open, and name the ended ones that nobody reports.

        Whoever ended one may have been interrupted between the commit and its touch().
        """
        reportable = await report_rows.list_reportable(self._pool)
        on_the_way = {number for sent in self._in_flight.values() for number in sent.ended}
        for number, is_open in reportable:
            if not is_open and number not in on_the_way:
                self.touch(number)
        return [number for number, is_open in reportable if is_open]

    async def _build(self) -> tuple[list[report_pb2.Report], list[ExecutionNumber]]:
        """Read the executions that changed; return their reports and which of them ended."""
        if len(self._in_flight) >= IN_FLIGHT:
            self._acked.clear()
            return [], []
        touched = {number: self._dirty.pop(number) for number in sorted(self._dirty)[:MOST]}
        if not self._dirty:
            self._changed.clear()
        if not touched:
            return [], []
        async with self._pool.acquire() as connection, connection.transaction():
            progress = await report_rows.read_progress(connection, touched)
        ended = [each.execution for each in progress if each.state.ended]
        return [report_to_pb(each) for each in progress], ended

    async def _send(
        self,
        call: Any,
        reports: Sequence[report_pb2.Report],
        ended: Sequence[ExecutionNumber],
        heartbeats: Sequence[ExecutionNumber],
    ) -> None:
        async with self._writing:
            self._batch += 1
            self._in_flight[self._batch] = _Sent(at=asyncio.get_running_loop().time(), ended=ended)
            request = coordinator_service_pb2.ReportStatusRequest(
                batch=self._batch, reports=reports, heartbeats=heartbeats
            )
            async with asyncio.timeout(self._settings.report_timeout.total_seconds()):
                await call.write(request)

    async def _read(self, call: Any, on_stale: OnStale) -> None:
        """Take acknowledgements until the stream ends, which raises."""
        async for response in call:
            self._backoff = FIRST_BACKOFF
            self._outage.end()
            stale = set()
            for verdict in response.verdicts:
                if verdict.verdict == report_pb2.VERDICT_STALE:
                    stale.add(ExecutionNumber(verdict.execution))
                elif verdict.verdict == report_pb2.VERDICT_ILLEGAL:
                    log.error(
                        "report_refused", execution=verdict.execution, sequence=verdict.sequence
                    )
            acked = [batch for batch in self._in_flight if batch <= response.batch]
            ended = [number for batch in acked for number in self._in_flight[batch].ended]
            if ended:
                await report_rows.ack_ended(self._pool, ended)
            for batch in acked:
                del self._in_flight[batch]
            for number in stale:
                await on_stale(number)
            self._acked.set()
        raise ConnectionError("the coordinator ended the stream")
