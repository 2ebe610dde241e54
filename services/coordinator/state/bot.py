"""A bot that joins a meeting, as the coordinator keeps it. Only `services.coordinator.state.bot_steps` changes one."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NewType

from services.kernel.errors import NotFound, TookTooLong, WrongState
from services.status.domain import BotState, Owner, RunId

BotId = NewType("BotId", str)
"""The id that the service that runs the bot gave it."""

RANK = {state: rank for rank, state in enumerate(BotState)}
"""The rank of each state: a bot only rises, and both final states are above all others."""
FINAL = frozenset({BotState.DONE, BotState.ERROR})
FROM_OUTSIDE = frozenset(
    {BotState.INITIALIZED, BotState.CONNECTING, BotState.CONNECTED, BotState.ERROR}
)
"""The states that the outside may report."""
FROM_US = frozenset(BotState) - {BotState.INITIALIZED, BotState.CONNECTING, BotState.CONNECTED}
"""The states that the run of its meeting, or time, may bring about."""


class BotNotFound(NotFound):
    """There is no bot of that id, or its record has expired."""


class BotFailed(WrongState):
    """Nothing came of its meeting."""


class BotUnfinished(TookTooLong):
    """Its meeting is still being processed."""


@dataclass(slots=True, kw_only=True, eq=False)
class Bot:
    """A bot and what became of its meeting; the in-memory image of its row, which changes in place."""

    bot_id: BotId
    owner: Owner
    state: BotState
    detail: str = ""
    """What its service says beyond the state."""
    error_message: str = ""
    meet_url: str = ""
    bot_name: str = ""
    sequence: int = 0
    """The sequence of the last report that was taken."""
    run_id: RunId | None = None
    """The run of its meeting; also the session of its analysis."""
    day: date
    time_zone: str
    language: str
    created_at: datetime
    changed_at: datetime
    """When the state last changed: the record expires so long after."""
    updated_at: datetime
    """When anything of it last changed."""
    stored: bool = False
    """True where it has a row."""

    @property
    def final(self) -> bool:
        """True where the state never changes again."""
        return self.state in FINAL

    def check_done(self) -> None:
        """Raise BotFailed or BotUnfinished unless it is done."""
        facts = {"bot_id": self.bot_id, "status": self.state.value.lower()}
        if self.state is BotState.ERROR:
            message = f"bot {self.bot_id} failed: {self.error_message}"
            raise BotFailed(message, reason="BOT_FAILED", metadata=facts)
        if self.state is not BotState.DONE:
            message = f"bot {self.bot_id} is {facts['status']} still: wait for it by its bot_id"
            raise BotUnfinished(message, reason="BOT_UNFINISHED", metadata=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class BotReport:
    """What the outside says of a bot: absolute, so that a lost or repeated report costs nothing."""

    bot_id: BotId
    owner: Owner
    sequence: int
    state: BotState
    detail: str
    error_message: str
    media_ready: bool
    """True once a recording or a text of the meeting is there to be processed."""
    meet_url: str
    bot_name: str
    day: date
    time_zone: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingTask:
    """Something to do that came up in a meeting; a field that the meeting left open is empty."""

    title: str
    description: str
    assignee: str
    due_date: str
    """YYYY-MM-DD."""
    priority: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingResult:
    """What came out of a meeting."""

    tasks: tuple[MeetingTask, ...]
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BotRecord:
    """A bot as its owner reads it."""

    bot: Bot
    session_id: str = ""
    """The session of the analysis; empty before there is one."""
    result: MeetingResult | None = None
    """The result of a bot that is done; None before."""
