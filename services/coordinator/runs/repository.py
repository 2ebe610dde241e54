"""The coordinator's rows: what is read for callers and for decisions. `lanes` writes, in groups."""

import json
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import asyncpg

from services.coordinator.state.domain import (
    AcceptedStart,
    Client,
    Day,
    DayFigures,
    Execution,
    Ledger,
    LedgerDay,
    RejectedReport,
    Run,
    RunView,
    Tenant,
    Verdict,
)
from services.coordinator.wire import events as wire
from services.kernel.postgres import Connection, Reading, load_queries
from services.status.domain import (
    ClientSettings,
    DateRange,
    ExecutionNumber,
    ExecutionState,
    Owner,
    Reason,
    RunId,
    RunMode,
    RunState,
    Stage,
    client_owner,
)

QUERIES = load_queries(__file__)


class PostgresRuns:
    """Implements RunRepository over a pool of the system role; `reading` sees what whoever asks may see."""

    def __init__(self, pool: asyncpg.Pool, reading: Reading) -> None:
        self._pool = pool
        self._reading = reading

    async def set_client(self, client: Client) -> None:
        await QUERIES.set_client(self._pool, client_id=client.client_id, **asdict(client.settings))

    async def get_client(self, client_id: str) -> Client | None:
        async with self._reading() as connection:
            row = await QUERIES.get_client(connection, client_id=client_id)
        return None if row is None else _client(row)

    async def list_clients(self, after: str, page_size: int) -> list[Client]:
        async with self._reading() as connection:
            rows = QUERIES.list_clients(connection, after=after, page_size=page_size)
            return [_client(row) async for row in rows]

    async def known_clients(self, client_ids: Collection[str]) -> set[str]:
        async with self._reading() as connection:
            rows = QUERIES.known_clients(connection, client_ids=list(client_ids))
            return {row["client_id"] async for row in rows}

    async def get_runs(self, run_ids: Collection[RunId]) -> list[RunView]:
        async with self._reading() as connection:
            return await _views(connection, QUERIES.get_runs(connection, run_ids=list(run_ids)))

    async def list_runs(
        self, client_id: str, before: tuple[datetime, str] | None, page_size: int
    ) -> list[RunView]:
        before_at, before_id = before or (None, None)
        async with self._reading() as connection:
            rows = QUERIES.list_runs(
                connection,
                client_id=client_id,
                before_at=before_at,
                before_id=before_id,
                page_size=page_size,
            )
            return await _views(connection, rows)

    async def find_request(self, caller: str, method: str, request_id: str) -> AcceptedStart | None:
        row = await QUERIES.find_request(
            self._pool, caller=caller, method=method, request_id=request_id
        )
        return row and AcceptedStart(run_id=RunId(str(row["run_id"])), parameters=row["parameters"])

    async def list_rejected_reports(self, run_id: RunId, page_size: int) -> list[RejectedReport]:
        async with self._reading() as connection:
            rows = QUERIES.list_rejected_reports(connection, run_id=run_id, page_size=page_size)
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

    async def advance_epoch(self) -> int:
        return int(await QUERIES.advance_epoch(self._pool))

    async def get_ledger(
        self, client_id: str, stages: Iterable[Stage], days: DateRange
    ) -> Ledger | None:
        wanted: dict[Stage, dict[str, LedgerDay]] = {stage: {} for stage in stages}
        by_name = {stage.value: known for stage, known in wanted.items()}
        owner = client_owner(client_id)
        async with self._reading() as connection:
            if await QUERIES.get_client(connection, client_id=client_id) is None:
                return None
            rows = await connection.fetch(  # aiosql's rows one by one would cost as much again
                QUERIES.get_ledger.sql, owner, list(by_name), days.start, days.end
            )
            running = QUERIES.active_stages(
                connection, owner=owner, start_date=days.start, end_date=days.end
            )
            active = frozenset([Stage(row["stage"]) async for row in running])
        for stage, day, covered, *figures in rows:
            by_name[stage][day] = LedgerDay(DayFigures._make(figures), covered)
        return Ledger(days=wanted, active=active)

    async def get_tenant(self, owner: Owner, days: DateRange) -> Tenant:
        rows = QUERIES.get_days(self._pool, owner=owner, start_date=days.start, end_date=days.end)
        ledger = [day_from_row(row) async for row in rows]
        tenant = Tenant(owner=owner, version=0, days={(day.stage, day.day): day for day in ledger})
        async for row in QUERIES.load_runs(self._pool, owners=[owner], executions=[]):
            run = run_from_row(row)
            if not run.bot_id:
                tenant.run = run
        return tenant


async def _views(connection: Connection, rows: AsyncIterator[asyncpg.Record]) -> list[RunView]:
    """Return runs with their executions."""
    views = {
        str(row["run_id"]): RunView(run=run_from_row(row), executions=[]) async for row in rows
    }
    async for row in QUERIES.list_executions(connection, run_ids=list(views)):
        views[str(row["run_id"])].executions.append(execution_from_row(row))
    return list(views.values())


def _client(row: asyncpg.Record) -> Client:
    return Client(client_id=row["client_id"], settings=_settings(row))


def _settings(row: Any) -> ClientSettings:
    return ClientSettings(
        time_zone=row["time_zone"],
        source=row["source"],
        playbook=row["playbook"],
        language=row["language"],
        min_success_ratio=row["min_success_ratio"],
        weight=row["weight"],
    )


def run_from_row(row: asyncpg.Record) -> Run:
    return Run(
        run_id=RunId(str(row["run_id"])),
        owner=Owner(row["owner"]),
        client_id=row["client_id"],
        range=DateRange(start=row["start_date"], end=row["end_date"]),
        first_stage=Stage(row["first_stage"]),
        last_stage=Stage(row["last_stage"]),
        mode=RunMode(row["mode"]),
        settings=_settings(json.loads(row["settings"])),
        actor=row["actor"],
        created_at=row["created_at"],
        state=RunState(row["state"]),
        stage=Stage(row["stage"]),
        reason=Reason(row["reason"]) if row["reason"] else None,
        message=row["message"],
        retry_of=RunId(str(row["retry_of"])) if row["retry_of"] else None,
        bot_id=row["bot_id"],
        ended_at=row["ended_at"],
    )


def run_to_row(run: Run) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "owner": run.owner,
        "client_id": run.client_id,
        "start_date": run.range.start,
        "end_date": run.range.end,
        "first_stage": run.first_stage.value,
        "last_stage": run.last_stage.value,
        "mode": run.mode.value,
        "state": run.state.value,
        "stage": run.stage.value,
        "reason": run.reason.value if run.reason else None,
        "message": run.message,
        "retry_of": run.retry_of,
        "actor": run.actor,
        "settings": json.dumps(asdict(run.settings)),
        "bot_id": run.bot_id,
        "created_at": run.created_at,
        "ended_at": run.ended_at,
    }


def execution_from_row(row: asyncpg.Record) -> Execution:
    counts, discovered, _ = wire.read_progress(row["progress"])
    return Execution(
        number=ExecutionNumber(row["execution"]),
        run_id=RunId(str(row["run_id"])),
        owner=Owner(row["owner"]),
        stage=Stage(row["stage"]),
        mode=RunMode(row["mode"]),
        created_at=row["created_at"],
        state=ExecutionState(row["state"]),
        sequence=row["sequence"],
        progress=row["progress"],
        counts=counts,
        discovered=discovered,
        waiting=row["waiting"],
        items_per_second=row["items_per_second"],
        progressed_at=row["progressed_at"],
        unreachable=row["unreachable"],
        reason=Reason(row["reason"]) if row["reason"] else None,
        message=row["message"],
        cancelling_at=row["cancelling_at"],
        ended_at=row["ended_at"],
        bot_id=row["bot_id"],
        written=ExecutionState(row["state"]),
    )


def execution_to_row(execution: Execution) -> dict[str, object]:
    return {
        "execution": execution.number,
        "run_id": execution.run_id,
        "owner": execution.owner,
        "stage": execution.stage.value,
        "mode": execution.mode.value,
        "state": execution.state.value,
        "sequence": execution.sequence,
        "progress": execution.progress,
        "waiting": execution.waiting,
        "items_per_second": execution.items_per_second,
        "reason": execution.reason.value if execution.reason else None,
        "message": execution.message,
        "unreachable": execution.unreachable,
        "created_at": execution.created_at,
        "progressed_at": execution.progressed_at,
        "cancelling_at": execution.cancelling_at,
        "ended_at": execution.ended_at,
    }


def day_from_row(row: asyncpg.Record) -> Day:
    day: date = row["day"]
    return Day(
        owner=Owner(row["owner"]),
        stage=Stage(row["stage"]),
        day=day.isoformat(),
        version=row["version"],
        figures=DayFigures(*(row[name] for name in DayFigures._fields)),
        covered_at=row["covered_at"],
    )
