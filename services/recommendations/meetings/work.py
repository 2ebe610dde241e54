"""The stage TASKS, only of meetings: finds what is to be done after one."""

from collections.abc import AsyncIterator, Sequence
from typing import cast

from services.kernel.errors import UpstreamUnavailable
from services.llm.domain import ModelUnavailable
from services.recommendations.meetings.domain import BotId, MeetingTasks
from services.recommendations.meetings.usecases import Tasks
from services.stage.domain import (
    DiscoveryFailed,
    Execution,
    Failure,
    Found,
    Item,
    ItemId,
    Limits,
    Outcome,
    Success,
)
from services.stage.pauses import failed_with_pause
from services.stage.ports import Discover, Transaction
from services.status.domain import (
    ClientSettings,
    Owner,
    Reason,
    SettingFault,
    Stage,
    Wait,
    WaitReason,
)


class TasksWork:
    """Implements StageWork: the only item of an execution is the meeting of its bot."""

    stage = Stage.TASKS

    def __init__(self, tasks: Tasks, discover: Discover, limits: Limits) -> None:
        self.limits = limits
        self._tasks = tasks
        self._discover = discover

    async def discover(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        if not execution.bot_id:
            raise DiscoveryFailed(Reason.SOURCE_INVALID, "only meetings have tasks: name a bot")
        async for page in self._discover(execution):
            yield page

    def preview(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        return self.discover(execution)

    async def check_settings(self, settings: ClientSettings) -> Sequence[SettingFault]:
        """Return nothing: the stage goes by no setting."""
        del settings
        return ()

    def estimate(self, settings: ClientSettings, duration_seconds: float | None) -> None:
        """Return nothing: meetings have no preview."""

    async def work(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        return [await self._outcome(execution, item) for item in items]

    async def store(
        self, transaction: Transaction, execution: Execution, successes: Sequence[Success]
    ) -> None:
        meetings = [cast(MeetingTasks, success.result) for success in successes]
        await self._tasks.store_meeting_tasks(transaction, execution.number, meetings)

    async def forget(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        await self._tasks.delete_meeting_tasks(
            transaction, owner, [BotId(item_id) for item_id in item_ids]
        )

    async def discard(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        await self.forget(transaction, owner, item_ids)

    async def finish(self, execution: Execution) -> None:
        """Store that nobody spoke in a meeting that came this far without an item."""
        async for page in self._discover(execution):
            if page:
                return
        await self._tasks.write_silence(
            execution.owner,
            BotId(execution.bot_id),
            execution.run_id,
            execution.number,
            execution.settings.language,
        )

    async def _outcome(self, execution: Execution, item: Item) -> Outcome:
        item_id = item.item_id
        last = item.attempt >= self.limits.attempts
        try:
            found = await self._tasks.get_meeting(execution.owner, BotId(item_id), item.day)
            if found is None:
                return Failure(
                    item_id=item_id,
                    reason=Reason.INTERNAL,
                    message="its transcript or analysis was forgotten meanwhile",
                )
            tasks = await self._tasks.find_tasks(*found, execution.run_id, last_attempt=last)
        except UpstreamUnavailable as error:
            return failed_with_pause(
                item_id,
                Reason.UPSTREAM_UNAVAILABLE,
                str(error),
                error.retry_after if isinstance(error, ModelUnavailable) else None,
                otherwise=Wait(reason=WaitReason.SERVICE_DOWN),
            )
        return Success(item_id=item_id, result=tasks)
