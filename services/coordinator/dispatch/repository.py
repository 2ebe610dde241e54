"""The rows of deliveries, and of executions whose time is over."""

import json
from collections.abc import Collection
from datetime import timedelta

import asyncpg

from services.coordinator.commit.repository import drop_delivery, heartbeat
from services.coordinator.dispatch.domain import (
    Assignment,
    DueDelivery,
    Happening,
    OverdueExecution,
)
from services.coordinator.settings import Limits
from services.coordinator.state.domain import (
    DeliveryKind,
)
from services.kernel.postgres import load_queries
from services.status.domain import (
    ClientSettings,
    DateRange,
    ExecutionNumber,
    Owner,
    RunId,
    RunMode,
    Stage,
)

_QUERIES = load_queries(__file__)

LOCK = 0x706F746F6B
"""Advisory lock: one replica at a time looks for overdue executions."""


class PostgresDispatch:
    """Implements Deliveries and OverdueExecutions over a pool of the system role."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def claim_deliveries(self, count: int, lease: timedelta) -> list[DueDelivery]:
        rows = _QUERIES.claim_deliveries(self._pool, count=count, lease=lease)
        return [
            DueDelivery(
                execution=ExecutionNumber(row["execution"]),
                kind=DeliveryKind(row["kind"]),
                tries=row["tries"],
            )
            async for row in rows
        ]

    async def next_delivery(self) -> timedelta | None:
        wait: timedelta | None = await _QUERIES.next_delivery(self._pool)
        return wait

    async def get_assignment(self, execution: ExecutionNumber) -> Assignment:
        row = await _QUERIES.get_assignment(self._pool, execution=execution)
        return Assignment(
            execution=ExecutionNumber(row["execution"]),
            run_id=RunId(str(row["run_id"])),
            owner=Owner(row["owner"]),
            stage=Stage(row["stage"]),
            mode=RunMode(row["mode"]),
            range=DateRange(start=row["start_date"], end=row["end_date"]),
            settings=ClientSettings(**json.loads(row["settings"])),
            bot_id=row["bot_id"] or "",
        )

    async def delay_delivery(
        self, execution: ExecutionNumber, kind: DeliveryKind, delay: timedelta
    ) -> None:
        await _QUERIES.delay_delivery(self._pool, execution=execution, kind=kind.value, delay=delay)

    async def drop_delivery(self, execution: ExecutionNumber, kind: DeliveryKind) -> None:
        await drop_delivery(self._pool, execution, kind)

    async def heartbeat(self, executions: Collection[ExecutionNumber]) -> None:
        await heartbeat(self._pool, executions, least=timedelta(0))

    async def overdue(self, limits: Limits) -> list[OverdueExecution]:
        rows = _QUERIES.overdue(
            self._pool,
            lock=LOCK,
            silent=limits.silent,
            stall_limit=limits.stall_limit,
            progress_limit=limits.progress_limit,
            wait_limit=limits.wait_limit,
            cancel_grace=limits.cancel_grace,
        )
        return [
            OverdueExecution(
                owner=Owner(row["owner"]),
                number=ExecutionNumber(row["execution"]),
                happening=Happening(row["happening"]),
                seen_at=row["seen_at"],
            )
            async for row in rows
        ]
