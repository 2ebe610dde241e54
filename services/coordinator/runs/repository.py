"""Clients, runs and the ledger, as they are read; the lanes write all but clients."""

from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import asdict

import asyncpg

from services.coordinator.commit.repository import insert_audit_entries, list_executions, load_runs
from services.coordinator.commit.rows import (
    audit_entry_from_row,
    day_from_row,
    run_from_row,
    settings_from_row,
)
from services.coordinator.state.days import (
    DayFigures,
    Ledger,
    RangeDay,
)
from services.coordinator.state.domain import (
    AcceptedStart,
    Client,
    RunView,
)
from services.coordinator.state.position import Position
from services.coordinator.state.reports import (
    RejectedReport,
    Verdict,
)
from services.coordinator.state.tenant import (
    Tenant,
)
from services.coordinator.watch.repository import advance_epoch
from services.kernel.postgres import Connection, Reading, afresh, load_queries
from services.status.domain import (
    AuditEntry,
    DateRange,
    ExecutionNumber,
    ExecutionState,
    Owner,
    RunId,
    Stage,
    client_owner,
)

_QUERIES = load_queries(__file__)


class PostgresRuns:
    """Implements RunRepository over a pool of the system role; `reading` opens what its caller may see."""

    def __init__(self, pool: asyncpg.Pool, reading: Reading) -> None:
        self._pool = pool
        self._reading = reading

    @afresh  # the transaction that failed has changed nothing
    async def set_client(self, client: Client, entry: AuditEntry | None) -> Client:
        async with self._pool.acquire() as connection, connection.transaction():
            row = await _QUERIES.set_client(
                connection, client_id=client.client_id, **asdict(client.settings)
            )
            if entry is not None:
                await insert_audit_entries(connection, [entry])
        return _client(row)

    @afresh
    async def get_client(self, client_id: str) -> Client | None:
        async with self._reading() as connection:
            row = await _QUERIES.get_client(connection, client_id=client_id)
        return None if row is None else _client(row)

    @afresh
    async def list_clients(self, after: str, page_size: int) -> list[Client]:
        async with self._reading() as connection:
            rows = _QUERIES.list_clients(connection, after=after, page_size=page_size)
            return [_client(row) async for row in rows]

    @afresh
    async def known_clients(self, client_ids: Collection[str]) -> set[str]:
        async with self._reading() as connection:
            rows = _QUERIES.known_clients(connection, client_ids=list(client_ids))
            return {row["client_id"] async for row in rows}

    @afresh
    async def get_runs(self, run_ids: Collection[RunId]) -> list[RunView]:
        async with self._reading() as connection:
            return await _views(connection, _QUERIES.get_runs(connection, run_ids=list(run_ids)))

    @afresh
    async def list_runs(
        self, client_id: str, before: Position | None, page_size: int
    ) -> list[RunView]:
        before_at, before_id = before or (None, None)
        async with self._reading() as connection:
            rows = _QUERIES.list_runs(
                connection,
                client_id=client_id,
                before_at=before_at,
                before_id=before_id,
                page_size=page_size,
            )
            return await _views(connection, rows)

    @afresh
    async def list_audit_entries(
        self, owner: str, subject: str, before: int | None, page_size: int
    ) -> list[AuditEntry]:
        async with self._reading() as connection:
            rows = _QUERIES.list_audit_entries(
                connection, owner=owner, subject=subject, before=before, page_size=page_size
            )
            return [audit_entry_from_row(row) async for row in rows]

    async def find_request(self, caller: str, method: str, request_id: str) -> AcceptedStart | None:
        row = await _QUERIES.find_request(
            self._pool, caller=caller, method=method, request_id=request_id
        )
        return row and AcceptedStart(run_id=RunId(str(row["run_id"])), parameters=row["parameters"])

    @afresh
    async def list_rejected_reports(
        self, run_id: RunId | None, page_size: int
    ) -> list[RejectedReport]:
        async with self._reading() as connection:
            rows = _QUERIES.list_rejected_reports(connection, run_id=run_id, page_size=page_size)
            return [
                RejectedReport(
                    execution=ExecutionNumber(row["execution"]),
                    sequence=row["sequence"],
                    state=ExecutionState(row["state"]),
                    verdict=Verdict(row["verdict"]),
                    message=row["message"],
                    at=row["at"],
                )
                async for row in rows
            ]

    @afresh  # likewise
    async def advance_epoch(self, entry: AuditEntry) -> int:
        async with self._pool.acquire() as connection, connection.transaction():
            await insert_audit_entries(connection, [entry])
            return await advance_epoch(connection)

    async def delete_old_requests(self) -> None:
        await _QUERIES.delete_old_requests(self._pool)

    async def delete_old_rejected_reports(self, keep: int) -> None:
        await _QUERIES.delete_old_rejected_reports(self._pool, keep=keep)

    @afresh
    async def get_ledger(
        self, client_id: str, stages: Iterable[Stage], days: DateRange
    ) -> Ledger | None:
        found: dict[Stage, dict[str, RangeDay]] = {stage: {} for stage in stages}
        by_name = {stage.value: known for stage, known in found.items()}
        owner = client_owner(client_id)
        async with self._reading() as connection:
            if await _QUERIES.get_client(connection, client_id=client_id) is None:
                return None
            rows = await connection.fetch(  # aiosql's rows one by one would cost as much again
                _QUERIES.get_ledger.sql, owner, list(by_name), days.start, days.end
            )
            running = _QUERIES.active_stages(
                connection, owner=owner, start_date=days.start, end_date=days.end
            )
            active = frozenset([Stage(row["stage"]) async for row in running])
        for stage, day, covered, *figures in rows:
            by_name[stage][day] = RangeDay(DayFigures._make(figures), covered)
        return Ledger(days=found, active=active)

    async def has_ended(self, client_id: str, stage: Stage, days: DateRange) -> bool:
        async with self._reading() as connection:
            ended = await _QUERIES.has_ended(
                connection,
                owner=client_owner(client_id),
                stage=stage.value,
                start_date=days.start,
                end_date=days.end,
            )
        return ended is not None

    async def get_tenant(self, owner: Owner, days: DateRange) -> Tenant:
        rows = _QUERIES.get_days(self._pool, owner=owner, start_date=days.start, end_date=days.end)
        ledger = [day_from_row(row) async for row in rows]
        tenant = Tenant(owner=owner, version=0, days={(day.stage, day.day): day for day in ledger})
        for run in await load_runs(self._pool, [owner]):
            if not run.bot_id:
                tenant.run = run
        return tenant


async def _views(connection: Connection, rows: AsyncIterator[asyncpg.Record]) -> list[RunView]:
    """Return runs with their executions."""
    runs = [run_from_row(row) async for row in rows]
    views = {run.run_id: RunView(run=run, executions=[]) for run in runs}
    for execution in await list_executions(connection, views.keys()):
        views[execution.run_id].executions.append(execution)
    return list(views.values())


def _client(row: asyncpg.Record) -> Client:
    return Client(client_id=row["client_id"], settings=settings_from_row(row))
