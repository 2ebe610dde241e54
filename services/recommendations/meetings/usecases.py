"""What the service can do with meetings: find their tasks for its stage, hand them out to everybody else."""

import asyncio
from collections.abc import Sequence
from datetime import date

import structlog

from services.kernel.clock import utc_now
from services.llm.domain import UNANSWERED, ModelUnavailable
from services.recommendations.meetings.domain import (
    BotId,
    Conclusions,
    MeetingTasks,
    MeetingTasksNotFound,
    MeetingTranscript,
    said_tasks,
    with_tasks,
)
from services.recommendations.meetings.ports import (
    MeetingPayloads,
    MeetingTasksRepository,
    TaskFinder,
    Transaction,
)
from services.recommendations.meetings.withheld import plain_tasks, withhold
from services.status.domain import ExecutionNumber, Owner, RunId

log = structlog.get_logger()

NOBODY_SPOKE = {
    "ru": "На встрече никто ничего не сказал, поэтому задач нет.",
    "en": "Nobody said anything in this meeting, so there are no tasks.",
}


class Tasks:
    """The tasks of the meetings of all owners; where `finder` has no answer, `rules` find them."""

    def __init__(
        self,
        meetings: MeetingTasksRepository,
        payloads: MeetingPayloads,
        finder: TaskFinder,
        rules: TaskFinder,
    ) -> None:
        self._meetings = meetings
        self._payloads = payloads
        self._finder = finder
        self._rules = rules

    async def get_meeting(
        self, owner: Owner, bot_id: BotId, day: date
    ) -> tuple[MeetingTranscript, Conclusions] | None:
        """Return a meeting and what it came to, None where either is gone; raises UpstreamUnavailable."""
        meeting = await self._payloads.get_meeting(owner, bot_id, day)
        conclusions = await self._payloads.get_conclusions(owner, bot_id)
        return (meeting, conclusions) if meeting and conclusions else None

    async def find_tasks(
        self,
        meeting: MeetingTranscript,
        conclusions: Conclusions,
        run_id: RunId,
        *,
        last_attempt: bool,
    ) -> MeetingTasks:
        """Return the tasks of a meeting; raises ModelUnavailable, except at the last attempt."""
        # A long meeting takes a second: too long for an event loop.
        heard, withheld = await asyncio.to_thread(withhold, meeting)
        finder = self._finder
        try:
            found = await finder.find_tasks(heard)
        except UNANSWERED as error:
            if isinstance(error, ModelUnavailable) and not last_attempt:
                raise
            log.warning("tasks_by_rules", bot_id=meeting.bot_id, why=str(error))
            finder = self._rules
            found = await finder.find_tasks(heard)
        said = await asyncio.to_thread(said_tasks, found, heard)
        by_rules = finder is self._rules
        tasks, removed = await asyncio.to_thread(
            plain_tasks, said, trusted=by_rules or not withheld
        )
        return MeetingTasks(
            bot_id=meeting.bot_id,
            owner=meeting.owner,
            session_id=run_id,
            tasks=tasks,
            summary=with_tasks(conclusions.summary, tasks, meeting.language),
            decisions=conclusions.decisions,
            judge=finder.name(meeting),
            created_at=utc_now(),
            evidence_flags=(*withheld, *removed),
        )

    async def write_silence(
        self,
        owner: Owner,
        bot_id: BotId,
        run_id: RunId,
        execution: ExecutionNumber,
        language: str,
    ) -> None:
        """Store that a meeting in which nobody spoke has no tasks."""
        silence = MeetingTasks(
            bot_id=bot_id,
            owner=owner,
            session_id=run_id,
            tasks=(),
            summary=NOBODY_SPOKE.get(language, NOBODY_SPOKE["en"]),
            decisions=(),
            judge="",
            created_at=utc_now(),
        )
        await self._meetings.write_meeting_tasks(execution, silence)

    async def get_meeting_tasks(self, owner: Owner, bot_id: BotId) -> MeetingTasks:
        """Return the tasks of a meeting; raises MeetingTasksNotFound."""
        found = await self._meetings.get_meeting_tasks(owner, bot_id)
        if found is None:
            raise MeetingTasksNotFound(f"no tasks were looked for in the meeting of bot {bot_id}")
        return found

    async def store_meeting_tasks(
        self,
        transaction: Transaction,
        execution: ExecutionNumber,
        meetings: Sequence[MeetingTasks],
    ) -> None:
        """Store tasks in place of older ones of the same meetings."""
        await self._meetings.store_meeting_tasks(transaction, execution, meetings)

    async def delete_meeting_tasks(
        self, transaction: Transaction, owner: Owner, bot_ids: Sequence[BotId]
    ) -> None:
        """Forget the tasks of meetings that are gone."""
        await self._meetings.delete_meeting_tasks(transaction, owner, bot_ids)
