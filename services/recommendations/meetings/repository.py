"""The tasks of meetings in Postgres, those of each as their protobuf message."""

from collections.abc import Sequence

import asyncpg
from potok.recommendations.v1 import meeting_tasks_pb2

from services.kernel.postgres import Reading, afresh, load_queries
from services.recommendations.meetings.domain import BotId, MeetingTasks
from services.recommendations.meetings.mapping import meeting_tasks_from_pb, meeting_tasks_to_pb
from services.recommendations.meetings.ports import Transaction
from services.status.domain import ExecutionNumber, Owner

_QUERIES = load_queries(__file__)


class PostgresMeetingTasks:
    """Implements MeetingTasksRepository; `reading` sees what whoever asks may see."""

    def __init__(self, pool: asyncpg.Pool, reading: Reading) -> None:
        self._pool = pool
        self._reading = reading

    @afresh
    async def get_meeting_tasks(self, owner: Owner, bot_id: BotId) -> MeetingTasks | None:
        async with self._reading() as connection:
            body = await _QUERIES.get_meeting_tasks(connection, owner=owner, bot_id=bot_id)
        if body is None:
            return None
        return meeting_tasks_from_pb(meeting_tasks_pb2.MeetingTasks.FromString(body))

    async def store_meeting_tasks(
        self,
        transaction: Transaction,
        execution: ExecutionNumber,
        meetings: Sequence[MeetingTasks],
    ) -> None:
        await _QUERIES.store_meeting_tasks(
            transaction,
            execution=execution,
            owners=[each.owner for each in meetings],
            bot_ids=[each.bot_id for each in meetings],
            bodies=[meeting_tasks_to_pb(each).SerializeToString() for each in meetings],
        )

    async def write_meeting_tasks(self, execution: ExecutionNumber, meeting: MeetingTasks) -> None:
        await self.store_meeting_tasks(self._pool, execution, [meeting])

    async def delete_meeting_tasks(
        self, transaction: Transaction, owner: Owner, bot_ids: Sequence[BotId]
    ) -> None:
        await _QUERIES.delete_meeting_tasks(transaction, owner=owner, bot_ids=bot_ids)
