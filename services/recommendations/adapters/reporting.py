"""The tables of the reporting database: each call is written whole, in place of what was there."""

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

import asyncpg

from services.kernel.postgres import STATEMENT_TIMEOUT, load_queries
from services.recommendations.domain import (
    CallId,
    ReportedCall,
    ReportingUnavailable,
    WrittenReport,
)
from services.status.domain import DateRange, ExecutionNumber, Owner

QUERIES = load_queries(__file__)
CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a connection."""

# asyncpg's own refusal of a value is a ValueError.
_NOT_STORABLE = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError)


@contextlib.asynccontextmanager
async def open_reporting(dsn: str, size: int) -> AsyncIterator["PostgresReporting"]:
    """Open the database at its first use, so that the service starts and serves without it."""
    pool = asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        timeout=CONNECT_TIMEOUT,
        command_timeout=60,
        server_settings={"statement_timeout": STATEMENT_TIMEOUT},
    )
    async with pool:
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
                    calls[0].call.call_id: f"the reporting database cannot hold it: {_said(error)}"
                }
        else:
            return {}
        refused: dict[CallId, str] = {}
        for call in calls:
            refused |= await self.write_calls(owner, execution, [call])
        return refused

    async def delete_calls(self, owner: Owner, call_ids: Sequence[CallId]) -> None:
        with _errors():
            await QUERIES.delete_calls(self._pool, client_id=_client_id(owner), call_ids=call_ids)

    async def write_report(
        self, owner: Owner, days: DateRange, execution: ExecutionNumber, report: WrittenReport
    ) -> None:
        with _errors():
            await QUERIES.write_report(
                self._pool,
                client_id=_client_id(owner),
                start_date=days.start,
                end_date=days.end,
                calls=report.calls,
                score=report.score,
                focus=report.focus,
                execution=execution,
                written_at=report.written_at,
            )

    async def _write(
        self, client_id: str, execution: ExecutionNumber, calls: Sequence[ReportedCall]
    ) -> None:
        """Write calls in one transaction; those that a later attempt has written stay as they are."""
        async with (
            self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection,
            connection.transaction(),
        ):
            ours = QUERIES.upsert_calls(
                connection,
                client_id=client_id,
                execution=execution,
                call_ids=[each.call.call_id for each in calls],
                attempts=[each.attempt for each in calls],
                days=[each.call.day for each in calls],
                started_at=[each.call.started_at for each in calls],
                directions=[each.call.direction for each in calls],
                durations=[each.call.duration_seconds for each in calls],
                employees=[each.call.employee for each in calls],
                contacts=[each.call.contact for each in calls],
            )
            call_ids = {row["call_id"] async for row in ours}
            await QUERIES.delete_parts(connection, client_id=client_id, call_ids=call_ids)
            parts = _parts([each for each in calls if each.call.call_id in call_ids])
            for table, rows in parts.items():
                await connection.copy_records_to_table(
                    table,
                    schema_name="reporting",
                    columns=["client_id", *COLUMNS[table]],
                    records=[(client_id, *row) for row in rows],
                )


COLUMNS = {
    "transcripts": ("call_id", "language", "text"),
    "analyses": (
        "call_id",
        "call_type",
        "outcome",
        "sentiment",
        "score",
        "summary",
        "objections",
        "operator_talk_share",
        "silence_share",
        "judge",
        "playbook",
    ),
    "checklist_items": ("call_id", "item", "skill", "status", "weight", "quote"),
    "recommendations": ("call_id", "position", "skill", "priority", "text", "why", "quote"),
}
"""What belongs to a call, by table, beside its client."""


def _parts(calls: Sequence[ReportedCall]) -> Mapping[str, list[tuple[object, ...]]]:
    """Return the rows of each table of COLUMNS, in its columns."""
    analyses = [each.analysis for each in calls]
    return {
        "transcripts": [
            (each.call.call_id, each.transcript.language, each.transcript.text) for each in calls
        ],
        "analyses": [
            (
                a.call_id,
                a.call_type,
                a.outcome,
                a.sentiment,
                a.score,
                a.summary,
                a.objections,
                a.operator_talk_share,
                a.silence_share,
                a.judge,
                a.playbook,
            )
            for a in analyses
        ],
        "checklist_items": [
            (a.call_id, f.item, f.skill, f.status.value.lower(), f.weight, f.quote)
            for a in analyses
            for f in a.findings
        ],
        "recommendations": [
            (a.call_id, position, r.skill, r.priority, r.text, r.why, r.quote)
            for a in analyses
            for position, r in enumerate(a.advice)
        ],
    }


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
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise ReportingUnavailable(
            f"the reporting database does not answer as it should: {_said(error)}"
        ) from error


def _said(error: Exception) -> str:
    """Return the message of an error; not its detail, in which Postgres quotes whole rows."""
    return str(error.args[0]) if error.args else type(error).__name__
