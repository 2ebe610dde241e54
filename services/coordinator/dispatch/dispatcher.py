"""Tells stage services what to run and what to stop, until they have accepted; a crash loses nothing."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta

import asyncpg
import structlog
from potok.stage.v1 import stage_service_pb2 as pb
from potok.stage.v1 import stage_service_pb2_grpc as pb_grpc

from services.coordinator.commit.group import DeliveryKind
from services.coordinator.commit.repository import drop_delivery, heartbeat
from services.coordinator.runs.commands import LaneChanges
from services.coordinator.runs.mapping import run_stage_request
from services.coordinator.runs.repository import QUERIES
from services.kernel.errors import DomainError
from services.kernel.rpc.client import errors_of
from services.status.domain import ExecutionNumber, ExecutionState, Owner, Stage
from services.status.mapping import EXECUTION_STATE_FROM_PB

log = structlog.get_logger()

AT_ONCE = 16
CALL_SECONDS = 10
LEASE = timedelta(seconds=15)
"""Longer than a call may take: nobody else delivers meanwhile."""
MOST_DELAY = timedelta(seconds=5)
FIRST_DELAY = timedelta(milliseconds=200)


class Dispatcher:
    """Delivers RunStage and CancelStage from the `deliveries` table."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        changes: LaneChanges,
        stages: Mapping[Stage, "pb_grpc.StageServiceAsyncStub"],
    ) -> None:
        self._pool = pool
        self._changes = changes
        self._stages = stages
        self._due = asyncio.Event()

    def hint(self) -> None:
        """Look at the deliveries soon."""
        self._due.set()

    async def run(self, interval: timedelta) -> None:
        """Deliver what is due until cancelled."""
        while True:
            try:
                async with asyncio.timeout(interval.total_seconds()):
                    await self._due.wait()
            except TimeoutError:
                pass
            self._due.clear()
            try:
                while await self._deliver_due() == AT_ONCE:
                    pass
            except Exception:
                log.exception("dispatch_failed")

    async def _deliver_due(self) -> int:
        claimed = QUERIES.claim_deliveries(self._pool, count=AT_ONCE, lease=LEASE)
        due = [(row["execution"], DeliveryKind(row["kind"]), row["tries"]) async for row in claimed]
        tries = [self._deliver(ExecutionNumber(e), kind, n) for e, kind, n in due]
        for error in await asyncio.gather(*tries, return_exceptions=True):
            if isinstance(error, BaseException):
                # Its lease runs out, then it is tried again.
                log.error("delivery_broken", exc_info=error)
        return len(due)

    async def _deliver(self, number: ExecutionNumber, kind: DeliveryKind, tries: int) -> None:
        row = await QUERIES.delivery(self._pool, execution=number)
        owner, stage = Owner(row["owner"]), Stage(row["stage"])
        try:
            if kind is DeliveryKind.RUN:
                await self._run_stage(row, owner, stage)
            else:
                await self._cancel_stage(number, owner, stage)
        except DomainError as error:
            delay = min(FIRST_DELAY * 2 ** min(tries, 10), MOST_DELAY)
            log.warning("delivery_failed", execution=number, kind=kind.value, error=str(error))
            await QUERIES.delay_delivery(self._pool, execution=number, kind=kind.value, delay=delay)
            if kind is DeliveryKind.RUN:
                await self._changes.unreachable(owner, number)
        else:
            await drop_delivery(self._pool, number, kind)

    async def _run_stage(self, row: asyncpg.Record, owner: Owner, stage: Stage) -> None:
        request = run_stage_request(row, json.loads(row["settings"]))
        with errors_of(stage.value):
            await self._stages[stage].RunStage(request, timeout=CALL_SECONDS)
        number = ExecutionNumber(row["execution"])
        await heartbeat(self._pool, [number], timedelta(0))
        await self._changes.dispatched(owner, number)

    async def _cancel_stage(self, number: ExecutionNumber, owner: Owner, stage: Stage) -> None:
        with errors_of(stage.value):
            response = await self._stages[stage].CancelStage(
                pb.CancelStageRequest(execution=number), timeout=CALL_SECONDS
            )
        state = EXECUTION_STATE_FROM_PB.get(response.state)
        if state is ExecutionState.CANCELLED:
            await self._changes.cancelled(owner, number)
