"""What the use cases of bots need from the outside."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from services.coordinator.state.bot import Bot, BotId, BotRecord, BotReport, MeetingResult
from services.coordinator.state.position import Position
from services.coordinator.state.reports import (
    Verdict,
)
from services.status.domain import BotState, Owner


class BotRepository(Protocol):
    """What is read of bots; `scope` names the owners whose bots the reader may see."""

    async def ensure_owners(self, owners: Collection[Owner]) -> None:
        """Make sure that the owners can have bots."""

    async def owners_of_bots(self, bot_ids: Collection[BotId]) -> Mapping[BotId, Owner]: ...

    async def get_bot(self, scope: str, bot_id: BotId) -> BotRecord | None: ...

    async def list_bots(
        self,
        scope: str,
        states: Collection[BotState],
        before: Position | None,
        page_size: int,
    ) -> list[Bot]: ...

    async def note_stopped(self, bot: Bot, actor: str, at: datetime) -> None:
        """Keep who asked a bot to leave its meeting."""


class ExpiredBots(Protocol):
    """Bots whose time is over, by the clock of the database."""

    async def expired_bots(self, retention: timedelta, count: int) -> list[Bot]:
        """Return bots whose state has not changed for so long, the oldest first."""


class BotChanges(Protocol):
    """Changes of bots: decided by the state machine, durable when these return."""

    async def report_bots(self, reports: Sequence[BotReport]) -> list[tuple[Verdict, BotState]]:
        """Take reports; returns the verdict on each, and the state of its bot."""

    async def expire_bot(self, owner: Owner, bot_id: BotId, changed_at: datetime, why: str) -> None:
        """Give up a bot, or delete the record of one that had ended, unless it has changed since."""


class BotStatus(Protocol):
    """The service that knows the outside of bots; what it notes of a bot it reports before it answers."""

    async def start_bot(
        self, owner: Owner, meet_url: str, bot_name: str, request_id: str, language: str
    ) -> tuple[BotId, BotState]:
        """Send a bot to a meeting; raises InvalidInput, WrongState or UpstreamUnavailable."""

    async def stop_bot(self, bot_id: BotId) -> None:
        """Ask a bot to leave; raises NotFound or UpstreamUnavailable."""

    async def observe_bot(
        self, bot_id: BotId, status: str, error_message: str, audio_url: str
    ) -> BotState:
        """Note what is said of a bot; raises NotFound."""

    async def keep_media(
        self, owner: Owner, bot_id: str, audio_url: str, text: str
    ) -> tuple[BotId, BotState]:
        """Keep a recording or a text for a bot, for a new one where `bot_id` is empty; returns the bot and its state."""


class MeetingResults(Protocol):
    """The service that finds tasks in meetings."""

    async def get_meeting_tasks(self, owner: Owner, bot_id: BotId) -> MeetingResult | None:
        """Return what was found; None where nothing was looked for."""


class BotWaits(Protocol):
    """Waiting for changes of a bot."""

    def changes(self, bot_id: BotId, wait: timedelta) -> AsyncGenerator[None, None]:
        """Yield at once, then after each change of the bot, until `wait` is over or the replica stops."""
