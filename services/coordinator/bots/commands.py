"""What changes bots, as commands for the lanes. Decisions are those of `bots` and `meetings`."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from services.coordinator.commit.group import Group
from services.coordinator.commit.lanes import Lanes
from services.coordinator.state.actors import BOT_STATUS, COORDINATOR
from services.coordinator.state.bot import BotId, BotReport
from services.coordinator.state.meeting_runs import expire_bot, take_bot_report
from services.coordinator.state.reports import (
    Verdict,
)
from services.coordinator.state.sequence import NextNumber
from services.coordinator.state.tenant import (
    Tenant,
)
from services.status.domain import AuditAction, BotState, ExecutionNumber, Owner, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBot:
    """Take a report of a bot. Repeatable: after a commit of unknown outcome it finds its own run."""

    report: BotReport
    run_id: RunId = field(default_factory=lambda: RunId(str(uuid.uuid4())))
    """The id of the run of the meeting, in case one begins."""
    executions: Sequence[ExecutionNumber] = ()
    days: Sequence[str] = ()

    @property
    def owner(self) -> Owner:
        return self.report.owner

    @property
    def bots(self) -> Sequence[BotId]:
        return (self.report.bot_id,)

    @property
    def numbers(self) -> int:
        return int(self.report.media_ready)

    def apply(
        self, tenant: Tenant, group: Group, next_number: NextNumber
    ) -> tuple[Verdict, BotState]:
        is_new = self.report.bot_id not in tenant.bots
        verdict, touched = take_bot_report(tenant, self.report, self.run_id, next_number, group.now)
        bot = tenant.bots[self.report.bot_id]
        if is_new:
            user = bot.owner.removeprefix("user:")
            group.note_done(bot.owner, user, AuditAction.START_BOT, bot.bot_id, bot.bot_name)
        if touched:
            group.note(tenant, touched, bot.bot_id, BOT_STATUS)
        elif bot.sequence == self.report.sequence:
            group.keep_quietly(tenant, bot)
        return verdict, bot.state


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireBot:
    """Give up a bot that did not change since `changed_at`; delete the record of one that had ended."""

    owner: Owner
    bot_id: BotId
    changed_at: datetime
    why: str
    executions: Sequence[ExecutionNumber] = ()
    days: Sequence[str] = ()
    numbers: int = 0

    @property
    def bots(self) -> Sequence[BotId]:
        return (self.bot_id,)

    def apply(self, tenant: Tenant, group: Group, next_number: NextNumber) -> None:  # noqa: ARG002
        bot = tenant.bots.get(self.bot_id)
        if bot is None or bot.changed_at != self.changed_at:
            return
        if bot.final:
            del tenant.bots[self.bot_id]
            group.forget(tenant, self.bot_id)
        else:
            touched = expire_bot(tenant, bot, self.why, group.now)
            group.note(tenant, touched, self.bot_id, COORDINATOR)
            group.note_done(self.owner, COORDINATOR, AuditAction.EXPIRE_BOT, self.bot_id, self.why)


class LaneBotChanges:
    """Implements BotChanges through the lanes."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    async def report_bots(self, reports: Sequence[BotReport]) -> list[tuple[Verdict, BotState]]:
        # Asked in their order, so that those of one bot are applied in it; they may share a group.
        answers = await asyncio.gather(
            *(self._lanes.ask(ReportBot(report=report)) for report in reports)
        )
        return cast("list[tuple[Verdict, BotState]]", answers)

    async def expire_bot(self, owner: Owner, bot_id: BotId, changed_at: datetime, why: str) -> None:
        await self._lanes.ask(ExpireBot(owner=owner, bot_id=bot_id, changed_at=changed_at, why=why))
