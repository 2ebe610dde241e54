"""What the use cases of meetings need from the outside."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

from services.recommendations.meetings.domain import (
    BotId,
    Conclusions,
    MeetingTask,
    MeetingTasks,
    MeetingTranscript,
)
from services.status.domain import ExecutionNumber, Owner

Transaction = Any
"""An open transaction of the database; opaque to the core."""


class TaskFinder(Protocol):
    """Whoever finds the tasks of a meeting: a set of rules or a language model."""

    def name(self, meeting: MeetingTranscript) -> str:
        """Name the finder, for instance `rules-ru`."""

    async def find_tasks(self, meeting: MeetingTranscript) -> Sequence[MeetingTask]:
        """Return the tasks in the order in which they came up, quoting the turns literally.

        One that asks a language model raises as that does.
        """


class MeetingPayloads(Protocol):
    """Where meetings and what they came to are owned; each raises UpstreamUnavailable."""

    async def get_meeting(self, owner: Owner, bot_id: BotId, day: date) -> MeetingTranscript | None:
        """Return a meeting of a day, None where it has no transcript."""

    async def get_conclusions(self, owner: Owner, bot_id: BotId) -> Conclusions | None:
        """Return what a meeting came to, None where it was not analysed."""


class MeetingTasksRepository(Protocol):
    """The tasks of meetings, by the bot of an owner."""

    async def get_meeting_tasks(self, owner: Owner, bot_id: BotId) -> MeetingTasks | None:
        """Return the tasks of a meeting, None where none were looked for."""

    async def store_meeting_tasks(
        self,
        transaction: Transaction,
        execution: ExecutionNumber,
        meetings: Sequence[MeetingTasks],
    ) -> None:
        """Write tasks in the place of older ones; what a later execution wrote stays."""

    async def write_meeting_tasks(self, execution: ExecutionNumber, meeting: MeetingTasks) -> None:
        """Write the tasks of a meeting in a transaction of their own."""

    async def delete_meeting_tasks(
        self, transaction: Transaction, owner: Owner, bot_ids: Sequence[BotId]
    ) -> None:
        """Forget the tasks of meetings."""
