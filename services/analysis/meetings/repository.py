"""Analyses of meetings in Postgres, each as its protobuf message."""

from collections.abc import Sequence

from potok.analysis.v1 import meeting_analysis_pb2

from services.analysis.meetings.domain import BotId, MeetingAnalysis
from services.analysis.meetings.mapping import meeting_analysis_from_pb, meeting_analysis_to_pb
from services.kernel.postgres import Reading, afresh, load_queries
from services.stage.ports import Transaction
from services.status.domain import ExecutionNumber, Owner

_QUERIES = load_queries(__file__)


class PostgresMeetingAnalyses:
    """Implements MeetingAnalysisRepository."""

    def __init__(self, reading: Reading) -> None:
        """`reading` sees what whoever asks may see."""
        self._reading = reading

    @afresh
    async def get_meeting_analysis(self, owner: Owner, bot_id: BotId) -> MeetingAnalysis | None:
        async with self._reading() as connection:
            body = await _QUERIES.get_meeting_analysis(connection, owner=owner, bot_id=bot_id)
        if body is None:
            return None
        return meeting_analysis_from_pb(meeting_analysis_pb2.MeetingAnalysis.FromString(body))

    async def store_meeting_analyses(
        self,
        transaction: Transaction,
        execution: ExecutionNumber,
        analyses: Sequence[MeetingAnalysis],
    ) -> None:
        await _QUERIES.store_meeting_analyses(
            transaction,
            execution=execution,
            owners=[each.owner for each in analyses],
            bot_ids=[each.bot_id for each in analyses],
            bodies=[meeting_analysis_to_pb(each).SerializeToString() for each in analyses],
        )

    async def delete_meeting_analyses(
        self, transaction: Transaction, owner: Owner, bot_ids: Sequence[BotId]
    ) -> None:
        await _QUERIES.delete_meeting_analyses(transaction, owner=owner, bot_ids=bot_ids)
