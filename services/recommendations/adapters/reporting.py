"""The tables of the reporting database: each call is written whole, in place of what was there."""

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

import asyncpg

from services.kernel.postgres import STATEMENT_TIMEOUT, load_queries
from services.recommendations.domain import (
    CallId,
    EmployeeRecommendation,
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

    async def count_calls(self, owner: Owner, days: DateRange) -> Mapping[str, int]:
        with _errors():
            rows = QUERIES.count_calls(
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
            await QUERIES.write_report(
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
                await QUERIES.lock_client(connection, **of)
                if await QUERIES.has_later_recommendations(connection, **of, execution=execution):
                    return
                await QUERIES.delete_employee_recommendations(connection, **of)
                await connection.copy_records_to_table(
                    "employee_recommendations",
                    schema_name="reporting",
                    columns=RECOMMENDATION_COLUMNS,
                    records=[_recommendation(client_id, execution, r) for r in recommendations],
                )

    async def _write(
        self, client_id: str, execution: ExecutionNumber, calls: Sequence[ReportedCall]
    ) -> None:
        """Write calls in one transaction; those that a later attempt has written stay as they are."""
        async with (
            self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection,
            connection.transaction(),
        ):
            await QUERIES.make_batch(connection)
            await connection.copy_records_to_table(
                "batch",
                schema_name="pg_temp",
                columns=CALL_COLUMNS,
                records=[_call(client_id, execution, each) for each in calls],
            )
            ours = QUERIES.upsert_calls(connection)
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


CALL_COLUMNS = (
    "client_id",
    "execution",
    "attempt",
    "call_id",
    "day",
    "started_at",
    "direction",
    "duration_seconds",
    "employee",
    "contact",
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
        "span_seconds",
        "overlap_seconds",
        "long_pauses",
        "longest_pause_seconds",
    ),
    "checklist_items": ("call_id", "item", "skill", "status", "weight", "quote"),
    "recommendations": ("call_id", "position", "skill", "priority", "text", "why", "quote"),
    "objections": ("call_id", "position", "kind", "quote"),
    "agreements": ("call_id", "position", "text", "side", "due_day", "quote"),
    "call_sides": (
        "call_id",
        "side",
        "speech_seconds",
        "words",
        "turns",
        "words_per_minute",
        "longest_monologue_seconds",
        "questions",
        "interruptions",
        "response_seconds",
    ),
}
"""What belongs to a call, by table, beside its client."""
RECOMMENDATION_COLUMNS = (
    "client_id",
    "execution",
    "recommendation_id",
    "employee",
    "skill",
    "state",
    "priority",
    "text",
    "why",
    "opened_day",
    "opened_call_id",
    "advised_calls",
    "advised_day",
    "followed",
    "partly",
    "not_followed",
    "closed_day",
    "closed_by",
    "comment",
)


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
                [objection.kind for objection in a.objections],
                a.metrics.operator_talk_share,
                a.metrics.silence_share,
                a.judge,
                a.playbook,
                a.metrics.span_seconds,
                a.metrics.overlap_seconds,
                a.metrics.long_pauses,
                a.metrics.longest_pause_seconds,
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
        "objections": [
            (a.call_id, position, o.kind, o.quote)
            for a in analyses
            for position, o in enumerate(a.objections)
        ],
        "agreements": [
            (a.call_id, position, g.text, g.side, g.due_day, g.quote)
            for a in analyses
            for position, g in enumerate(a.agreements)
        ],
        "call_sides": [
            (
                a.call_id,
                s.side,
                s.speech_seconds,
                s.words,
                s.turns,
                s.words_per_minute,
                s.longest_monologue_seconds,
                s.questions,
                s.interruptions,
                s.response_seconds,
            )
            for a in analyses
            for s in a.metrics.sides
        ],
    }


def _call(client_id: str, execution: ExecutionNumber, reported: ReportedCall) -> tuple[object, ...]:
    """Return the row of a call, in CALL_COLUMNS."""
    call = reported.call
    return (
        client_id,
        execution,
        reported.attempt,
        call.call_id,
        call.day,
        call.started_at,
        call.direction,
        call.duration_seconds,
        call.employee,
        call.contact,
    )


def _recommendation(
    client_id: str, execution: ExecutionNumber, told: EmployeeRecommendation
) -> tuple[object, ...]:
    """Return the row of a recommendation, in RECOMMENDATION_COLUMNS."""
    return (
        client_id,
        execution,
        told.id,
        told.employee,
        told.skill,
        told.state.value.lower(),
        told.priority,
        told.text,
        told.why,
        told.opened_day,
        told.opened_call_id,
        told.advised_calls,
        told.advised_day,
        told.follow_through.followed,
        told.follow_through.partly,
        told.follow_through.not_followed,
        told.closed_day,
        told.decision.closed_by if told.decision else "",
        told.decision.comment if told.decision else "",
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
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise ReportingUnavailable(
            f"the reporting database does not answer as it should: {_said(error)}"
        ) from error


def _said(error: Exception) -> str:
    """Return the message of an error; not its detail, in which Postgres quotes whole rows."""
    return str(error.args[0]) if error.args else type(error).__name__
