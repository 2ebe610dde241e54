"""What a watch selects, and what it delivers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from services.coordinator.state.bot import Bot, BotId
from services.coordinator.state.days import Day
from services.coordinator.state.domain import Execution, Run
from services.coordinator.state.tenant import Subject
from services.coordinator.watch.resume_tokens import ResumeToken, fingerprint
from services.coordinator.wire.frames import EndReason
from services.status.domain import DateRange, RunId

DEFAULT_HEARTBEAT = timedelta(seconds=15)


class Published(NamedTuple):
    """A change in the ring, as one element of a frame."""

    revision: int
    owner: str
    topic: str
    element: bytes


@dataclass(frozen=True, slots=True)
class Filter:
    """Which changes a watcher gets: the union of owners and topics, or everything."""

    everything: bool
    owners: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()

    def matches(self, change: Published) -> bool:
        """Return whether the change belongs to the watch."""
        return self.everything or change.owner in self.owners or change.topic in self.topics

    @property
    def digest(self) -> bytes:
        """Eight bytes that stand for the filter in resume tokens."""
        return fingerprint(f"{self.everything} {sorted(self.owners)} {sorted(self.topics)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a caller names to watch; empty where it names nothing, which is all that it may see."""

    client_ids: tuple[str, ...]
    run_ids: tuple[RunId, ...]
    bot_ids: tuple[BotId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRequest:
    """A watch that is asked for: its filter, its beginning, its delivery. It ends when the caller's token expires."""

    filter_: Filter
    token: ResumeToken | None
    """Where the watch goes on; None to begin with a snapshot."""
    latest: bool
    """True to deliver of every subject only its newest state within a frame."""
    heartbeat: timedelta
    ledger: DateRange | None
    """The days of the snapshot, where the caller names some."""
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The subjects of a watch as of a revision."""

    revision: int
    runs: list[Run]
    executions: list[Execution]
    days: list[Day]
    bots: list[Bot]

    @property
    def subjects(self) -> list[Subject]:
        """All of them, in the order in which a watcher is told."""
        return [*self.runs, *self.executions, *self.days, *self.bots]


class WatchEnded(Exception):
    """The server ends the stream: why, and the token to resume with; and what it lacks, where it lacks something."""

    def __init__(self, reason: EndReason, token: str, lacks: str = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.token = token
        self.lacks = lacks
