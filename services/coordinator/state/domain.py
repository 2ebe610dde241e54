"""Clients and their runs, with the executions that runs consist of.

Runs and executions, like days and bots, are the in-memory images of their rows and change in place: they are folded
thousands of times a second, and a copy of each would cost more than everything else done with it. Only the steps beside
this module change them; what a failed commit left behind is thrown away and read again.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from services.coordinator.state.bot import BotId
from services.coordinator.state.encoded import EncodedParts
from services.coordinator.state.estimate import Pace
from services.kernel.errors import NotFound
from services.status.domain import (
    ClientSettings,
    Cost,
    DateRange,
    ExecutionNumber,
    ExecutionState,
    FastEnum,
    ItemCounts,
    Owner,
    Reason,
    RunId,
    RunMode,
    RunState,
    SettingFault,
    Stage,
    client_owner,
)


class ClientNotFound(NotFound):
    """There is no client of that id."""


class RunNotFound(NotFound):
    """There is no run of that id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A tenant whose calls are processed."""

    client_id: str
    settings: ClientSettings

    @property
    def owner(self) -> Owner:
        """The owner its runs and items have."""
        return client_owner(self.client_id)


class DeliveryKind(FastEnum):
    """What the service of a stage has to be told of an execution."""

    RUN = "RUN"
    CANCEL = "CANCEL"


@dataclass(slots=True, kw_only=True, eq=False)
class Execution:
    """One stage of one run."""

    number: ExecutionNumber
    run_id: RunId
    owner: Owner
    stage: Stage
    mode: RunMode
    created_at: datetime
    state: ExecutionState = ExecutionState.QUEUED
    sequence: int = 0
    progress: bytes = b""
    """The last reported StageProgress, as it came."""
    counts: ItemCounts = field(default_factory=ItemCounts)
    discovered: bool = False
    unchanged_failed: int = 0
    """How many items, known once it has ended, it left alone though they had failed before."""
    waiting: bool = False
    """True while the service says what it waits for."""
    items_per_second: float = 0.0
    progressed_at: datetime
    """When the counts last changed."""
    reported_at: datetime | None = None
    """When its service last reported."""
    expected_end_at: datetime | None = None
    """When it is expected to end, as people are told; None while that is unknown."""
    run_expected_end_at: datetime | None = None
    """The same of its run."""
    pace: Pace | None = None
    """What its reports have shown of its pace; not stored."""
    unreachable: bool = False
    """True while its service could not be reached to take it."""
    reason: Reason | None = None
    message: str = ""
    cancelling_at: datetime | None = None
    ended_at: datetime | None = None
    bot_id: BotId | None = None
    """The bot whose meeting it processes, as its run has it."""
    written: ExecutionState | None = None
    """The state in its row, None before it has one; a difference to `state` says what its service has to be told."""
    encoded: EncodedParts | None = None
    """Kept here by the encoder of events."""

    @property
    def topic(self) -> str:
        """The id under which the log keeps its changes: that of its run, or of its bot."""
        return self.bot_id or self.run_id


@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """One pass over consecutive stages, for the calls of a client or for the meeting of a bot."""

    run_id: RunId
    owner: Owner
    client_id: str
    range: DateRange
    first_stage: Stage
    last_stage: Stage
    mode: RunMode
    settings: ClientSettings
    actor: str
    created_at: datetime
    state: RunState = RunState.ACTIVE
    stage: Stage
    reason: Reason | None = None
    message: str = ""
    retry_of: RunId | None = None
    bot_id: BotId | None = None
    """The bot whose meeting is processed; then there is no client."""
    cancelled_by: str = ""
    """Who asked it to stop; empty where nobody did."""
    cancelling_at: datetime | None = None
    """When it was asked to stop."""
    ended_at: datetime | None = None

    @property
    def topic(self) -> str:
        """The id under which the log keeps its changes: its own, or that of its bot."""
        return self.bot_id or self.run_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A request for a run; `stages` are as the caller named them."""

    client: Client
    range: DateRange
    stages: tuple[Stage, ...]
    mode: RunMode
    actor: str
    today: date
    """Today in the client's time zone."""
    end_field: str = "range.end_date"
    """What the request calls the last day of `range`."""
    retry_of: RunId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePreview:
    """What one stage of a run would do.

    `duration_seconds` adds up the calls whose source states a duration; `unknown_durations` counts the others. Where
    `more` is true, only the first calls were looked at. `cost` is an upper bound, None where there is none or it is
    unknown. `unchanged_failed` counts those of `unchanged` that have failed before.
    """

    stage: Stage
    calls: int
    duration_seconds: float
    unknown_durations: int
    unchanged: int
    unchanged_failed: int
    more: bool
    cost: Cost | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsCheck:
    """What the stages say of a client's settings; `silent` are those that did not answer."""

    faults: tuple[SettingFault, ...]
    silent: tuple[Stage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run with its executions in order."""

    run: Run
    executions: list[Execution]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedStart:
    """A start that was accepted under a request id; `parameters` is their digest."""

    run_id: RunId
    parameters: str
