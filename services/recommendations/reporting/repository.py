"""The tables of the reporting database: each call is written whole and replaces its earlier rows."""

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

import asyncpg

from services.kernel.postgres import load_queries, open_pool_lazily
from services.kernel.postgres_errors import why_away
from services.recommendations.calls.domain import CallId
from services.recommendations.employees.domain import EmployeeRecommendation
from services.recommendations.ranges.domain import WrittenReport
from services.recommendations.reporting.domain import ReportedCall, ReportingUnavailable
from services.recommendations.reporting.rows import (
    CALL_COLUMNS,
    COLUMNS,
    RECOMMENDATION_COLUMNS,
    call_row,
    part_rows,
    recommendation_row,
)
from services.status.domain import DateRange, ExecutionNumber, Owner

_QUERIES = load_queries(__file__)
CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a connection."""

# asyncpg's own refusal of a value is a ValueError.
_NOT_STORABLE = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError)


@contextlib.asynccontextmanager
async def open_reporting(
    dsn: str, size: int, *, pooled: bool = False
) -> AsyncIterator["PostgresReporting"]:
    """Open the database at its first use, so that the service starts and serves without it."""
    async with open_pool_lazily(dsn, size, pooled=pooled) as pool:
        yield PostgresReporting(pool)


class PostgresReporting:
    """Implements ReportingDatabase."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def write_calls(
        self, owner: Owner, execution: ExecutionNumber, calls: Sequence[ReportedCall]
    ) -> Mapping[CallId, str]:
        try:
            with _errors():
                await self._write(_client_id(owner), execution, calls)
        except _NOT_STORABLE as error:
            if len(calls) == 1:
                return {
                    calls[
                        0
                    ].call.call_id: f"the reporting database cannot hold it: {_message(error)}"
                }
        else:
            return {}
        refused: dict[CallId, str] = {}
        for call in calls:
            refused |= await self.write_calls(owner, execution, [call])
        return refused

    async def delete_calls(self, owner: Owner, call_ids: Sequence[CallId]) -> None:
        with _errors():
            await _QUERIES.delete_calls(self._pool, client_id=_client_id(owner), call_ids=call_ids)

    async def count_calls(self, owner: Owner, days: DateRange) -> Mapping[str, int]:
        with _errors():
            rows = _QUERIES.count_calls(
                self._pool,
                client_id=_client_id(owner),
                start_date=days.start,
                end_date=days.end,
            )
            return {row["table_name"]: row["rows"] async for row in rows}

    async def write_report(
        self, owner: Owner, days: DateRange, execution: ExecutionNumber, report: WrittenReport
    ) -> None:
        with _errors():
            await _QUERIES.write_report(
                self._pool,
                client_id=_client_id(owner),
                start_date=days.start,
                end_date=days.end,
                calls=report.calls,
                score=report.score,
                focus=report.focus,
                narrative=report.narrative.text if report.narrative else "",
                actions=report.narrative.actions if report.narrative else (),
                author=report.narrative.author if report.narrative else "",
                note=report.narrative.note if report.narrative else "",
                execution=execution,
                written_at=report.written_at,
            )

    async def write_recommendations(
        self,
        owner: Owner,
        execution: ExecutionNumber,
        recommendations: Sequence[EmployeeRecommendation],
    ) -> None:
        client_id = _client_id(owner)
        with _errors():
            async with (
                self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection,
                connection.transaction(),
            ):
                of = {"client_id": client_id}
                await _QUERIES.lock_client(connection, **of)
                if await _QUERIES.has_later_recommendations(connection, **of, execution=execution):
                    return
                await _QUERIES.delete_employee_recommendations(connection, **of)
                await connection.copy_records_to_table(
                    "employee_recommendations",
                    schema_name="reporting",
                    columns=RECOMMENDATION_COLUMNS,
                    records=[recommendation_row(client_id, execution, r) for r in recommendations],
                )

    async def _write(
        self, client_id: str, execution: ExecutionNumber, calls: Sequence[ReportedCall]
    ) -> None:
        """Write calls in one transaction; those that a later attempt has written stay as they are."""
        async with (
            self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection,
            connection.transaction(),
        ):
            await _QUERIES.make_batch(connection)
            await connection.copy_records_to_table(
                "batch",
                schema_name="pg_temp",
                columns=CALL_COLUMNS,
                records=[call_row(client_id, execution, each) for each in calls],
            )
            ours = _QUERIES.upsert_calls(connection)
            call_ids = {row["call_id"] async for row in ours}
            await _QUERIES.delete_parts(connection, client_id=client_id, call_ids=call_ids)
            parts = part_rows([each for each in calls if each.call.call_id in call_ids])
            for table, rows in parts.items():
                await connection.copy_records_to_table(
                    table,
                    schema_name="reporting",
                    columns=["client_id", *COLUMNS[table]],
                    records=[(client_id, *row) for row in rows],
                )


def _client_id(owner: Owner) -> str:
    return owner.removeprefix("client:")


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """Turn every error but that of a value into ReportingUnavailable."""
    try:
        yield
    except _NOT_STORABLE:
        raise
    except asyncpg.UndefinedTableError as error:
        raise ReportingUnavailable(
            "the reporting database lacks its tables: apply reporting_migrations of recommendations"
        ) from error
    except Exception as error:
        if why_away(error) is None and not isinstance(error, asyncpg.PostgresError):
            raise
        raise ReportingUnavailable(
            f"the reporting database does not answer as it should: {_message(error)}"
        ) from error


def _message(error: Exception) -> str:
    """Return the message of an error; not its detail, in which Postgres quotes whole rows."""
    return str(error.args[0]) if error.args else type(error).__name__
