"""Analyses in Postgres."""

from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg
from potok.analysis.v1 import analysis_pb2

from services.analysis.calls.domain import Analysis, AnalysisFilter, CallId
from services.analysis.calls.mapping import analysis_from_pb, analysis_to_pb
from services.analysis.calls.ports import Position
from services.kernel.postgres import Reading, afresh, load_queries
from services.stage.ports import Transaction
from services.status.domain import ExecutionNumber, Owner

_QUERIES = load_queries(__file__)

BATCH = 100
"""Analyses a statement, some 10 kB each."""
BEFORE_ALL = datetime(1, 1, 2, tzinfo=UTC)


class PostgresAnalyses:
    """Implements AnalysisRepository.

    An analysis is stored as its protobuf message, whose changes are checked for compatibility,
    beside the columns that are looked for.
    """

    def __init__(self, reading: Reading) -> None:
        """`reading` sees what whoever asks may see."""
        self._reading = reading

    @afresh
    async def get_analyses(self, owner: Owner, call_ids: Sequence[CallId]) -> list[Analysis]:
        async with self._reading() as connection:
            rows = _QUERIES.get_analyses(connection, owner=owner, call_ids=call_ids)
            return [_analysis(row) async for row in rows]

    @afresh
    async def list_analyses(
        self, filter_: AnalysisFilter, after: Position | None, limit: int
    ) -> list[Analysis]:
        async with self._reading() as connection:
            rows = _QUERIES.list_analyses(
                connection,
                owner=filter_.owner,
                start_date=filter_.days.start,
                end_date=filter_.days.end,
                call_type=filter_.call_type,
                outcome=filter_.outcome,
                sentiment=filter_.sentiment,
                employee=filter_.employee,
                min_score=filter_.min_score,
                max_score=filter_.max_score,
                after_day=after.day if after else filter_.days.start,
                after_started_at=after.started_at if after else BEFORE_ALL,
                after_call_id=after.call_id if after else "",
                limit=limit,
            )
            return [_analysis(row) async for row in rows]

    async def store_analyses(
        self,
        transaction: Transaction,
        owner: Owner,
        execution: ExecutionNumber,
        analyses: Sequence[Analysis],
    ) -> None:
        for start in range(0, len(analyses), BATCH):
            batch = analyses[start : start + BATCH]
            await _QUERIES.store_analyses(
                transaction,
                owner=owner,
                execution=execution,
                call_ids=[each.call.call_id for each in batch],
                days=[each.call.day for each in batch],
                started_at=[each.call.started_at for each in batch],
                employees=[each.call.employee for each in batch],
                call_types=[each.judgement.call_type for each in batch],
                outcomes=[each.judgement.outcome for each in batch],
                sentiments=[each.judgement.sentiment for each in batch],
                scores=[each.scores.checklist for each in batch],
                bodies=[analysis_to_pb(each).SerializeToString() for each in batch],
            )

    async def delete_analyses(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        await _QUERIES.delete_analyses(transaction, owner=owner, call_ids=call_ids)


def _analysis(row: asyncpg.Record) -> Analysis:
    return analysis_from_pb(analysis_pb2.Analysis.FromString(row["body"]))
